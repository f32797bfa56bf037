"""A provider on this machine: a real HTTP server that speaks the OpenAI and the Anthropic protocol, and does as told.

What it answers depends on the words of the prompt and the seed, and on nothing else. `fault` is asked before each
answer and may say that this one goes wrong, and how.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from typing import Any

Json = dict[str, Any]


WINDOW = 400_000
"""Characters: more of them are refused."""

LONG = {"error": {"message": "This model's maximum context length is 100000 tokens", "code": "context_length_exceeded"}}


@dataclass
class Wrong:
    """How an answer goes wrong: another status, raw bytes, a connection that breaks off, fields changed, or late."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    reset: bool = False
    delay: float = 0.0
    change: Callable[[Json], None] | None = None


@dataclass
class Seen:
    """A question that arrived: its place, its body, the headers, and how often this very body has arrived."""

    path: str
    body: Json
    headers: dict[str, str]
    time: int
    number: int

    @property
    def words(self) -> str:
        return words(self.body)


def words(body: Json) -> str:
    """All that the model is told."""
    return json.dumps([body.get(name) for name in ("system", "messages", "prompt")], ensure_ascii=False)


class Provider(ThreadingHTTPServer):
    """Use `provider()`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault: Callable[[Seen], Wrong | None] = lambda seen: None
        self.seen: list[Seen] = []
        self.times: Counter[str] = Counter()
        self.most = self.now = 0
        self.lock = threading.Lock()
        self.latency = 0.0
        self.reply = answer
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, Json] = {}
        self.patience = 0
        """How often a job is looked at before it ends."""
        self.away: Callable[[str], bool] = lambda path: False
        """Whether nobody is there to look at a job, or to fetch what it brought."""
        self.roomy = 10**6
        """So many requests may be in a job; more are refused."""
        self.dribbles: Callable[[str], bool] = lambda path: False
        """Whether what is fetched comes byte by byte, and never ends."""
        self.stopping = threading.Event()
        self.spoilt: Callable[[bytes], bytes] = lambda content: content
        """What becomes of what a job brought on its way."""
        self.row: Callable[[int, Json], Json | None] = lambda number, request: None
        """What becomes of a request of a job, where it is not answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def asked(self) -> list[Seen]:
        """The questions, without what belongs to files and jobs."""
        return [seen for seen in self.seen if seen.path.endswith(("/completions", "/messages"))]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is none of our business."""


@contextmanager
def provider() -> Iterator[Provider]:
    """A running one."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()


def answer(path: str, body: Json) -> Json:
    """An answer to a question, in the protocol of its place."""
    point = int.from_bytes(sha256(f"{words(body)}{body.get('seed')}".encode()).digest()[:4], "big")
    text = f" {point % 3 + 1}\nExplanation: because."
    for stop in body.get("stop") or body.get("stop_sequences") or ():
        text = text.partition(stop)[0]
    taken = len(words(body)) // 4
    if path.endswith("/messages"):
        return {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": f"{body['model']}-20260115",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": taken, "output_tokens": 5},
        }
    shares = [(point >> 4 * shift) % 16 + 1 for shift in range(3)]
    chances = {spelling: 0.98 * share / sum(shares) for spelling, share in zip(("1", "2", "3"), shares, strict=True)}
    chances |= {spelling: chances[digit] for spelling, digit in zip("ABC", "123", strict=True)}
    chances = {token: chance / 2 for token, chance in chances.items()} | {"The": 0.01, "I": 0.0095}
    listed = sorted(chances.items(), key=lambda pair: -pair[1])
    choice: Json = {"index": 0, "finish_reason": "length" if body.get("max_tokens") == 1 else "stop"}
    if "/chat/" in path:
        choice["message"] = {"role": "assistant", "content": text}
        if body.get("logprobs"):
            top = [{"token": token, "logprob": log(c), "bytes": None} for token, c in listed][: body["top_logprobs"]]
            choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
    else:
        choice["text"] = text
        if body.get("logprobs"):
            choice["logprobs"] = {"top_logprobs": [{token: log(c) for token, c in listed[: body["logprobs"]]}]}
    return {
        "id": "c",
        "object": "chat.completion",
        "model": f"{body['model']}-2026-01-15",
        "system_fingerprint": "fp_1",
        "choices": [choice],
        "usage": {"prompt_tokens": taken, "completion_tokens": 5, "total_tokens": taken + 5},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._note({})
        server, path = self.server, self.path
        if server.away(path):
            return self._send(502, b"nobody is there")
        if server.dribbles(path):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not server.stopping.wait(0.05):
                self.wfile.write(b" ")
            return None
        if path.endswith(("/content", "/results")):
            return self._send(200, server.spoilt(server.files[path.split("/")[-2]]))
        job = server.jobs.get(path.split("/")[-1])
        if job is None:
            return self._send(404, {"error": {"message": "no such job"}})
        job["looks"] += 1
        return self._send(200, job["shown"](job["looks"] > server.patience))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/files"):
            return self._file(raw)
        body = json.loads(raw)
        seen = self._note(body)
        if self.path.endswith("/batches"):
            return self._job(body)
        server = self.server
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
        try:
            wrong = server.fault(seen) or (Wrong(400, LONG) if len(seen.words) > WINDOW else Wrong())
            time.sleep(wrong.delay or server.latency)
        finally:
            with server.lock:
                server.now -= 1
        return self._answer(body, wrong)

    def _answer(self, body: Json, wrong: Wrong) -> None:
        if wrong.status != 200:
            return self._send(wrong.status, wrong.body if wrong.body is not None else {"error": {}}, wrong.headers)
        found = self.server.reply(self.path, body)
        if wrong.change is not None:
            wrong.change(found)
        content = wrong.raw if wrong.raw is not None else json.dumps(found, ensure_ascii=False).encode()
        if wrong.reset:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        return self._send(200, content, wrong.headers)

    def _note(self, body: Json) -> Seen:
        with self.server.lock:
            mark = f"{self.path} {json.dumps(body, sort_keys=True)}"
            self.server.times[mark] += 1
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.path, body, headers, self.server.times[mark], len(self.server.seen))
            self.server.seen.append(seen)
            return seen

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _file(self, raw: bytes) -> None:
        self._note({})
        content = raw.split(b'filename="questions.jsonl"', 1)[1].split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        name = f"file-{len(self.server.files)}"
        self.server.files[name] = content
        self._send(200, {"id": name, "object": "file", "bytes": len(content), "purpose": "batch"})

    def _job(self, body: Json) -> None:
        server = self.server
        name, results = f"job-{len(server.jobs)}", []
        size = len(body["requests"] if "requests" in body else server.files[body["input_file_id"]].splitlines())
        if size > server.roomy:
            return self._send(413, {"error": {"message": "the job is too large"}})
        if "requests" in body:
            for number, request in enumerate(body["requests"]):
                kept = {"type": "succeeded", "message": answer("/messages", request["params"])}
                result = server.row(number, request) or kept
                results.append({"custom_id": request["custom_id"], "result": result})
            server.files[name] = _lines(reversed(results))

            def shown(over: bool) -> Json:
                status = "ended" if over else "in_progress"
                return {
                    "id": name,
                    "type": "message_batch",
                    "processing_status": status,
                    "results_url": "http://no.one/",
                }
        else:
            for number, line in enumerate(server.files[body["input_file_id"]].splitlines()):
                request = json.loads(line)
                kept = {
                    "response": {"status_code": 200, "body": answer(request["url"], request["body"])},
                    "error": None,
                }
                results.append({"custom_id": request["custom_id"], **(server.row(number, request) or kept)})
            server.files[f"out-{name}"] = _lines(reversed(results))

            def shown(over: bool) -> Json:
                status = {"status": "completed" if over else "in_progress"}
                return {"id": name, "object": "batch", **status, "output_file_id": f"out-{name}" if over else None}

        server.jobs[name] = {"looks": 0, "shown": shown, "size": len(results)}
        self._send(200, shown(False))


def _lines(results: Any) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in results).encode()

"""The way to the server, through the `openai` library: requests one by one, and jobs of many."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._hosted.address import host
from auditc.backends._hosted.answers import json_of
from auditc.backends._hosted.engine import Body, Hosted
from auditc.backends._hosted.jobs import Desk, Progress, rows
from auditc.backends._hosted.key import Key, read
from auditc.backends._hosted.opening import Translating, only_ours, plain_client, remedies
from auditc.backends._hosted.pacing import Pacer
from auditc.backends._hosted.standing import Standing
from auditc.backends._hosted.trouble import Trouble, invalid, of_status, used_up
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, ScoreReply, ScoreRequest

from .identity import identify
from .params import Params
from .replies import score_reply, text_reply
from .words import Words, words

ENDS = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(slots=True, eq=False)
class OpenAIServer:
    """One server. Stands being called by many threads."""

    params: Params
    words: Words
    key: Key
    library: Any
    client: Any

    def score_body(self, request: ScoreRequest) -> Body:
        return self.words.score(request)

    def text_body(self, request: GenerateRequest) -> Body:
        return self.words.text(request)

    def score_reply(self, request: ScoreRequest, answer: Any) -> ScoreReply | Failure:
        return score_reply(request, answer, self.params, self.key)

    def text_reply(self, request: GenerateRequest, answer: Any) -> GenerateReply:
        return text_reply(request, answer, self.params, self.key)

    def send(self, body: Body) -> tuple[Any, float | None]:
        """One request. Raises Trouble."""
        main = "messages" if self.params.protocol == "chat" else "prompt"
        place = self.client.chat.completions if main == "messages" else self.client.completions
        rest = {name: value for name, value in body.items() if name not in ("model", main)}
        with (
            Translating(self.library, self.key),
            place.with_streaming_response.create(
                model=body["model"], **{main: body[main]}, extra_body=rest
            ) as response,
        ):
            return json_of(response.iter_bytes()), used_up(response.headers)

    def close(self) -> None:
        self.client.close()

    def begin(self, bodies: dict[str, Body]) -> str:
        """Hand a job over; its id. Raises Trouble."""
        place = "/v1/chat/completions" if self.params.protocol == "chat" else "/v1/completions"
        lines = [{"custom_id": name, "method": "POST", "url": place, "body": body} for name, body in bodies.items()]
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8", "replace")
        with Translating(self.library, self.key):
            file = self.client.files.create(file=("questions.jsonl", content), purpose="batch")
            job = self.client.batches.create(input_file_id=_name(file), endpoint=place, completion_window="24h")
        return _name(job)

    def look(self, job: str) -> Progress:
        """How far a job is. Raises Trouble."""
        with Translating(self.library, self.key):
            found = self.client.batches.retrieve(job)
        status = self.key.clean(str(getattr(found, "status", ""))[:40])
        files = [getattr(found, name, None) for name in ("output_file_id", "error_file_id")]
        return Progress(status in ENDS, status, tuple(file for file in files if isinstance(file, str) and file))

    def collect(self, job: str, progress: Progress) -> dict[str, Any | Trouble]:
        """What a job that ended brought, by the names of its requests. Raises Trouble."""
        found: dict[str, Any | Trouble] = {}
        for file in progress.files:
            with Translating(self.library, self.key):
                content = self.client.files.content(file).content
            found |= rows(content, self._line)
        return found

    def _line(self, line: Any) -> tuple[str, Any | Trouble]:
        if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
            raise invalid("a line of a job without its name")
        response, error = line.get("response"), line.get("error")
        if isinstance(response, dict) and response.get("status_code") == 200:
            return line["custom_id"], response.get("body")
        if isinstance(response, dict) and isinstance(response.get("status_code"), int):
            return line["custom_id"], of_status(response["status_code"], {}, response.get("body"), self.key)
        code = str(error.get("code")) if isinstance(error, dict) else "nothing said"
        return line["custom_id"], Trouble("server", self.key.clean(f"the job has no answer to it: {code}")[:200])


def _name(thing: Any) -> str:
    name = getattr(thing, "id", None)
    if not isinstance(name, str) or not name:
        raise invalid("a job without a name")
    return name


def open_engine(source: ModelSource, params: Params) -> Hosted:
    """Ready to ask. Raises BackendUnavailable without the library or the key."""
    identity = identify(source, params)
    key = read(params.key)
    try:
        import openai
    except ImportError as fault:
        raise BackendUnavailable("openai is not installed: install auditc with its `hosted` extra") from fault
    client = openai.OpenAI(
        api_key=key.value,
        base_url=params.url,
        timeout=params.timeout or None,
        max_retries=0,
        http_client=plain_client(openai.DefaultHttpxClient, params.concurrency),
    )
    only_ours(client, {})
    client.organization = client.project = None  # also from the environment
    server = OpenAIServer(params, words(params), key, openai, client)
    return Hosted(
        identity=identity,
        provider=server,
        standing=Standing(f"`{params.model}` at {host(params.url)}", remedies(params.key, params.model)),
        pacer=Pacer(params.concurrency),
        retries=params.retries,
        timeout=params.timeout,
        jobs=Desk(server, source.notes, params.retries, params.timeout) if params.batch else None,
    )

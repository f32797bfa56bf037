"""Worker processes: what they say, how they die, and what the run makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from auditc.backends import simulated
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    Prompt,
    Reply,
    Request,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)
from auditc.runtime.bind import Bound, bind
from auditc.runtime.faults import WorkerFailed
from auditc.runtime.lane import Lane
from auditc.runtime.workers import process as module
from auditc.runtime.workers import starting
from auditc.runtime.workers.answering import Cancelled, answer
from auditc.runtime.workers.local import LocalWorker
from auditc.runtime.workers.process import ProcessWorker
from auditc.runtime.workers.wire import from_replies, from_request, pack, split, to_replies, to_request, unpack
from tests.runtime.plans import model, plan
from tests.runtime.workspace import ask, same

SCORES: list[Request] = [
    ScoreRequest(
        Prompt((Turn("user", f"Wozu {n}? 为什么"),), "Answer:"), (("A", " A"), ("B", " B")), Hint("q0", "USA", (1, 0))
    )
    for n in range(6)
]
TEXTS: list[Request] = [
    GenerateRequest(Prompt((Turn("user", "Why?\n1. a"),)), Sampling(stop=("\n",)), n, Hint("q0", "USA", (0, 1, 2, 3)))
    for n in range(6)
]


def bound(latency: float = 0.0) -> Bound:
    return bind(plan(models={"sim": model(latency=latency)}), {})["sim"]


@contextmanager
def worker(tmp_path: Path, latency: float = 0.0) -> Iterator[ProcessWorker]:
    running = ProcessWorker(bound(latency), tmp_path / "worker.log")
    try:
        yield running
    finally:
        running.close()


@pytest.mark.parametrize(
    "request_", [SCORES[0], TEXTS[0], replace(SCORES[0], again=True), replace(TEXTS[0], again=True)]
)
def test_requests_survive_the_wire(request_: Request) -> None:
    there = to_request(unpack(split(bytearray(pack(from_request(request_)))) or b""))
    assert there == request_ and there.again is request_.again


def test_replies_survive_the_wire() -> None:
    replies: list[Reply] = [
        ScoreReply((-0.1, float("-inf"), -1e-300), 3),
        GenerateReply("因为\x00\ud800", 1, 2, "length"),
        Failure("engine", "why"),
    ]
    buffer = bytearray(pack({"replies": from_replies(replies)}) + pack({"alive": True})[:-1])
    assert to_replies(unpack(split(buffer) or b"")["replies"]) == replies
    assert split(buffer) is None


@pytest.mark.parametrize("requests", [SCORES, TEXTS])
def test_both_kinds_of_worker_answer_alike(tmp_path: Path, requests: list[Request]) -> None:
    local = LocalWorker(bound())
    with worker(tmp_path) as running:
        assert running.ask(requests) == local.ask(requests)
        assert running.ask(requests[:1]) == local.ask(requests[:1])


def test_a_worker_that_is_killed_in_a_batch_is_started_again_and_the_batch_is_asked_in_halves(tmp_path: Path) -> None:
    starts, sizes = tmp_path / "starts", tmp_path / "sizes"
    first = f"print(len(texts), file=open({str(sizes)!r}, 'a')) or open({str(starts)!r}).read() == 'start'"
    with killed_by_memory(tmp_path, first) as running:
        assert running.ask(SCORES) == LocalWorker(bound()).ask(SCORES)
    assert starts.read_text() == "startstart" and sizes.read_text().split() == ["6", "3", "3"]


def test_a_request_that_kills_its_worker_fails_alone_and_the_run_goes_on(tmp_path: Path) -> None:
    with killed_by_memory(tmp_path, "any('5?' in text for text in texts)") as running:
        replies = running.ask(SCORES)
        assert [isinstance(reply, Failure) for reply in replies] == [False] * 5 + [True]
        assert replies[5].reason == "worker_died"  # type: ignore[union-attr]
        assert running.ask(SCORES[:5]) == LocalWorker(bound()).ask(SCORES[:5])


def test_a_worker_that_the_system_kills_for_large_batches_answers_small_ones(tmp_path: Path) -> None:
    many = [replace(SCORES[0], prompt=Prompt((Turn("user", f"{n}?"),), "Answer:")) for n in range(16)]
    with killed_by_memory(tmp_path, "len(texts) > 5") as running:
        assert running.ask(many) == LocalWorker(bound()).ask(many), "every cell is accounted, and fits in the end"
        starts = (tmp_path / "starts").read_text().count("start")
        assert running.ask(many) == LocalWorker(bound()).ask(many)
        assert (tmp_path / "starts").read_text().count("start") == starts, "what is too many is not tried again"


def test_a_batch_beyond_a_limit_of_memory_is_halved_until_it_fits(tmp_path: Path) -> None:
    # A real limit and real allocations: 200 MB a request, of which two fit beside the interpreter.
    hungry = "len(bytearray(200_000_000 * len(texts))) < 0"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (base + 500_000_000,) * 2)"
    with killed_by_memory(tmp_path, hungry, limit) as running:
        assert running.ask(SCORES) == LocalWorker(bound()).ask(SCORES)
        assert (tmp_path / "starts").read_text().count("start") == 1, "nothing died"
        greedy = "len(bytearray(900_000_000)) < 0"
    with killed_by_memory(tmp_path, greedy, limit) as running:
        assert running.ask(SCORES) == [Failure("out_of_memory", "the engine ran out of memory")] * 6


@contextmanager
def killed_by_memory(tmp_path: Path, when: str, limit: str = "") -> Iterator[ProcessWorker]:
    """A worker that is killed as the system does it, from one instruction to the next, when `when` is true of the texts
    of a batch; `limit` is done once its libraries are loaded, with `base`, the address space they take, in bytes."""
    script = tmp_path / "worker.py"
    script.write_text(
        f"""
import os, signal
from auditc.backends import simulated
from auditc.runtime.workers.serve import serve
open({str(tmp_path / "starts")!r}, "a").write("start")
real = simulated._Simulated.score
def score(engine, requests):
    texts = [request.prompt.turns[-1].text for request in requests]
    if {when}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(engine, requests)
simulated._Simulated.score = score
base = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + 100_000_000
{limit}
serve()
""",
        encoding="utf-8",
    )
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\nexec {sys.executable} {script}\n", encoding="utf-8")
    interpreter.chmod(0o755)
    (tmp_path / "starts").unlink(missing_ok=True)
    running = ProcessWorker(bound(), tmp_path / "worker.log", str(interpreter))
    try:
        yield running
    finally:
        running.close()


def test_a_worker_that_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTARTS", 2)
    with killed_by_memory(tmp_path, "True") as running:
        replies = [reply for _ in range(2) for reply in running.ask(SCORES[:2])]
    assert all(isinstance(reply, Failure) and reply.reason == "worker_died" for reply in replies)
    assert (tmp_path / "starts").read_text().count("start") == 3


def test_a_worker_that_was_given_up_is_not_started_for_the_next_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESTARTS", 1)
    starts: list[int] = []
    with worker(tmp_path) as running:
        monkeypatch.setattr(running, "_start", lambda: (starts.append(1), running._bury("worker_died")))
        assert running._process is not None
        running._process.kill()
        for _ in range(3):
            assert running.ask(SCORES) == [Failure("worker_died", "")] * 6
        assert len(starts) == 1, "two deaths are one too many: nothing is started after them"


def test_a_silent_worker_is_taken_for_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with worker(tmp_path, latency=0.1) as running:
        assert running._process is not None
        monkeypatch.setattr(module, "SILENCE", 0.5)
        os.kill(running._process.pid, signal.SIGSTOP)
        monkeypatch.setattr(running, "_start", lambda: running._bury("timeout"))
        assert running.ask(SCORES) == [Failure("timeout", "")] * 6


def test_a_worker_ends_when_its_run_is_gone(tmp_path: Path) -> None:
    with worker(tmp_path, latency=600) as running:
        process = running._process
        assert process is not None and process.stdin is not None
        process.stdin.write(pack({"ask": [from_request(request) for request in SCORES]}))
        process.stdin.flush()
        time.sleep(0.3)
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(60) == 0


def test_ctrl_c_reaches_the_run_and_not_its_worker(tmp_path: Path) -> None:
    with worker(tmp_path) as running:
        assert running._process is not None
        assert os.getpgid(running._process.pid) != os.getpgid(os.getpid())
        os.kill(running._process.pid, signal.SIGINT)
        assert not any(isinstance(reply, Failure) for reply in running.ask(SCORES))


def test_what_is_in_flight_can_be_given_up(tmp_path: Path) -> None:
    lane = Lane(
        replace(bound(600), backend=replace(bound().backend, in_process=False)), tmp_path / "log", lambda model: None
    )
    future = lane.put(SCORES)
    started = time.monotonic()
    assert lane.landed([future], lambda: True) == {future: None}
    assert time.monotonic() - started < 60, "the batch was not waited for"
    with pytest.raises(Cancelled):
        future.result(60)
    lane.close()


def test_an_engine_that_is_not_the_one_that_was_bound_is_refused(tmp_path: Path) -> None:
    other = replace(bound(), identity={**bound().identity, "dtype": "bfloat16"})
    for open_ in (LocalWorker, lambda bound: ProcessWorker(bound, tmp_path / "log")):
        with pytest.raises(WorkerFailed, match="dtype"):
            open_(other)


def test_a_worker_that_cannot_start_says_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "very-secret-value")
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\necho no such thing in {Path.home()} with very-secret-value >&2\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(WorkerFailed, match="opened the model") as failed:
        ProcessWorker(bound(), tmp_path / "log", str(fake))
    assert failed.value.help == "no such thing in ~ with ***"


def test_every_fault_of_an_engine_becomes_one_reply_for_each_request() -> None:
    class Engine:
        def score(self, requests: object) -> list[ScoreReply | Failure]:
            raise MemoryError

        def generate(self, requests: object) -> list[GenerateReply | Failure]:
            return []

    assert answer(Engine(), SCORES) == [Failure("out_of_memory", "the engine ran out of memory")] * 6  # type: ignore[arg-type]
    assert answer(Engine(), TEXTS) == [Failure("engine", "0 replies to 6 requests")] * 6  # type: ignore[arg-type]


def test_no_failure_says_whose_machine_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")

    class Engine:
        def score(self, requests: object) -> list[ScoreReply | Failure]:
            raise OSError(2, "No such file", "/srv/models of mine/x.bin")

        def generate(self, requests: object) -> list[GenerateReply | Failure]:
            return [Failure("engine", "broke in /opt/lab/x.py:12 and /home/someone/y")] * 6

    scores, texts = answer(Engine(), SCORES), answer(Engine(), TEXTS)  # type: ignore[arg-type]
    assert scores[0] == Failure("engine", "FileNotFoundError: [Errno 2] No such file: '<path>'")
    assert texts[0] == Failure("engine", "broke in <path>:12 and <path>")


def test_serving_says_nothing_but_messages_on_standard_output() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auditc.runtime.workers.serve"], input=b"", capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_whole_run_on_worker_processes_comes_to_the_same_even_when_they_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = ask(plan(), tmp_path / "alone")
    monkeypatch.setattr(simulated, "simulated", replace(simulated.simulated, in_process=False))
    opened: list[ProcessWorker] = []
    start = ProcessWorker._start

    def dies_soon(worker: ProcessWorker) -> None:
        start(worker)
        opened.append(worker)
        if len(opened) % 2:
            assert worker._process is not None
            worker._process.kill()

    monkeypatch.setattr(ProcessWorker, "_start", dies_soon)
    apart = ask(plan(), tmp_path / "apart")
    assert same(alone.answers, apart.answers) and len(opened) == 2 and apart.cells["failed"] == 0
    assert (tmp_path / "apart/logs/worker-1.log").exists()


def test_threads_sleep_beside_other_work_and_not_after_a_runs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The load of the last minute may be that of the worker before: what counts is who works now."""
    ticks = iter([(0, 0), (100, 95), (0, 0), (100, 5), (0, 0), (100, 95)])
    monkeypatch.setattr(starting, "_ticks", lambda: next(ticks))
    monkeypatch.setattr(starting.os, "getloadavg", lambda: (9.0 * (os.cpu_count() or 1), 0.0, 0.0))
    assert starting.waiting() == {}
    assert starting.waiting() == starting.ASLEEP
    monkeypatch.setattr(starting.os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert starting.waiting() == {}

"""An engine in a process of its own: its memory is given back when it ends, and its death is a counted failure.

Nothing tells a program that the system is about to kill it for want of memory. So when a worker dies in a batch, it is
started again and the batch is asked in two halves, and these in halves; a request that kills it alone, twice, is a
failure, and the run goes on. Where batches keep dying whose halves are answered, no larger one is asked again.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from auditc.ir.exchange import Failure, Reply, Request

from ..bind import Bound
from ..faults import WorkerFailed
from .answering import Cancelled
from .local import check_identity
from .starting import kill, last_words, start
from .wire import Message, from_request, from_source, pack, split, to_replies, unpack

SILENCE = 300.0
"""Seconds without a sign of life after which a worker is taken for dead. It gives one every few seconds."""

LOOK = 0.1
"""Seconds between two looks whether a model that is being opened is still wanted."""

RESTARTS = 8
"""A worker that died more often than this, with nothing answered in between, is not started again: its cells fail at
once."""


class _Died(Exception):
    """The worker is gone. Holds the reason as a failure has it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProcessWorker:
    """Runs the engine under an interpreter, this one if none is named. `log` gets what the engine's libraries print.
    While it opens the model it is given up as soon as `stopping` says so; raises Cancelled then."""

    def __init__(
        self,
        bound: Bound,
        log: Path,
        interpreter: str = sys.executable,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._bound, self._log, self._interpreter, self._stopping = bound, log, interpreter, stopping
        self._cancelled = False
        self._deaths = 0
        self._reason = ""
        self._halved = 0  # batches that killed the worker, and were answered in halves
        self._most: int | None = None  # requests that are asked at once
        self._buffer = bytearray()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start()
        except _Died as died:
            raise WorkerFailed(
                f"the worker of model `{bound.name}` ended while it opened the model ({died.reason})",
                last_words(self._log),
            ) from died

    def ask(self, requests: Sequence[Request]) -> list[Reply]:
        if self._deaths > RESTARTS and not self._cancelled:
            return self._failed(requests, _Died(self._reason))
        if self._most is not None and len(requests) > self._most:
            parts = (requests[at : at + self._most] for at in range(0, len(requests), self._most))
            return [reply for part in parts for reply in self.ask(part)]
        try:
            return self._ask(requests)
        except _Died as died:
            half = len(requests) // 2
            if half == 0:
                return self._again(requests, died)
            if died.reason == "timeout":  # silence takes minutes to be noticed: not again for ever smaller parts
                return self._again(requests[:half], died) + self._again(requests[half:], died)
            replies = self.ask(requests[:half]) + self.ask(requests[half:])
            if not any(isinstance(reply, Failure) and reply.reason == died.reason for reply in replies):
                self._halved += 1
                if self._halved > 1:  # once may be chance, or somebody who ended a process
                    self._most = min(self._most or half, half)
            return replies

    def become(self, bound: Bound) -> bool:
        if self._cancelled or self._process is None:
            return False
        try:
            self._send({"become": from_source(bound.source)})
            answer = self._receive()
        except _Died:
            return False
        if "cannot" in answer:
            return False
        self._check(bound, answer)
        self._bound = bound
        return True

    def cancel(self) -> None:
        self._cancelled = True
        if self._process is not None:
            kill(self._process)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            kill(process)
            process.wait()
        process.stdout.close()

    def _again(self, requests: Sequence[Request], died: _Died) -> list[Reply]:
        if self._deaths > RESTARTS:
            return self._failed(requests, died)
        try:
            return self._ask(requests)
        except _Died as again:
            return self._failed(requests, again)

    def _failed(self, requests: Sequence[Request], died: _Died) -> list[Reply]:
        return [Failure(died.reason, last_words(self._log))] * len(requests)

    def _ask(self, requests: Sequence[Request]) -> list[Reply]:
        if self._cancelled:
            raise Cancelled
        if self._process is None:
            self._start()
        self._send({"ask": [from_request(request) for request in requests]})
        replies = to_replies(self._receive()["replies"])
        self._deaths = 0
        return replies

    def _start(self) -> None:
        self._process = start(self._interpreter, "auditc.runtime.workers.serve", self._log)
        self._buffer.clear()
        bound = self._bound
        self._send(
            {
                "open": {
                    "backend": bound.kind,
                    "params": bound.params.model_dump(mode="json"),
                    "source": from_source(bound.source),
                }
            }
        )
        self._check(bound, self._receive(opening=True))

    def _check(self, bound: Bound, answer: Message) -> None:
        """Whether what was opened is what was bound. Raises WorkerFailed, and ends the process."""
        try:
            if "unavailable" in answer:
                said = answer["unavailable"]
                raise WorkerFailed(f"model `{bound.name}` cannot be opened: {said}", last_words(self._log))
            check_identity(bound, answer["identity"])
        except WorkerFailed:
            self.close()
            raise

    def _send(self, message: Message) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(pack(message))
            self._process.stdin.flush()
        except OSError:
            self._bury("worker_died")

    def _receive(self, *, opening: bool = False) -> Message:
        """The next message that is not a sign of life."""
        assert self._process is not None and self._process.stdout is not None
        stdout: IO[bytes] = self._process.stdout
        heard = time.monotonic()
        while True:
            body = split(self._buffer)
            if body is not None:
                message = unpack(body)
                if "alive" not in message:
                    return message
                continue
            ready, _, _ = select.select([stdout], [], [], LOOK if opening else SILENCE)
            if opening and self._stopping():
                self._cancelled = True
                self._bury("")
            if not ready and opening and time.monotonic() - heard < SILENCE:
                continue
            if not ready:
                self._bury("timeout")
            heard = time.monotonic()
            data = os.read(stdout.fileno(), 1 << 20)
            if not data:
                self._bury("worker_died")
            self._buffer += data

    def _bury(self, reason: str) -> None:
        """Make sure that the worker is gone, and say so. Raises _Died, or Cancelled where it was ended on purpose."""
        self._deaths += 1
        process, self._process = self._process, None
        if process is not None:
            kill(process)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
        if self._cancelled:
            raise Cancelled
        self._reason = reason
        raise _Died(reason)

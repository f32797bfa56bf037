"""The worker process: opens one engine and answers batches until its standard input ends.

Standard output carries messages and nothing else, so what a library prints goes to standard error. The run that
started this process holds the other end of standard input: when it ends, however it ends, this process does too, in the
middle of a batch if need be.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, Engine, Switching

from .answering import answer
from .wire import Message, from_replies, messages, pack, to_request, to_source

BEAT = 5.0
"""Seconds between signs of life."""


class _Out:
    """The message end of this process; several threads write to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._stream.write(pack(message))
            self._stream.flush()


def serve() -> None:
    """Answer until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run; it ends its workers itself
    out = _Out(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    incoming: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(incoming,), daemon=True).start()
    threading.Thread(target=_beat, args=(out,), daemon=True).start()
    engine = _open(incoming.get()["open"], out)
    while engine is not None:
        message = incoming.get()
        if "become" in message:
            out.send(_become(engine, message["become"]))
            continue
        requests = [to_request(request) for request in message["ask"]]
        out.send({"replies": from_replies(answer(engine, requests))})


def _open(message: dict[str, Any], out: _Out) -> Engine | None:
    backend = backends.take(message["backend"])
    try:
        engine: Engine = backend.open(to_source(message["source"]), backend.params.model_validate(message["params"]))
    except BackendUnavailable as error:
        out.send({"unavailable": str(error)})
        return None
    out.send({"identity": dict(engine.identity)})
    return engine


def _become(engine: Engine, message: dict[str, Any]) -> Message:
    try:
        if isinstance(engine, Switching) and engine.become(to_source(message)):
            return {"identity": dict(engine.identity)}
    except BackendUnavailable as error:
        return {"unavailable": str(error)}
    return {"cannot": True}


def _listen(incoming: queue.SimpleQueue[Message]) -> None:
    for message in messages(sys.stdin.buffer):
        incoming.put(message)
    _end()


def _beat(out: _Out) -> None:
    pause = threading.Event()
    while not pause.wait(BEAT):
        try:
            out.send({"alive": True})
        except OSError:
            _end()


def _end() -> None:
    """End this process, and the processes of its engine where they are a group of their own."""
    if os.getpgrp() == os.getpid():
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError, IndexError):
                # After the name, which may hold anything: state, parent, group.
                group = int(stat.read_text(errors="replace").rpartition(")")[2].split()[2])
                if group == os.getpid() != int(stat.parent.name):
                    os.kill(int(stat.parent.name), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    serve()

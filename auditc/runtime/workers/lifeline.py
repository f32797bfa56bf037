"""The worker's side of the pipes between a run and its worker: messages, signs of life, and the end of both.

Standard output carries messages and nothing else, so what a library prints goes to standard error. The run that
started the process holds the other end of standard input: when it ends, however it ends, the process does too, in the
middle of its work if need be.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .wire import Message, messages, pack

BEAT = 5.0
"""Seconds between signs of life."""


class Out:
    """The message end of this process; several threads write to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._stream.write(pack(message))
            self._stream.flush()


def connect() -> tuple[Out, queue.SimpleQueue[Message]]:
    """Where this process writes its messages, and where it finds those of the run. Signs of life begin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run; it ends its workers itself
    out = Out(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    incoming: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(incoming,), daemon=True).start()
    threading.Thread(target=_beat, args=(out,), daemon=True).start()
    return out, incoming


def _listen(incoming: queue.SimpleQueue[Message]) -> None:
    for message in messages(sys.stdin.buffer):
        incoming.put(message)
    _end()


def _beat(out: Out) -> None:
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

"""Ctrl-C and the request to terminate: the first asks the run to stop, the second does not ask."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Stop:
    """`why` is empty until somebody wants the run to stop."""

    why: str = ""

    def __bool__(self) -> bool:
        return bool(self.why)


@contextmanager
def interrupts() -> Iterator[Stop]:
    """While this lasts, the first signal is noted and the second raises KeyboardInterrupt. Only in the main thread."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(number: int, frame: FrameType | None) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.why = "interrupted" if number == signal.SIGINT else "told to terminate"

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

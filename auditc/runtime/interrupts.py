"""Ctrl-C and the request to terminate: the first asks the run to stop and is told at once, the second does not ask."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


@dataclass(slots=True)
class Stop:
    """`why` is empty until somebody wants the run to stop. `say` is told once why it stops, and what it waits
    for before it does; from any thread."""

    say: Callable[[str, str], None] = lambda why, waits: None
    why: str = ""
    _waits: str = ""
    _told: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __bool__(self) -> bool:
        return bool(self.why)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """While this lasts, the run cannot stop: it waits `until the model is open`."""
        self._waits = what
        try:
            yield
        finally:
            self._waits = ""

    def tell(self, why: str) -> None:
        """The run stops now."""
        self._tell(why, "")

    def heard(self) -> None:
        """Somebody wants the run to stop, and is to know at once that it will."""
        self._tell(self.why, self._waits)

    def _tell(self, why: str, waits: str) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self.say(why, waits)


@contextmanager
def interrupts(say: Callable[[str, str], None]) -> Iterator[Stop]:
    """While this lasts, the first signal is noted and the second raises KeyboardInterrupt. Only in the main thread."""
    stop = Stop(say)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    signals: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def tell() -> None:
        if signals.get():
            stop.heard()

    # A signal may come in the middle of a line that is written, and a model may take long to open: so a thread tells.
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()

    def note(number: int, frame: FrameType | None) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.why = "interrupted" if number == signal.SIGINT else "told to terminate"
        signals.put(True)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signals.put(False)
        teller.join()

"""How many requests are with a server at a time: few at first, more while it answers, half when it has too much to do.

Additive increase and multiplicative decrease, as in Chiu and Jain (1989), Analysis of the increase and decrease
algorithms for congestion avoidance in computer networks, with a quick start: until the server first complains, every
answer lets one more request in. Only the monotonic clock is read.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

START = 4
"""Requests at a time before anything is known of a server."""

FIRST, LONGEST = 0.25, 60.0
"""Seconds: the longest wait before the first repeat, which doubles with each, and where that ends."""


class Closed(Exception):
    """The engine was closed; whoever waited need not."""


@dataclass(slots=True)
class Pacer:
    """Lets at most `limit` requests through at a time. Used by many threads."""

    most: int
    limit: float = field(init=False)
    _gate: threading.Condition = field(default_factory=threading.Condition)
    _inside: int = 0
    _resumes: float = 0.0
    """When the server may be asked again, on the monotonic clock."""
    _epoch: int = 0
    """How often the limit was halved."""
    _quick: bool = True
    _closed: bool = False
    told: Callable[[float], None] | None = None
    """Is told of each rest of a second or more that a server asks for, once."""

    def __post_init__(self) -> None:
        self.limit = float(min(START, self.most))

    def enter(self) -> int:
        """Wait for a place. Gives what `leave` must be told. Raises Closed."""
        with self._gate:
            while True:
                if self._closed:
                    raise Closed
                rest = self._resumes - time.monotonic()
                if rest <= 0 and self._inside < int(self.limit):
                    break
                self._gate.wait(rest if rest > 0 else None)
            self._inside += 1
            return self._epoch

    def leave(self, entered: int, *, well: bool, slower: bool = False, wait: float | None = None) -> None:
        """Give the place back. Those that were let in before the limit was halved tell nothing new of it."""
        with self._gate:
            self._inside -= 1
            if slower and entered == self._epoch:
                self._epoch, self._quick = self._epoch + 1, False
                self.limit = max(1.0, self.limit / 2)
            elif well:
                self.limit = min(float(self.most), self.limit + (1.0 if self._quick else 1.0 / self.limit))
            before = max(self._resumes, time.monotonic())
            if wait:
                self._resumes = max(self._resumes, time.monotonic() + wait)
            longer = self._resumes - before
            self._gate.notify_all()
        if wait and longer >= 1.0 and self.told is not None:
            self.told(wait)

    def rest(self, seconds: float) -> None:
        """Wait. Raises Closed as soon as the engine is closed."""
        end = time.monotonic() + seconds
        with self._gate:
            while not self._closed and (left := end - time.monotonic()) > 0:
                self._gate.wait(left)
            if self._closed:
                raise Closed

    def closed(self) -> bool:
        """Whether nobody waits any more."""
        return self._closed

    def close(self) -> None:
        """Wake whoever waits."""
        with self._gate:
            self._closed = True
            self._gate.notify_all()


def backoff(repeat: int) -> float:
    """Seconds to wait before a repeat, 0 the first: anything up to a bound that doubles ("full jitter").

    Source: Brooker (2015), Exponential backoff and jitter, AWS Architecture Blog.
    """
    return random.uniform(0, min(LONGEST, FIRST * 2.0 ** min(repeat, 30)))

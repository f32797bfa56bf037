"""How fast the stages under way go, as a person wants to know it: lately, and not since the start.

What comes out of the store takes no time. So the clock runs from the first cells that were asked, and what was settled
before them counts for nothing. The rate is of the last half minute; of a slow engine, of its last two batches.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

WINDOW: Final = 30.0
"""Seconds."""
MOMENT: Final = 0.01
"""Seconds within which what comes in is one batch: it is told of each stage that is in it."""


class _Point(NamedTuple):
    """Totals at a time at which a batch came in."""

    at: float
    asked: int
    settled: int
    tokens: int


class Pace:
    """The pace of one stage, or of those that are asked together. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._points: deque[_Point] = deque()
        self._start = _Point(clock(), 0, 0, 0)
        self._asked = self._settled = 0

    def note(self, asked: int, reused: int, tokens: int) -> None:
        """So many more cells are settled; `tokens` are the run's so far."""
        self._asked += asked
        self._settled += asked + reused
        if not asked:
            return
        now = self._clock()
        if not self._points:  # what came from the store before took no time
            self._start = self._start._replace(settled=self._settled - asked)
        point = _Point(now, self._asked, self._settled, tokens)
        if self._points and now - self._points[-1].at < MOMENT:
            self._points[-1] = point._replace(at=self._points[-1].at)
        else:
            self._points.append(point)
        while len(self._points) > 2 and now - self._points[1].at > WINDOW:
            self._points.popleft()

    def rate(self) -> float | None:
        """Cells asked in a second; None while nobody can tell."""
        first, last = self._ends()
        return (last.asked - first.asked) / (last.at - first.at) if last.at > first.at else None

    def tokens(self) -> float | None:
        """Tokens read and written in a second; None before the second batch."""
        if len(self._points) < 2:
            return None
        first, last = self._ends()
        return (last.tokens - first.tokens) / (last.at - first.at) if last.at > first.at else None

    def left(self, cells: int) -> float | None:
        """Seconds until so many more cells are settled, if as many of them are stored as lately; None if unknown."""
        first, last = self._ends()
        settled = last.settled - first.settled
        if last.at <= first.at or not settled:
            return None
        return max(0.0, cells * (last.at - first.at) / settled - (self._clock() - last.at))

    def _ends(self) -> tuple[_Point, _Point]:
        """The first and the last point that count; from the stage's own beginning while there is only one batch."""
        if not self._points:
            return self._start, self._start
        return (self._start if len(self._points) == 1 else self._points[0]), self._points[-1]

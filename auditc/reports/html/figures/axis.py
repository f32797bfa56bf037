"""A scale from numbers to places in a figure, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` lie between the places `left` and `right`; others are held at the edge."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def holds(self, value: float) -> bool:
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack

    def step(self, most: int) -> float:
        """The distance of ticks: round, for about `most` of them, and for at least two."""
        step = nice((self.high - self.low) / max(most - 1, 1))
        while len(self._multiples(step)) < 2:
            step /= 2
        return step

    def _multiples(self, step: float) -> range:
        return range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)

    def ticks(self, most: int) -> list[float]:
        """Round numbers between the ends."""
        step = self.step(most)
        return [k * step for k in self._multiples(step)]

    def label(self, value: float, most: int, *, percent: bool) -> str:
        """A tick's number with as many decimals as its step needs."""
        step = self.step(most) * (100 if percent else 1)
        least = max(0, -math.floor(math.log10(step) + 1e-9))
        decimals = next((d for d in range(least, least + 3) if abs(round(step, d) - step) < 1e-6 * step), least)
        text = f"{value * (100 if percent else 1):.{decimals}f}"
        text = "0" if not text.strip("-0.") else text.replace("-", "\u2212")
        return text + ("%" if percent else "")


def nice(step: float) -> float:
    """The smallest of 1, 2, 5 × a power of ten that is not below `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    for factor in (1.0, 2.0, 5.0):
        if factor * power >= step * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def span(core: Iterable[float], ends: Iterable[float], *, share: bool = False) -> tuple[float, float]:
    """The ends of an axis on which all `core` values show, and interval `ends` as far as they do not dwarf them.

    Zero is on it when no value is far from zero; shares have the whole from 0 to 1.
    """
    values = [v for v in core if math.isfinite(v)]
    if share and all(0 <= v <= 1 for v in values):
        return 0.0, 1.0
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    reach = [v for v in ends if math.isfinite(v)]
    room = max(high - low, abs(high), abs(low))
    if room < 1e-6:  # all are zero: the intervals alone say what is far
        room = min(max((abs(v) for v in reach), default=0.0), 1e9) or 1.0
    low = min([low, *(max(v, low - room) for v in reach)])
    high = max([high, *(min(v, high + room) for v in reach)])
    if 0 <= low < 0.3 * high:
        low = 0.0
    if high <= low:
        low, high = low - 0.5 * room, high + 0.5 * room
    pad = 0.04 * (high - low)
    return (low if low == 0 else low - pad), high + pad

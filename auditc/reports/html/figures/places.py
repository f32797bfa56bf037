"""Where the words beside marks go: the first place around a mark that lies on nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .svg import width

LINE = 12.0
"""The height of a line of small type."""
ROUND = (0, 180, 270, 90, 315, 45, 225, 135)
"""Directions that are tried, in degrees: right and left first, where a line of type is read with its mark."""
REACH = (4.0, 8.0, 14.0, 22.0, 32.0, 44.0)
"""Distances from the mark's edge that are tried; beyond the second a line leads to the mark."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Words that are to stand beside the mark at x, y, which reaches `half` to each side."""

    text: str
    x: float
    y: float
    size: float
    half: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where they stand: the left end of their line, and whether a line leads to the mark."""

    x: float
    baseline: float
    far: bool


def arrange(spots: Sequence[Spot], frame: Box, marks: Sequence[Box]) -> list[Placed | None]:
    """A place for each, in the order given; None for one that has no room. They never lie on each other, on a mark or
    across the frame."""
    taken = list(marks)
    found: list[Placed | None] = []
    for spot in spots:
        place, box = _first(spot, frame, taken)
        if box is not None:
            taken.append(box)
        found.append(place)
    return found


def _first(spot: Spot, frame: Box, taken: Sequence[Box]) -> tuple[Placed | None, Box | None]:
    wide = width(spot.text, spot.size)
    for k, reach in enumerate(REACH):
        for degrees in ROUND:
            across, up = math.cos(math.radians(degrees)), -math.sin(math.radians(degrees))
            x = spot.x + (spot.half + reach) * across
            y = spot.y + (spot.half + reach + (LINE / 2 if abs(up) > 0.9 else 0.0)) * up
            left = x if across > 0.1 else x - wide if across < -0.1 else x - wide / 2
            box = (left - 1, y - LINE / 2, left + wide + 1, y + LINE / 2)
            if _inside(box, frame) and not any(_meet(box, other) for other in taken):
                return Placed(left, y + 4, far=k > 1), box
    return None, None


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

"""Paired: what is compared is cut to the items on which all of it has a value, so that items cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .measure import Measured
from .slice import Slice, slice_of


def common(all_of_them: Iterable[Slice]) -> tuple[str, ...]:
    """The items on which every one of them has a value, in the order of the first."""
    kept: list[str] | None = None
    for each in all_of_them:
        mine = usable(each)
        there = set(mine)
        kept = mine if kept is None else [name for name in kept if name in there]
    return tuple(kept or ())


def usable(part: Slice) -> list[str]:
    """The items on which it has a value."""
    return [item.id for item, used in zip(part.measured.measurement.items, part.usable, strict=True) if used]


def only(measured: Measured, dimension: str | None, items: tuple[str, ...], numbers: dict[str, int]) -> Slice:
    """The slice over some items alone."""
    wanted = set(items)
    inside = np.array([item.id in wanted for item in measured.measurement.items])
    values = np.where(inside, measured.measurement.values, np.nan)
    return slice_of(replace(measured, measurement=replace(measured.measurement, values=values)), dimension, numbers)


def cautions(measured: Measured) -> tuple[str, ...]:
    """What is said of a figure however it comes out, and so of every difference of two."""
    caution = measured.metric.caution
    return (*((caution,) if caution else ()), *measured.part.notes)

"""Paired: what is compared is cut to the items on which all of it has a value, so that items cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditc.metrics._contract import Metric

from .distance import OF_THESE
from .estimate import FEWEST_ITEMS, Nature, Uncertainty, estimate, estimate_as_can_be
from .measure import Measured
from .slice import Slice, slice_of
from .spread import Spread, placed


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


def spreads(sides: Sequence[Slice]) -> list[Spread]:
    """The spread of each over the items of all of them, an item standing in one place for all."""
    names = list(dict.fromkeys(item.id for side in sides for item in side.measured.measurement.items))
    position = {name: number for number, name in enumerate(names)}
    return [
        placed(side.spread(), np.array([position[item.id] for item in side.measured.measurement.items]), len(names))
        for side in sides
    ]


def uncertainty(spread: Spread, seed: int, metric: Metric[Any], repetitions: int = 1999) -> Uncertainty:
    """Of a difference: as `estimate_as_can_be`; a distance, and what has no interval, are of these items however many
    there are. `repetitions` of a bootstrap."""
    nature = Nature(smooth=metric.smooth, no_interval=metric.no_interval, repetitions=repetitions)
    few = spread.used < FEWEST_ITEMS
    if few and metric.no_interval:
        return estimate(spread, nature, "these items", seed)
    if few and metric.aggregate == "distance":
        found = estimate(spread, nature, "these items", seed)
        return replace(found, notes=(OF_THESE, *found.notes))
    return estimate_as_can_be(spread, nature, seed)


def cautions(measured: Measured) -> tuple[str, ...]:
    """What is said of a figure however it comes out, and so of every difference of two."""
    caution = measured.metric.caution
    return (*((caution,) if caution else ()), *measured.part.notes)

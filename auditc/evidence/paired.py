"""Paired: what is compared is cut to the items on which all of it has a value, so that items cannot differ; what is
made of pairs of populations also to the pairs, item by item, that all of it has."""

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
from .spread import Spread, placed, weigh


def together(
    all_of_them: Sequence[Measured], dimension: str | None, numbers: dict[str, int]
) -> tuple[tuple[str, ...], list[Slice]]:
    """The items on which every one of them has a value, and each of them over these alone; nothing where there is no
    such item, or one of them has no figure on these."""
    cut = _alike(all_of_them)
    shared = common([slice_of(each, dimension, numbers) for each in cut])
    slices = [only(each, dimension, shared, numbers) for each in cut] if shared else []
    return (shared, slices) if all(each.usable.any() for each in slices) else ((), [])


def _alike(all_of_them: Sequence[Measured]) -> list[Measured]:
    """Each cut to the pairs of populations that all of them have, item by item."""
    found = list(all_of_them)
    there = [_pairs(each) for each in found if each.pairs is not None]
    if len(there) < len(found) or len({frozenset(each) for each in there}) < 2:
        return found
    shared = set.intersection(*(set(each) for each in there))
    for number, (each, mine) in enumerate(zip(found, there, strict=True)):
        assert each.pairs is not None
        wanted = np.zeros(each.pairs.known.shape, dtype=np.bool_)
        for key, place in mine.items():
            wanted[place] = key in shared
        pairs = each.pairs.only(wanted)
        values = np.where(pairs.known.any(0), each.measurement.values, np.nan)
        found[number] = replace(each, pairs=pairs, measurement=replace(each.measurement, values=values))
    return found


def _pairs(measured: Measured) -> dict[tuple[str, str], tuple[int, int]]:
    """Where a pair of populations and an item, by their names, have both sides."""
    assert measured.pairs is not None
    names, items = measured.pairs.names, measured.measurement.items
    return {(names[q], items[i].id): (int(q), int(i)) for q, i in np.argwhere(measured.pairs.known)}


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
    """The slice over some items alone; what is a quotient is that of these."""
    wanted, own = set(items), measured.measurement
    inside = np.array([item.id in wanted for item in own.items])
    values, influence = np.where(inside, own.values, np.nan), own.influence
    if measured.pairs is not None:
        if dimension is not None:
            values = np.where([item.dimension == dimension for item in own.items], values, np.nan)
        labels = np.array([numbers[item.dimension] for item in own.items], dtype=np.int64)
        values, influence = measured.pairs.quotient(weigh(values, labels, True)[0])
    cut = replace(own, values=values, influence=influence)
    return slice_of(replace(measured, measurement=cut), dimension, numbers)


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


def possible(sides: Sequence[Measured], ends: tuple[float, float] | None) -> tuple[float, float] | None:
    """The ends of a difference, or of a difference of two, no further than figures can lie apart: as for figures, those
    alone that are not corrected for bias."""
    first = sides[0]
    reach = (first.part.bounds[1] - first.part.bounds[0]) * len(sides) / 2
    if ends is None or not np.isfinite(reach) or (first.metric.bias != "none" and first.drawn):
        return ends
    return max(ends[0], -reach), min(ends[1], reach)


def cautions(measured: Measured) -> tuple[str, ...]:
    """What is said of a figure however it comes out, and so of every difference of two."""
    caution = measured.metric.caution
    return (*((caution,) if caution else ()), *measured.part.notes)

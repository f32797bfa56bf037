"""Contrasts: a figure between groups of models, by what stands on their cards.

The model is the unit (`clustered`), and models are paired by item: only items on which every model of both groups has a
value count. Tests that papers ran on values of models and items stand beside it where the author asks for them by name
(`published`). What stands in a row as its test is what was computed for that row, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from auditc.ir.finding import Contrast
from auditc.ir.plan import Compare, Plan

from .clustered import DESCRIBED, Clustered, clustered
from .conditions import conditions
from .correct import adjusted, holm
from .findings import rounded
from .measure import Array, Measured
from .paired import cautions, possible, spreads, together
from .published import Tested, pooled_t, rank_sum, sample, welch_t
from .slice import Slice, slice_of
from .sources import ASKED
from .spread import Spread
from .trained import trained
from .units import Participants

PUBLISHED: dict[str, Callable[[Array, Array, float], Tested]] = {
    "welch": lambda left, right, level: welch_t(sample(left), sample(right), level),
    "pooled": lambda left, right, level: pooled_t(sample(left), sample(right), level),
    "wilcoxon": lambda left, right, level: rank_sum(left, right),
}
"""Tests by the word that a spec has for them."""
NONE: Array = np.zeros(0)
NOTHING = Clustered(np.nan, None, None, DESCRIBED)
"""Of two groups that share nothing to be compared on."""


def contrasts(
    plan: Plan, readings: Sequence[Measured], numbers: dict[str, int], people: Participants
) -> tuple[Contrast, ...]:
    """Every comparison that the plan asks for, every condition that stands beside what was asked, and what trainings
    changed. `numbers` are those of the audit's dimensions; `people` all who answered in it."""
    asked = [row for stage in plan.stages if isinstance(stage, Compare) for row in _compared(stage, readings, numbers)]
    return (*asked, *conditions(plan, readings, numbers, people), *trained(plan, readings, numbers))


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two groups of models as one population: of each model its spread over the common items, and its values."""

    stage: Compare
    left: str
    right: str
    population: str
    side: Slice
    spreads: tuple[list[Spread], list[Spread]]
    values: tuple[Array, Array]
    of: str
    """What a value is of: a dimension, or an item."""
    items: int
    notes: tuple[str, ...]


def _compared(stage: Compare, readings: Sequence[Measured], numbers: dict[str, int]) -> Iterator[Contrast]:
    pairs = list(_pairs(stage, readings, numbers))
    found = [_clustered(pair) for pair in pairs]
    tested = [each.p for each in found if each.p is not None]
    # A spec may ask for a paper's tests alone; then nothing is tested here that would have to be corrected for.
    shares = iter(holm(tested, [1 - stage.level] * len(tested)))
    corrected = iter(adjusted(tested))
    for pair, each in zip(pairs, found, strict=True):
        if "clustered" in stage.tests:
            own = (next(shares), next(corrected)) if each.p is not None else None
            yield _clustered_row(pair, each, own, len(tested))
        for word in stage.tests:
            if word in PUBLISHED and pair.items:
                yield _published_row(pair, word)


def _clustered(pair: _Pair) -> Clustered:
    """The test that ran; a figure without an interval is described."""
    found = clustered(*pair.spreads) if pair.items else NOTHING
    without = pair.side.measured.metric.no_interval
    return Clustered(found.estimate, None, None, DESCRIBED, (without,)) if without and pair.items else found


def _pairs(stage: Compare, readings: Sequence[Measured], numbers: dict[str, int]) -> Iterator[_Pair]:
    at = stage.figure.at
    of_it = [each for each in readings if each.measurement.measure == stage.figure.measure]
    axes = _part_at(of_it, at)
    mine = [each for each in of_it if _is_at(each, at, axes)]
    for population in dict.fromkeys(each.measurement.population for each in mine):
        there = [each for each in mine if each.measurement.population == population]
        by_model = {each.measurement.model: each for each in there}
        if len(by_model) < len(there):
            raise ValueError(f"two figures of a model stand at {stage.name} as {population}")
        for left, right in combinations(sorted(stage.groups), 2):
            yield _pair(stage, left, right, population, by_model, numbers)


def _part_at(of_it: Sequence[Measured], at: dict[str, str]) -> dict[str, str]:
    """The axes of the part that a figure means: those it names, and the usual value of those that it need not name."""
    usual = dict(of_it[0].metric.usual) if of_it else {}
    for axis in list(usual):
        values = [each.part.axes[axis] for each in of_it if axis in each.part.axes]
        usual[axis] = usual[axis] if usual[axis] in values or not values else values[0]
    return usual | {axis: value for axis, value in at.items() if axis not in ("population", "condition", "dimension")}


def _is_at(measured: Measured, at: dict[str, str], axes: dict[str, str]) -> bool:
    """Whether a measurement is the one that a figure means: of the condition that was asked where the figure names no
    other, and of just that part."""
    own = measured.measurement
    return (
        own.population == at.get("population", own.population)
        and own.condition == at.get("condition", ASKED)
        and dict(measured.part.axes) == axes
    )


def _pair(
    stage: Compare, left: str, right: str, population: str, by_model: dict[str, Measured], numbers: dict[str, int]
) -> _Pair:
    """Without items where a group has no model with a figure."""
    dimension = stage.figure.at.get("dimension")
    groups, notes = [], []
    for name in (left, right):
        there = [by_model[model] for model in stage.groups[name] if model in by_model]
        slices = [slice_of(each, dimension, numbers) for each in there]
        usable = [each for each, own in zip(there, slices, strict=True) if own.usable.any() and own.interpretable()]
        lost = len(stage.groups[name]) - len(usable)
        if lost:
            notes.append(f"{lost} of {len(stage.groups[name])} models of {name} have too few answers and are left out")
        groups.append(usable)
    notes += [f"{said} differs between the groups too: it cannot be told apart" for said in _beside(stage, left, right)]
    first = slice_of(next(iter(by_model.values())), dimension, numbers)
    nothing = _Pair(stage, left, right, population, first, ([], []), (NONE, NONE), "", 0, ())
    if not all(groups):
        return replace(nothing, notes=tuple(notes))
    slices = [slice_of(each, dimension, numbers) for group in groups for each in group]
    asked = max(int(part.usable.sum()) for part in slices)
    shared, cut = together([each for group in groups for each in group], dimension, numbers)
    if not shared:
        return replace(nothing, notes=(*notes, "no item has a value for every model"))
    if len(shared) < asked:
        notes.append(f"{asked - len(shared)} of {asked} items are left out: not every model has a value for them")
    parts = [cut[: len(groups[0])], cut[len(groups[0]) :]]
    first, of_all = cut[0], _spreads(cut)
    of = _value_of(first)
    return _Pair(
        stage=stage,
        left=left,
        right=right,
        population=population,
        side=first,
        spreads=(of_all[: len(parts[0])], of_all[len(parts[0]) :]),
        values=(_values(parts[0], of), _values(parts[1], of)),
        of=of,
        items=len(shared),
        notes=tuple(notes),
    )


def _beside(stage: Compare, left: str, right: str) -> tuple[str, ...]:
    """The other columns of the models' cards by which these two groups differ as well."""
    return stage.confounded.get(f"{left} / {right}", ())


def _spreads(parts: list[Slice]) -> list[Spread]:
    """Each model's figure. The model is the unit: what its draws did to it is in the variance between models."""
    return [replace(spread, draws={}, count={}) for spread in spreads(parts)]


def _value_of(part: Slice) -> str:
    """What papers take for an observation: a dimension where the figure is a mean over several, else an item."""
    used = {item.dimension for item, own in zip(part.measured.measurement.items, part.usable, strict=True) if own}
    several = part.dimension is None and part.measured.metric.aggregate != "items" and len(used) > 1
    return "dimension" if several else "item"


def _values(parts: list[Slice], of: str) -> Array:
    """Of each model a value for each dimension, or for each item, one after the other."""
    found: list[float] = []
    for part in parts:
        measurement = part.measured.measurement
        named: dict[str, list[float]] = {}
        for item, value, used in zip(measurement.items, measurement.values, part.usable, strict=True):
            if used:
                named.setdefault(item.dimension if of == "dimension" else item.id, []).append(float(value))
        found += [float(np.mean(values)) for values in named.values()]
    return np.array(found)


def _clustered_row(pair: _Pair, found: Clustered, own: tuple[float, float] | None, tests: int) -> Contrast:
    level = 1 - own[0] if own else pair.stage.level
    ends = possible((pair.side.measured, pair.side.measured), found.interval(level))
    notes = [*pair.notes, *found.notes]
    if own and tests > 1:
        notes.append(f"Holm over {tests} tests: the interval is one of {100 * level:.4g} %")
    return _row(
        pair,
        "clustered",
        estimate=_or_none(found.estimate),
        low=rounded(ends[0]) if ends else None,
        high=rounded(ends[1]) if ends else None,
        level=rounded(level),
        statistic=_or_none(found.statistic),
        freedom=_or_none(found.freedom),
        p=_or_none(found.p),
        adjusted=rounded(own[1]) if own and tests > 1 else None,
        test=found.test,
        notes=tuple(notes),
    )


def _published_row(pair: _Pair, word: str) -> Contrast:
    left, right = pair.values
    counted = {"values": len(left) + len(right)}
    each = "value dimension" if pair.of == "dimension" else "item"
    why = (
        f"{len(left)} and {len(right)} values, one for each model and {each}, are taken as independent: they share "
        "models and items, and p does not mean what it says"
    )
    if min(len(left), len(right)) < 2:
        found = Tested(word, float(left.mean() - right.mean()), None, None, None, None, None)
        why = "a group of one value cannot be tested"
    else:
        found = PUBLISHED[word](left, right, pair.stage.level)
    return _row(
        pair,
        word,
        estimate=_or_none(found.estimate),
        low=_or_none(found.low),
        high=_or_none(found.high),
        level=pair.stage.level,
        statistic=_or_none(found.statistic),
        freedom=_or_none(found.freedom),
        p=_or_none(found.p),
        test=found.test,
        published=True,
        counted=counted,
        notes=(why, *pair.notes),
    )


def _row(
    pair: _Pair, word: str, notes: tuple[str, ...], counted: dict[str, int] | None = None, **found: Any
) -> Contrast:
    stage, own, part = pair.stage, pair.side.measured.measurement, pair.side.measured.part
    # The condition is no axis of a contrast otherwise: it is one where the author asks for another than the usual one.
    fixed = {name: stage.figure.at[name] for name in ("condition", "dimension") if name in stage.figure.at}
    axes = dict(part.axes) | fixed
    return Contrast(
        id="/".join([stage.name, pair.population, f"{pair.left} - {pair.right}", *axes.values(), word]),
        of=stage.by,
        left=pair.left,
        right=pair.right,
        metric=own.metric,
        block=own.block,
        population=pair.population,
        axes=axes,
        unit=pair.side.unit,
        n={"items": pair.items, "left": len(pair.spreads[0]), "right": len(pair.spreads[1]), **(counted or {})},
        origin=stage.origin,
        notes=(*cautions(pair.side.measured), *notes),
        **found,
    )


def _or_none(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else rounded(value)

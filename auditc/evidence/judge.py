"""Judge: claims are evaluated part by part, and each part holds, fails or is undecided.

A part is one combination of the axes a claim is stated for. Its two sides are put together from figures with their
spreads, so that what they share (items, draws) is compared in pairs. It is decided by its interval at the claim's level
after correction: it holds, or fails, when the whole interval lies on that side of the threshold, whatever the missing
answers might have been. Each end has half of the error beyond it, so that a claim that is false holds by chance at half
the rate that its level allows: that is kept in hand for skewed figures, whose ends are the least exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from auditc.ir.canonical import seeded
from auditc.ir.finding import Verdict
from auditc.ir.plan import Arithmetic, Comparison, Figure, Judge, Mean, Measure, Number, Plan, Term
from auditc.metrics._contract import Metric

from .bounds import Bounds, bounds
from .estimate import FEWEST_ITEMS, Nature, Uncertainty, estimate
from .judged_shares import of_these_alone, redrawn
from .measure import Measured
from .paired import usable
from .prevalence import Said
from .slice import Slice, slice_of
from .sources import ASKED, axis, further
from .spread import Spread, combine, constant, mean, placed
from .units import Participants, opposed


class Key(NamedTuple):
    """Where a figure stands; `axes` are those of its part, sorted, none for a metric without parts."""

    measure: str
    model: str
    population: str
    condition: str
    axes: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " / ".join([*self[:4], *(value for _, value in self.axes)])


Side = Literal["below", "above"]

REPETITIONS = 9999


class Uncovered(Exception):
    """A part cannot be evaluated; the message says why, for people."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """All that claims are made of, and the memory of one audit's judging."""

    plan: Plan
    metrics: dict[str, Metric[Any]]
    measured: dict[Key, Measured]
    numbers: dict[str, int]
    """Dimensions of the audit, numbered."""
    people: Participants
    """All who answered, known again under every condition."""
    said: Mapping[Key, Said] = field(default_factory=dict)
    """What judges say, by the question that they were asked."""
    bounded: dict[Key, Bounds] = field(default_factory=dict)

    def axis(self, measure: str, name: str) -> tuple[str, ...]:
        stage = self.plan.stage(measure)
        assert isinstance(stage, Measure)
        if name not in ("model", "population", "condition", "dimension") and name not in self.further(measure):
            return ()
        return axis(self.plan, stage, self.metrics[measure], name)

    def further(self, measure: str) -> Mapping[str, tuple[str, ...]]:
        """The axes of the measure's parts."""
        stage = self.plan.stage(measure)
        assert isinstance(stage, Measure)
        return further(self.plan, stage, self.metrics[measure])

    def slice(self, key: Key, dimension: str | None) -> Slice:
        measured = self.measured.get(key)
        if measured is None:
            raise Uncovered(f"there are no answers for {key}")
        return slice_of(measured, dimension, self.numbers)

    def spread(self, part: Slice, key: Key) -> Spread:
        """With what the missing answers could have changed."""
        spread = part.spread()
        if not part.missing_cells[part.inside].any() or part.nature.no_interval:
            return spread
        if key not in self.bounded:
            self.bounded[key] = bounds(part.measured)
        return part.bounded(spread, *self.bounded[key])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One combination of axes: the estimate, and on which side of `threshold` the claim puts the truth.

    `uncertainty` is None when the part could not be evaluated; `obstacle` then says why. An obstacle beside an
    uncertainty (figures that are not interpretable) forbids a verdict all the same.
    """

    at: dict[str, str]
    side: Side
    threshold: float
    slices: tuple[Slice, ...]
    uncertainty: Uncertainty | None
    spread: Spread | None
    obstacle: str = ""
    said: Said | None = None
    """What a judge says, where that is what the claim is on."""

    @property
    def chance(self) -> float:
        """The two-sided p-value: at most α when the interval at level 1 − α lies on one side; 1 if undecidable."""
        if self.uncertainty is None or self.obstacle:
            return 1.0
        return min(1.0, 2 * min(self.uncertainty.chance(side, self.threshold) for side in ("below", "above")))

    def verdict(self, tail: float) -> tuple[Verdict, str]:
        """The verdict by the interval with `tail` beyond each end, and why it is undecided when it is."""
        if self.uncertainty is None or self.uncertainty.error is None or self.spread is None or self.obstacle:
            said = self.uncertainty.notes[-1] if self.uncertainty and self.uncertainty.notes else "there is no interval"
            return "undecided", self.obstacle or said
        other: Side = "above" if self.side == "below" else "below"
        decided: tuple[tuple[Side, Verdict], ...] = ((self.side, "holds"), (other, "fails"))
        for side, verdict in decided:
            if self.uncertainty.chance(side, self.threshold) <= tail:
                worst = self.spread.most if side == "below" else self.spread.least
                if self._still(side, worst, tail):
                    return verdict, ""
                return "undecided", "it depends on what the refused and unreadable answers would have been"
        return "undecided", "the interval reaches to both sides"

    def _still(self, side: Side, worst: float, tail: float) -> bool:
        """Whether the decision stands with the point moved to the worst allocation of missing answers."""
        assert self.uncertainty is not None
        if worst == self.uncertainty.point:
            return True
        if not np.isfinite(worst):
            return False
        return replace(self.uncertainty, point=worst).chance(side, self.threshold) <= tail


def parts(stage: Judge, figures: Figures, family: int) -> list[Part]:
    """All parts of one claim; `family` is how many parts the audit's claims have together, roughly."""
    found = []
    for at in combinations(stage.holds, figures):
        seed = seeded(figures.plan.seed, "claim", stage.claim, *itertools.chain(*at.items()))
        found.append(_part(stage, at, figures, seed, REPETITIONS * max(1, min(10, family // 20))))
    return found


def combinations(holds: Comparison, figures: Figures) -> Iterator[dict[str, str]]:
    """Every combination of the axes in `each` that some figure of the claim has, in the plan's order."""
    values = [
        _axis_values(Arithmetic(operator="-", left=holds.left, right=holds.right), name, figures) for name in holds.each
    ]
    for combination in itertools.product(*values):
        yield dict(zip(holds.each, combination, strict=True))


def _axis_values(term: Term, name: str, figures: Figures) -> tuple[str, ...]:
    """Values of an axis over the figures in a term that do not fix it."""
    match term:
        case Figure():
            return () if name in term.at else figures.axis(term.measure, name)
        case Arithmetic():
            both = _axis_values(term.left, name, figures) + _axis_values(term.right, name, figures)
            return tuple(dict.fromkeys(both))
        case Mean():
            return () if name in term.over else _axis_values(term.of, name, figures)
        case _:
            return ()


def _part(stage: Judge, at: dict[str, str], figures: Figures, seed: int, repetitions: int) -> Part:
    left, right, operator = stage.holds.left, stage.holds.right, stage.holds.operator
    if isinstance(left, Number):
        left, right = right, left
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]  # type: ignore[assignment]
    side: Side = "below" if operator in ("<", "<=") else "above"
    threshold = right.value if isinstance(right, Number) else 0.0
    term = left if isinstance(right, Number) else Arithmetic(operator="-", left=left, right=right)
    used: dict[tuple[Key, str | None], Slice] = {}
    if isinstance(term, Figure) and figures.metrics[term.measure].reads == "assessed":
        return _judged_share(stage, at, term, (side, threshold), figures)
    try:
        _collect(term, at, figures, used)
        spread = _evaluate(term, at, figures, used)
    except Uncovered as error:
        return Part(at, side, threshold, tuple(used.values()), None, None, str(error))
    slices = tuple(used.values())
    smooth = all(part.measured.metric.smooth for part in slices)
    nature = Nature(sure=True, smooth=smooth, repetitions=repetitions)
    if isinstance(term, Figure) and isinstance(right, Number):
        nature = replace(slices[0].nature, sure=True, repetitions=repetitions)
    nature = replace(nature, no_interval=next((s.nature.no_interval for s in slices if s.nature.no_interval), ""))
    obstacle = (_of_these(used) or _too_few(used)) if stage.estimand == "items like these" else _of_groups(slices)
    if not all(part.interpretable() for part in slices):
        obstacle = "too few cells were answered for the figure to stand for the model"
    return Part(at, side, threshold, slices, estimate(spread, nature, stage.estimand, seed), spread, obstacle)


def _judged_share(
    stage: Judge, at: dict[str, str], figure: Figure, wanted: tuple[Side, float], figures: Figures
) -> Part:
    """A part that is held against what a judge says."""
    key, _ = _key(figure, at, figures)
    said = figures.said.get(key)
    if said is None:
        return Part(at, *wanted, (), None, None, f"no judge has said anything of {key}")
    found, spread, obstacle = redrawn(said)
    if not obstacle and stage.estimand == "items like these":
        obstacle = of_these_alone(said.finding)
    return Part(at, *wanted, (), found, spread, obstacle, said)


def _of_these(used: dict[tuple[Key, str | None], Slice]) -> str:
    """Why some figure of the claim cannot speak for other items, however many were asked; empty if all can."""
    those = [key[0] for (key, _), part in used.items() if part.distance]
    return f"{those[0]} is a distance on these items: it cannot speak for items like these" if those else ""


def _of_groups(slices: tuple[Slice, ...]) -> str:
    """Why some figure of the claim cannot be decided on these items alone; empty if all can. Groups of people were
    sampled too: on the very same items other people of the same kind would have answered otherwise."""
    of = [part.measured.measurement.measure for part in slices if part.measured.part.group]
    return f"{of[0]} rests on groups of people, whose own sampling is in no interval of these items alone" if of else ""


def _too_few(used: dict[tuple[Key, str | None], Slice]) -> str:
    """Why some figure of the claim rests on too few items, over all dimensions that are used of it; empty if none does.
    Independent answers, yes or no, are counted by themselves and need no such number."""
    items: dict[Key, int] = {}
    for (key, _), part in used.items():
        if not part.nature.independent:
            items[key] = items.get(key, 0) + int(part.usable.sum())
    few = [f"{key[0]} has {_items(count)}" for key, count in items.items() if count < FEWEST_ITEMS]
    return f"{few[0]}: fewer than {FEWEST_ITEMS} cannot speak for items like these" if few else ""


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _collect(term: Term, at: dict[str, str], figures: Figures, used: dict[tuple[Key, str | None], Slice]) -> None:
    """All slices that a term rests on, by what they are of. Raises Uncovered."""
    match term:
        case Figure():
            key, dimension = _key(term, at, figures)
            part = figures.slice(key, dimension)
            if not part.usable.any():
                raise Uncovered(f"no item has a value for {key}")
            used[key, dimension] = part
        case Arithmetic():
            _collect(term.left, at, figures, used)
            _collect(term.right, at, figures, used)
        case Mean():
            for inner in _over(term, at, figures):
                _collect(term.of, inner, figures, used)
        case _:
            pass


def _evaluate(term: Term, at: dict[str, str], figures: Figures, used: dict[tuple[Key, str | None], Slice]) -> Spread:
    names = sorted({(s.measured.measurement.survey, i.id) for s in used.values() for i in s.measured.measurement.items})
    position = {name: number for number, name in enumerate(names)}
    here = {name for part in used.values() for name in usable(part)}
    units = figures.people.units([each.measured for each in used.values()], here)

    def figure(key: Key, dimension: str | None) -> Spread:
        part = used[key, dimension]
        measurement = part.measured.measurement
        places = np.array([position[measurement.survey, item.id] for item in measurement.items])
        return placed(units.joined(figures.spread(part, key)), places, len(names))

    spread = _worked_out(term, at, figures, figure, len(names))
    if not units.same:
        return spread

    def tag(key: Key, dimension: str | None) -> Spread:
        name = "\x1f".join([*key[:4], f"{key.axes} {dimension}"])
        return replace(constant(used[key, dimension].spread().point, 1), draws={name: np.ones((1, 1))}, count={name: 1})

    slopes: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for name, slope in _worked_out(term, at, figures, tag, 1).draws.items():
        measure, model, population, condition, part = name.split("\x1f")
        slopes.setdefault((model, population), {})[f"{measure} {part}", condition] = float(slope.sum())
    return units.counted(spread, opposed(slopes))


def _worked_out(
    term: Term, at: dict[str, str], figures: Figures, figure: Callable[[Key, str | None], Spread], size: int
) -> Spread:
    """A term of figures over `size` items. Raises Uncovered."""
    match term:
        case Figure():
            return figure(*_key(term, at, figures))
        case Number():
            return constant(term.value, size)
        case Arithmetic():
            sides = [_worked_out(side, at, figures, figure, size) for side in (term.left, term.right)]
            try:
                return combine(term.operator, *sides)
            except ZeroDivisionError:
                raise Uncovered("it divides by a figure that is zero") from None
        case Mean():
            return mean([_worked_out(term.of, inner, figures, figure, size) for inner in _over(term, at, figures)])


def _over(term: Mean, at: dict[str, str], figures: Figures) -> list[dict[str, str]]:
    """The combinations of the axes that a mean runs over. Raises Uncovered when there are none."""
    values = [_axis_values(term.of, name, figures) for name in term.over]
    found = [at | dict(zip(term.over, combination, strict=True)) for combination in itertools.product(*values)]
    if not found:
        raise Uncovered(f"there is nothing to take the mean over: {', '.join(term.over)}")
    return found


def _key(figure: Figure, at: dict[str, str], figures: Figures) -> tuple[Key, str | None]:
    """Where a figure stands: its own axes first, then those of the combination; an axis with one value needs no
    name."""
    where = at | figure.at
    found = []
    for name in ("model", "population", "condition"):
        values = figures.axis(figure.measure, name)
        if name in where:
            found.append(where[name])
        elif name == "condition" and ASKED in values:
            found.append(ASKED)
        elif len(values) == 1:
            found.append(values[0])
        else:
            raise Uncovered(f"{figure.measure} does not say which {name} is meant")
    usual = figures.metrics[figure.measure].usual
    axes = {}
    for name, values in figures.further(figure.measure).items():
        if name in where:
            axes[name] = where[name]
        elif name in usual:
            axes[name] = usual[name] if usual[name] in values else values[0]
    key = Key(figure.measure, found[0], found[1], found[2], tuple(sorted(axes.items())))
    return key, where.get("dimension")

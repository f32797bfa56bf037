"""Trained: what a training changed, and which of several trainings differ, wherever a plan has a training.

A trained model's figure is held against that of every model it was made of, first to last, in pairs of items: those
with a value on both sides. What draws do to either side counts, and nothing that an item does to both. Three kinds of
rows:

- `training`: trained − base, under what was asked and under each control;
- `beyond`: (trained − base) as asked, less (trained − base) under a control. A control names another country: what is
  left is the part of the gain that hangs on which country is named, and not on the form of the answers alone;
- `trainings`: two trained models that come from the same root, neither of which was made of the other.

Where several populations are asked there is also the mean of each kind over them: a plain mean of their differences,
each over its own items, with every item counted once for all populations that it was asked as.

Each has a two-sided p, by the procedure of its interval. The intervals of one measure, kind and condition are corrected
together (Holm): those of single populations, and apart from them those of the means, which are the first to be read.
Of models of which too few cells were answered nothing is tested.

It is about these trained models: another seed, or other data, would train others, and no interval here holds that.
What a training had seen of the items is counted beside each (`learnt.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from auditc.ir.canonical import seeded
from auditc.ir.finding import Contrast
from auditc.ir.plan import Converse, Plan, Score, Train

from .correct import adjusted, holm
from .estimate import Uncertainty
from .findings import LEVEL, rounded
from .learnt import ancestors, between, seen_of, told_of
from .measure import Measured
from .paired import cautions, possible, spreads, together, uncertainty, usable
from .slice import Slice, slice_of
from .sources import ASKED
from .spread import Spread, combine, mean

TRAINED = TRAINING, BEYOND, TRAININGS = "training", "beyond", "trainings"
NOTHING = Uncertainty(np.nan, None, "none", "these items", ("no item has a value on both sides",))
"""Of two models that share nothing to be compared on."""
LEAST_REPETITIONS = 1999
"""Of a bootstrap; where a family is large, as many as its smallest threshold needs."""
REPETITIONS_A_TEST = 100
MOST_REPETITIONS = 49_999
MEAN = "mean"
"""Stands for the populations in the id of a mean over them."""

Place = tuple[str, str, str, str, tuple[tuple[str, str], ...]]
"""Measure, model, population, condition, axes of the part."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two models under one condition: the first less the second, and of `beyond` less the same of the other two. So for
    every population: of several it is the mean."""

    of: str
    left: str
    right: str
    condition: str
    peoples: tuple[tuple[Measured, ...], ...]

    @property
    def first(self) -> Measured:
        """Of the first population the first figure: of all, they say the same of block, measure and part."""
        return self.peoples[0][0]

    @property
    def over(self) -> tuple[str, ...]:
        """The populations of a mean; nothing where it is of one."""
        return tuple(sides[0].measurement.population for sides in self.peoples) if len(self.peoples) > 1 else ()

    @property
    def family(self) -> tuple[object, ...]:
        """What is corrected together."""
        return self.of, self.first.measurement.measure, self.condition, bool(self.over)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    pair: _Pair
    items: tuple[str, ...]
    asked_of: int
    sound: bool
    unit: str
    uncertainty: Uncertainty

    @property
    def p(self) -> float | None:
        """Two-sided; None where nothing is tested."""
        own = self.uncertainty
        if own.error is None or not self.sound:
            return None
        return min(1.0, 2 * min(own.chance("below", 0.0), own.chance("above", 0.0)))


def trained(plan: Plan, readings: Sequence[Measured], numbers: dict[str, int]) -> Iterator[Contrast]:
    """Every comparison that trained models take part in; none where a plan has no training. Parts whose items hang on
    the answers are left out, as under any other condition."""
    made = {stage.model: stage for stage in plan.stages if isinstance(stage, Train)}
    if not made:
        return
    families: dict[tuple[object, ...], list[_Pair]] = {}
    single = list(_pairs(plan, made, readings))
    for pair in (*_means(plan, single, numbers), *single):
        families.setdefault(pair.family, []).append(pair)
    for pairs in families.values():
        repetitions = min(MOST_REPETITIONS, max(LEAST_REPETITIONS, REPETITIONS_A_TEST * len(pairs)))
        found = [_found(plan, pair, numbers, repetitions) for pair in pairs]
        tested = [each.p for each in found if each.p is not None]
        shares = iter(zip(holm(tested, [1 - LEVEL] * len(tested)), adjusted(tested), strict=True))
        for each in found:
            yield _row(plan, made, each, next(shares) if each.p is not None else None, len(tested))


def _pairs(plan: Plan, made: dict[str, Train], readings: Sequence[Measured]) -> Iterator[_Pair]:
    there = {_place(each): each for each in readings if _stands(each)}
    spoken = {(each.measurement.measure, each.measurement.model) for each in there.values() if _is_asked(plan, each)}
    before = {model: ancestors(made, model) for model in made}
    beside = [
        (left, right)
        for left, right in combinations(made, 2)
        if before[left][-1] == before[right][-1] and left not in before[right] and right not in before[left]
    ]
    for (measure, model, population, condition, axes), own in there.items():
        if _left_out(plan, own, spoken):
            continue
        control = condition != ASKED and _is_score(plan, own)
        for base in before.get(model, ()):
            other = there.get((measure, base, population, condition, axes))
            if other is None:
                continue
            yield _Pair(TRAINING, model, base, condition, ((own, other),))
            asked = [there.get((measure, name, population, ASKED, axes)) for name in (model, base)]
            if control and asked[0] is not None and asked[1] is not None:
                yield _Pair(BEYOND, model, base, condition, ((asked[0], asked[1], own, other),))
        for left, right in beside:
            other = there.get((measure, right, population, condition, axes)) if left == model else None
            if other is not None:
                yield _Pair(TRAININGS, left, right, condition, ((own, other),))


def _means(plan: Plan, single: Sequence[_Pair], numbers: dict[str, int]) -> Iterator[_Pair]:
    """Over the populations of each pair that have an item on all its sides, where there are several; of whole figures,
    which are what a training is for."""
    alike: dict[tuple[object, ...], list[_Pair]] = {}
    for pair in single:
        if pair.first.measurement.population in plan.populations and not pair.first.part.axes:
            alike.setdefault((*pair.family, pair.left, pair.right), []).append(pair)
    for pairs in alike.values():
        peoples = tuple(pair.peoples[0] for pair in pairs if together(pair.peoples[0], None, numbers)[0])
        if len(peoples) > 1:
            yield replace(pairs[0], peoples=peoples)


def _place(measured: Measured) -> Place:
    own = measured.measurement
    return own.measure, own.model, own.population, own.condition, tuple(sorted(measured.part.axes.items()))


def _stands(measured: Measured) -> bool:
    """Whether it is of the same items whatever is answered, and has a value."""
    return not (measured.part.brief or measured.part.picks) and bool(np.isfinite(measured.measurement.values).any())


def _is_score(plan: Plan, measured: Measured) -> bool:
    return isinstance(plan.stage(measured.measurement.draws_of.split("\x1f")[0]), Score)


def _is_asked(plan: Plan, measured: Measured) -> bool:
    """Whether participants were asked as the method has it."""
    return measured.measurement.condition == ASKED and not _is_score(plan, measured)


def _left_out(plan: Plan, measured: Measured, spoken: set[tuple[str, str]]) -> bool:
    """Ablations and second readings: every one would have all comparisons again, and nobody has asked for them."""
    own = measured.measurement
    stage = plan.stage(own.draws_of.split("\x1f")[0])
    return own.condition != ASKED and isinstance(stage, Converse) and (own.measure, own.model) in spoken


def _found(plan: Plan, pair: _Pair, numbers: dict[str, int], repetitions: int) -> _Found:
    first, own = pair.first, pair.first.measurement
    asked_of, items, cut = set[str](), set[str](), list[Slice]()
    sound, unit = True, ""
    for sides in pair.peoples:  # of a mean each has an item on all its sides
        whole = [slice_of(each, None, numbers) for each in sides]
        asked_of.update(name for side in whole for name in usable(side))
        sound, unit = sound and all(side.interpretable() for side in whole), whole[0].unit
        shared, mine = together(sides, None, numbers)
        items.update(shared)
        cut.extend(mine)
    if not cut:
        return _Found(pair, (), len(asked_of), sound, unit, NOTHING)
    named = (own.measure, pair.left, pair.right, *(_people(pair) or ("",)), pair.condition, *first.part.axes.values())
    seed = seeded(plan.seed, pair.of, *named)
    placed, size = spreads(cut), len(pair.peoples[0])
    moved = mean([_difference(placed[k : k + size]) for k in range(0, len(placed), size)])
    order = [item.id for sides in pair.peoples for item in sides[0].measurement.items if item.id in items]
    found = uncertainty(moved, seed, first.metric, repetitions)
    return _Found(pair, tuple(dict.fromkeys(order)), len(asked_of), sound, unit, found)


def _people(pair: _Pair) -> tuple[str, ...]:
    """Whose figures it is of; nothing of a figure over all populations."""
    return tuple(filter(None, (sides[0].measurement.population for sides in pair.peoples)))


def _difference(sides: list[Spread]) -> Spread:
    moved = combine("-", sides[0], sides[1])
    return moved if len(sides) == 2 else combine("-", moved, combine("-", sides[2], sides[3]))


def _row(plan: Plan, made: dict[str, Train], found: _Found, held: tuple[float, float] | None, tests: int) -> Contrast:
    pair, own = found.pair, found.pair.first.measurement
    level = 1 - held[0] if held else LEVEL
    ends = possible(pair.peoples[0], found.uncertainty.interval((1 - level) / 2))
    condition = {} if pair.condition == ASKED else {"condition": pair.condition}
    axes = dict(pair.first.part.axes) | condition
    seen = _seen(plan, made, found)
    where = MEAN if pair.over else own.population
    said = [note for sides in pair.peoples for note in cautions(sides[0])]
    return Contrast(
        id="/".join([pair.of, own.measure, f"{pair.left} - {pair.right}", *filter(None, [where]), *axes.values()]),
        of=pair.of,
        left=pair.left,
        right=pair.right,
        metric=own.metric,
        block=own.block,
        population="" if pair.over else own.population,
        over=pair.over,
        axes=axes,
        estimate=rounded(found.uncertainty.point) if np.isfinite(found.uncertainty.point) else None,
        low=rounded(ends[0]) if ends else None,
        high=rounded(ends[1]) if ends else None,
        level=rounded(level),
        statistic=None,
        freedom=None,
        p=None if found.p is None else rounded(found.p),
        adjusted=rounded(held[1]) if held and tests > 1 else None,
        test=found.uncertainty.procedure,
        unit=found.unit,
        n={"items": len(found.items)} | seen,
        notes=tuple(dict.fromkeys((*said, *_notes(found, seen), *_holm(level, tests if held else 0)))),
        origin=made[pair.left].origin,
    )


def _notes(found: _Found, seen: dict[str, int]) -> Iterator[str]:
    if not found.sound:
        yield "not interpretable: of one of the two too few cells were answered"
    if 0 < len(found.items) < found.asked_of:
        lost = found.asked_of - len(found.items)
        yield f"{lost} of {found.asked_of} items are left out: not both sides have a value for them"
    if seen["learnt"]:
        yield (
            f"{seen['learnt']} of {len(found.items)} items were learnt as these people answer them: "
            "a gain on these is no test"
        )
    if seen["valid"]:
        yield f"{seen['valid']} of {len(found.items)} items decided which state of the training was kept"
    if seen.get("named"):
        yield (
            f"for {seen['named']} of {len(found.items)} items the control named people whom the training learnt from: "
            "it knows these too, and what is beyond the control may be smaller for it"
        )
    yield from found.uncertainty.notes


def _holm(level: float, tests: int) -> tuple[str, ...]:
    return (f"Holm over {tests} tests: the interval is one of {100 * level:.4g} %",) if tests > 1 else ()


def _seen(plan: Plan, made: dict[str, Train], found: _Found) -> dict[str, int]:
    pair, own = found.pair, found.pair.first.measurement
    # Of a figure over all populations, and of texts, nobody in particular is asked.
    people = _people(pair) if own.population in plan.populations else ()
    trainings = between(made, pair.left, pair.right)
    seen = seen_of(plan, trainings, own.survey, found.items, people)
    stage = plan.stage(own.draws_of.split("\x1f")[0])
    if pair.of == BEYOND:
        named = isinstance(stage, Score) and told_of(plan, trainings, stage, pair.condition, found.items, people)
        seen["named"] = int(named)
    return seen

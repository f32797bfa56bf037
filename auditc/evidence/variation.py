"""Variation: what a model's answers as several peoples say together, held against the peoples' own answers.

A metric that is `across` gives an item one value for all populations of a block. The headline is a quotient, the
model's over people's, M ÷ P. Item by item it is kept as R + (m_i − R·p_i) ÷ P with R = M ÷ P: the mean of these is R,
and what an item does to both sides at once is in their spread, as the delta method has it. So whatever is made of
values of items elsewhere (intervals, pairs of items) is made of these. A dimension has its own quotient, and so has a
comparison on some items or pairs of populations alone (`kept`).

Of a pair, either side's answers are a sample of their own: the jackknife over each of them says what chance adds, and
both are taken off. Of people only counts are known, shares times their number; of a model's draws also how each of them
moved every item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import Answers
from auditc.ir.canonical import seeded
from auditc.ir.finding import Finding
from auditc.ir.measurement import Measurement
from auditc.ir.plan import Item, Measure, Plan
from auditc.metrics._contract import Metric, Sheet
from auditc.metrics._parts import parts_of

from .findings import dimensions_of, finding
from .floor import Yardstick
from .jackknife import jackknife, jackknifed_counts
from .kept import NEGLIGIBLE, Pairs
from .measure import Measured, crowd_of, status_of
from .people import options_of
from .rows import model_shares
from .slice import slice_of
from .sources import stages
from .spread import weigh

Array = NDArray[np.float64]

REPETITIONS, LEAST_REPETITIONS = 400, 60
"""Of simulated samples of people, fewer the more pairs of populations there are: their mean and range are shown."""
DRAWN = "as many draws from people's shares through the same estimator, items independent"
RESAMPLED = "people drawn anew at their number, compared with the shares they were drawn from"


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One model as P populations beside their people: shares `[I, P, K]`, NaN where either has none; `n[I, P]`
    answers, None where probabilities are exact; `people_n[I, P]` persons."""

    countries: tuple[str, ...]

    items: tuple[Item, ...]
    sheet: Sheet
    shares: Array
    people: Array
    n: Array | None
    people_n: Array
    nominal: NDArray[np.bool_]
    status: NDArray[np.int64]
    drawn: tuple[tuple[NDArray[np.int64], Array], ...]
    """Of each population the choices `[D, I]` and the draws' weights; none where probabilities are exact."""
    draws: int | None
    notes: tuple[str, ...]


def variations(
    plan: Plan, named: Mapping[str, Metric[Any]], answers: Sequence[Answers], numbers: dict[str, int]
) -> Iterator[tuple[Measured, tuple[Finding, ...]]]:
    """Of each measure over all populations, model and condition: the measurement of the whole survey, and its findings
    for the whole and each dimension. None where fewer than two countries are asked."""
    for stage in plan.stages:
        if isinstance(stage, Measure) and named[stage.name].across:
            groups: dict[tuple[str, str], list[Answers]] = {}
            for source in stages(plan, stage, named[stage.name]):
                for each in answers:
                    if each.stage == source.name:
                        groups.setdefault((each.stage, each.condition), []).append(each)
            for mine in groups.values():
                countries = {plan.populations[each.population].country: each for each in reversed(mine)}
                if len(countries) > 1:
                    yield _made(plan, stage, named[stage.name], mine, numbers)


def _made(
    plan: Plan, stage: Measure, metric: Metric[Any], mine: Sequence[Answers], numbers: dict[str, int]
) -> tuple[Measured, tuple[Finding, ...]]:
    table, of = _table(plan, stage, metric, mine), mine[0]
    params = metric.params.model_validate(stage.params)
    measurement = Measurement(
        measure=stage.name,
        metric=stage.metric,
        block=stage.block,
        method=of.method,
        model=of.model,
        population="",
        condition=of.condition,
        survey=_survey(plan, of),
        items=table.items,
        asked_of=len(of.items),
        draws_of=f"{of.stage}\x1fall\x1f{of.condition}",
        values=np.full(len(table.items), np.nan),
        influence=None,
        draws=table.draws,
        status=table.status,
        people_n=np.nanmin(np.where(np.isfinite(table.people_n), table.people_n, np.inf), axis=1, initial=np.inf),
        people_nominal=table.nominal,
    )
    [part] = parts_of(metric, params, ())
    rows = np.zeros(len(table.items), dtype=np.int64)
    bare = Measured(measurement, metric, params, replace(part, notes=table.notes), table.sheet, None, rows)
    between = Between(metric, params, table.sheet)
    pairs = between.pairs(table)
    bare = replace(bare, pairs=pairs)
    floor = _floor(table, between, seeded(plan.seed, "floor", stage.name, of.stage, of.condition))
    plain = between.plain(table.people)
    labels = np.array([numbers[item.dimension] for item in table.items], dtype=np.int64)
    found, whole = [], bare
    for dimension in (None, *dimensions_of([item.dimension for item in table.items])):
        inside = np.array([dimension is None or item.dimension == dimension for item in table.items], dtype=np.bool_)
        weights, _ = weigh(np.where(inside, pairs.sides()[0], np.nan), labels, True)
        measured, told = _quotient(bare, pairs, weights)
        yardstick = None
        if (over := float(weights @ np.nan_to_num(plain))) > NEGLIGIBLE and np.isfinite(
            measured.measurement.values
        ).any():
            yardstick = Yardstick(floor / over, {}, DRAWN if table.n is not None else RESAMPLED)
        measured = replace(measured, part=replace(measured.part, notes=(*told, *table.notes)))
        found.append(finding(slice_of(measured, dimension, numbers), yardstick, plan.seed, stage.origin))
        whole = measured if dimension is None else whole
    # What is said of the two sides is said of the figure, and not again of every difference.
    return replace(whole, part=replace(whole.part, notes=table.notes)), tuple(found)


def _quotient(bare: Measured, pairs: Pairs, weights: Array) -> tuple[Measured, tuple[str, ...]]:
    """The quotient of the two headlines, item by item; without values where peoples do not differ."""
    used = weights > 0
    kept, theirs = (float(weights[used] @ side[used]) for side in pairs.sides())
    if theirs <= NEGLIGIBLE:
        return bare, (("the peoples' answers do not differ: there is nothing to keep",) if used.any() else ())
    values, influence = pairs.quotient(weights)
    told = f"between populations: {kept:.3g} nats in the model's answers, {theirs:.3g} in people's"
    return replace(bare, measurement=replace(bare.measurement, values=values, influence=influence)), (told,)


def _survey(plan: Plan, answers: Answers) -> str:
    stage = plan.stage(answers.stage)
    return str(getattr(stage, "survey", ""))


def _table(plan: Plan, stage: Measure, metric: Metric[Any], mine: Sequence[Answers]) -> _Table:
    """A country counts once: the first population that is asked as it."""
    first: dict[str, Answers] = {}
    for each in mine:
        first.setdefault(plan.populations[each.population].country, each)
    asked = list(first.values())
    again = [each.population for each in mine if not any(each is one for one in asked)]
    notes = (f"a country counts once: without {', '.join(again)}",) if again else ()
    index = [row for row, item in enumerate(asked[0].items) if metric.takes(item)]
    items = tuple(asked[0].items[row] for row in index)
    options = options_of(items)
    survey = plan.surveys[_survey(plan, asked[0])]
    crowds = [crowd_of(survey, country, items) for country in first]
    shares = np.stack([_padded(model_shares(each)[index], options.shape[1]) for each in asked], axis=1)
    people = np.stack([each.shares for each in crowds], axis=1)
    drawn = all(each.choices is not None for each in asked)
    n = np.stack([_effective(each, index) for each in asked], axis=1) if drawn else None
    known = np.isfinite(shares[..., 0]) & np.isfinite(people[..., 0]) & ((n >= 2) if n is not None else True)
    shares, people = (np.where(known[..., None], side, np.nan) for side in (shares, people))
    return _Table(
        items=items,
        countries=tuple(first),
        sheet=Sheet(options, None, None, None),
        shares=shares,
        people=people,
        n=n,
        people_n=np.where(known, np.stack([each.n for each in crowds], axis=1), np.nan),
        nominal=np.any([each.nominal for each in crowds], axis=0),
        status=sum((status_of(each)[index] for each in asked), np.zeros((len(items), 5), dtype=np.int64)),
        drawn=tuple(
            (np.where(known[:, k], _choices(each)[:, index], -1), _weights(each)) for k, each in enumerate(asked)
        )
        if drawn
        else (),
        draws=min(_participants(each) for each in asked) if drawn else None,
        notes=notes,
    )


def _padded(shares: Array, width: int) -> Array:
    """As many columns as the widest item at hand needs."""
    return shares[:, :width]


def _choices(answers: Answers) -> NDArray[np.int64]:
    assert answers.choices is not None
    return answers.choices


def _weights(answers: Answers) -> Array:
    size = len(_choices(answers))
    return np.ones(size) if answers.weights is None else answers.weights.astype(np.float64)


def _participants(answers: Answers) -> int:
    return int((_choices(answers) >= 0).any(1).sum())


def _effective(answers: Answers, index: list[int]) -> Array:
    """`[I]`: of draws of unequal weight as many of equal weight as are worth the same."""
    held = np.where(_choices(answers)[:, index] >= 0, _weights(answers)[:, None], 0.0)
    return np.asarray(held.sum(0) ** 2 / np.maximum((held**2).sum(0), 1e-300))


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """How far populations lie apart, item by item, without what chance adds."""

    metric: Metric[Any]
    params: Any
    sheet: Sheet

    def plain(self, shares: Array) -> Array:
        """`[..., I, P, K]` to `[..., I]`, as they are."""
        return np.asarray(self.metric.values(shares, self.sheet, self.params), dtype=np.float64)

    def pairs(self, table: _Table) -> Pairs:
        """Both sides by pair of populations, where both of them have it."""
        drawn = self.drawn(table.drawn) if table.drawn else None
        own = drawn.own if drawn else self.each(table.shares)
        peoples = self.each_counted(table.people * table.people_n[..., None])
        names = tuple("\x1f".join(sorted(pair)) for pair in combinations(table.countries, 2))
        made = replace(drawn, names=names, peoples=peoples) if drawn else Pairs(names, own, peoples)
        return made.only(made.known)

    def each(self, shares: Array) -> Array:
        """`[I, P, K]` to pairs `[Q, I]`, as they are."""
        sides = range(shares.shape[-2])
        return np.stack([self.plain(shares[..., list(pair), :]) for pair in combinations(sides, 2)])

    def counted(self, counts: Array) -> Array:
        """The mean over pairs from counts `[..., I, P, K]` of answers of equal weight."""
        return _mean(self.each_counted(counts))

    def each_counted(self, counts: Array) -> Array:
        """By pair `[Q, ..., I]`, from counts `[..., I, P, K]` of answers of equal weight."""
        found = []
        for pair in combinations(range(counts.shape[-2]), 2):
            sides = [counts[..., side, :] for side in pair]
            plain = self.plain(_shares(np.stack(sides, axis=-2)))
            moved = [
                jackknifed_counts(sides[one], self._against(_shares(sides[1 - one])), correct=True) for one in (0, 1)
            ]
            found.append(moved[0] + moved[1] - plain)
        return np.stack(found)

    def drawn(self, asked: Sequence[tuple[NDArray[np.int64], Array]]) -> Pairs:
        """From choices `[D, I]` and weights of each population: the model's side, and how each draw moved it; people's
        is not known yet."""
        width = self.sheet.options.shape[-1]
        shares = [_shares(_counted(choices, weights, width)) for choices, weights in asked]
        first = np.cumsum([0, *(len(choices) for choices, _ in asked)]).tolist()
        found, moves = [], []
        for pair in combinations(range(len(asked)), 2):
            value, both = -self.plain(np.stack([shares[side] for side in pair], axis=-2)), []
            for one, other in (pair, pair[::-1]):
                moved = jackknife(*asked[one], width, self._against(shares[other]), correct=True)
                value = value + moved.values
                both.append((first[one], np.nan_to_num(moved.influence)))
            found.append(value)
            moves.append(tuple(both))
        own = np.stack(found)
        return Pairs(("",) * len(own), own, np.zeros(own.shape), tuple(moves), first[-1])

    def _against(self, fixed: Array) -> Callable[[Array], Array]:
        """The divergence of counts `[..., I, K]` from shares `fixed[..., I, K]` with fewer leading axes."""

        def evaluate(counts: Array) -> Array:
            own, beside = _shares(counts), fixed
            if counts.ndim > fixed.ndim:
                beside = fixed[..., None, :, :]
            return self.plain(np.stack(np.broadcast_arrays(own, beside), axis=-2))

        return evaluate


def _counted(choices: NDArray[np.int64], weights: Array, width: int) -> Array:
    held = [np.where(choices == option, weights[:, None], 0.0).sum(0) for option in range(width)]
    return np.stack(held, axis=-1)


def _shares(counts: Array) -> Array:
    n = counts.sum(-1, keepdims=True)
    return np.asarray(np.where(n > 0, counts / np.where(n > 0, n, 1.0), np.nan))


def _mean(pairs: Array) -> Array:
    """Over the pairs `[Q, ..., I]` that have a value; NaN where none has."""
    known = np.isfinite(pairs)
    count = known.sum(0)
    return np.asarray(np.where(count > 0, np.where(known, pairs, 0.0).sum(0) / np.maximum(count, 1), np.nan))


def _floor(table: _Table, between: Between, seed: int) -> Array:
    """`[R, I]`: the variation of samples from people's shares, as large as the model's, or as people's own where the
    model's probabilities are exact."""
    generator = np.random.default_rng(seed)
    n = table.people_n if table.n is None else table.n
    counted = np.maximum(np.nan_to_num(np.round(n)), 1).astype(np.int64)
    uniform = table.sheet.options / table.sheet.options.sum(-1, keepdims=True)
    known = np.isfinite(table.people[..., :1])
    people = np.where(known, table.people, uniform[:, None, :])
    people = people / people.sum(-1, keepdims=True)
    populations = people.shape[1]
    repetitions = max(LEAST_REPETITIONS, REPETITIONS // (populations * (populations - 1) // 2))
    drawn = (generator.multinomial(counted, people).astype(np.float64) for _ in range(repetitions))
    return np.stack([between.counted(np.where(known, counts, np.nan)) for counts in drawn])

"""Simulated trainings with known truth: do the intervals of before and after hold it, and is nothing found in nothing?

A base answers in one of the ways of `simulations.model`; its training draws every item's answers towards people's by a
share of its own, which is what moves items differently. Items are drawn from the pool with replacement, so that its
mean is the truth. A training that changes nothing leaves shares as they are and has them drawn anew, or moves each item
by chance, with no mean; then no item is taken twice, since what moved it would count twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from auditc.evidence.estimate import Nature, Uncertainty, estimate
from auditc.evidence.jackknife import jackknife
from auditc.evidence.kept import Pairs
from auditc.evidence.paired import uncertainty
from auditc.evidence.spread import Spread, combine, exponential, sized, spread_of, weigh
from auditc.evidence.variation import Between
from auditc.metrics._contract import Sheet

from . import simulations as sim

Array = sim.Array
PERSON = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """A metric, how the base answers, how far it is drawn towards people on average, items, draws (None: exact), and
    whether the same under a control, drawn `control` as far, is taken off."""

    metric: str
    base: str
    toward: float
    items: int
    draws: int | None = None
    control: float | None = None


CASES = (
    Case("jsd", "uniform", 0.4, 60),
    Case("jsd", "peaked", 0.4, 60),
    Case("jsd", "flattened", 0.2, 30),
    Case("kl", "peaked", 0.3, 60),
    Case("jsd", "peaked", 0.4, 60, control=0.2),
    Case("kl", "sharpened", 0.4, 60, draws=50),
    Case("jsd", "flattened", 0.4, 30, draws=50),
    Case("kl", "sharpened", 0.4, 60, draws=20),
)
NOTHING = (
    Case("jsd", "peaked", 0.0, 60),
    Case("jsd", "uniform", 0.0, 30),
    Case("jsd", "peaked", 0.0, 60, control=0.0),
    Case("kl", "sharpened", 0.0, 60, draws=50),
    Case("jsd", "flattened", 0.0, 30, draws=20),
)


def trained(pool: sim.Pool, base: Array, toward: float, generator: np.random.Generator) -> Array:
    """Shares drawn towards people's, each item by a share of its own; with a mean of zero, to either side alike."""
    if toward > 0:
        share = generator.beta(4 * toward, 4 * (1 - toward), size=(len(pool), 1))
        return (1 - share) * base + share * pool.shares
    noise = np.where(pool.options, generator.gamma(8.0, size=base.shape), 0.0)
    moved = base * noise + 1e-6 * pool.options
    return np.asarray(moved / moved.sum(-1, keepdims=True))


def coverage(case: Case, pool: sim.Pool, repetitions: int, seed: int = sim.SEED) -> sim.Coverage:
    """How often the interval of the difference holds the truth."""
    hits, halves = [], []
    for found, truth in _found(case, pool, repetitions, seed):
        ends = found.interval(0.025)
        assert ends is not None
        hits.append(ends[0] <= truth <= ends[1])
        halves.append((ends[1] - ends[0]) / 2)
    return sim.Coverage(float(np.mean(hits)), float(np.mean(halves)), repetitions)


def false_alarms(case: Case, pool: sim.Pool, repetitions: int, seed: int = sim.SEED) -> float:
    """How often p is below .05 where a training has changed nothing."""
    chances = [
        min(1.0, 2 * min(found.chance("below", 0.0), found.chance("above", 0.0)))
        for found, _ in _found(case, pool, repetitions, seed)
    ]
    return float(np.mean([chance < 0.05 for chance in chances]))


def _found(case: Case, pool: sim.Pool, repetitions: int, seed: int) -> Iterator[tuple[Uncertainty, float]]:
    generator = np.random.default_rng([seed, case.items, case.draws or 0])
    base = sim.model(pool, case.base)
    sides = _sides(case, pool, base, generator)
    worth = [float(sim.values(case.metric, shares, sim.sheet(pool)).mean()) for shares in sides]
    truth = 0.0 if case.toward == 0 else _difference(worth)
    for repetition in range(repetitions):
        rows = generator.integers(len(pool), size=case.items)
        if case.toward == 0 and case.draws is None:
            sides = _sides(case, pool, base, generator)
            rows = generator.permutation(len(pool))[: case.items]
        moved = [_spread(case, pool, shares, rows, f"side {k}", generator) for k, shares in enumerate(sides)]
        spread = combine("-", moved[0], moved[1])
        if case.control is not None:
            spread = combine("-", spread, combine("-", moved[2], moved[3]))
        yield uncertainty(spread, repetition, sim.metric(case.metric), 999), truth


def _difference(worth: list[float]) -> float:
    return worth[0] - worth[1] - (worth[2] - worth[3] if len(worth) > 2 else 0.0)


def _sides(case: Case, pool: sim.Pool, base: Array, generator: np.random.Generator) -> list[Array]:
    """After and before, and the same under a control, where the base answers a little otherwise."""
    if case.toward == 0 and case.draws is not None:
        return [base, base]
    # Where nothing has changed both sides are moved by chance alone, so that neither is nearer to people.
    first = [trained(pool, base, case.toward, generator), base if case.toward else trained(pool, base, 0, generator)]
    if case.control is None:
        return first
    other = trained(pool, base, 0, generator)
    return [
        *first,
        trained(pool, other, case.control, generator),
        other if case.toward else trained(pool, base, 0, generator),
    ]


def _spread(case: Case, pool: sim.Pool, shares: Array, rows: Array, who: str, generator: np.random.Generator) -> Spread:
    paper = sim.sheet(pool, rows)
    strata = np.zeros(len(rows), dtype=np.int64)
    if case.draws is None:
        own = sim.values(case.metric, shares[rows], paper)
        return spread_of(own, *weigh(own, strata, True))
    codes = sim.answer(shares[rows], case.draws, PERSON, generator)
    evaluate, taken = sim.from_counts(case.metric, paper), sim.metric(case.metric)
    found = jackknife(codes, np.ones(case.draws), paper.options.shape[1], evaluate, taken.bias == "jackknife")
    return spread_of(found.values, *weigh(found.values, strata, True), found.influence, who, case.draws)


def variation(
    *, kept: float, items: int, draws: int | None, people: int, repetitions: int, seed: int = sim.SEED
) -> tuple[sim.Coverage, float]:
    """Coverage of the share of variation that is kept, and its mean error, in the same unit. Two peoples of
    `people` persons each, who answer an item in ways that lie apart; the model's answers as either lie between theirs
    and those of both together."""
    generator = np.random.default_rng([seed, items, draws or 0, people])
    pool = sim.synthetic()
    size = pool.options.sum(-1)
    shifted = np.stack([np.concatenate([np.roll(r[:k], 1), r[k:]]) for r, k in zip(pool.shares, size, strict=True)])
    true = np.stack([pool.shares, 0.7 * pool.shares + 0.3 * shifted], axis=1)
    answers = kept * true + (1 - kept) * true.mean(1, keepdims=True)
    taken = sim.metric("variation_kept")
    worth = [
        float(taken.values(shares, Sheet(pool.options, None, None, None), taken.params()).mean())
        for shares in (answers, true)
    ]
    truth = worth[0] / worth[1]
    hits, halves, errors = [], [], []
    for repetition in range(repetitions):
        rows = generator.integers(len(pool), size=items)
        between = Between(taken, taken.params(), Sheet(pool.options[rows], None, None, None))
        peoples = between.counted(generator.multinomial(people, _whole(true[rows])).astype(np.float64))
        if draws is None:
            pairs = Pairs(("",), between.each(answers[rows]), peoples[None])
        else:
            codes = [sim.answer(answers[rows][:, side], draws, PERSON, generator) for side in (0, 1)]
            pairs = replace(between.drawn([(code, np.ones(draws)) for code in codes]), peoples=peoples[None])
        weights, strata = weigh(pairs.sides()[0], np.zeros(items, dtype=np.int64), True)
        values, moved = pairs.quotient(weights)
        spread = spread_of(values, weights, strata, moved, "all", draws or 0)
        ends = estimate(spread, Nature(repetitions=999), "items like these", repetition).interval(0.025)
        assert ends is not None
        hits.append(ends[0] <= truth <= ends[1])
        halves.append((ends[1] - ends[0]) / 2)
        errors.append(spread.point - truth)
    return sim.Coverage(float(np.mean(hits)), float(np.mean(halves)), repetitions), float(np.mean(errors))


@dataclass(frozen=True, slots=True)
class Texts:
    """A metric, and texts whose lengths are lognormal with that standard deviation."""

    metric: str
    texts: int
    lengths: float = 0.6


TEXTS = (
    *(Texts("perplexity", texts) for texts in (12, 20, 32, 60)),
    *(Texts("bits_per_byte", texts) for texts in (12, 32)),
    Texts("perplexity", 12, 0.9),
    Texts("perplexity", 12, 0.01),
)


def predicted(
    case: Texts, *, moved: float, repetitions: int, alone: bool = False, seed: int = sim.SEED
) -> tuple[sim.Coverage, float]:
    """Coverage of how much a training changed the figure, and how often p is below .05; or, `alone`, coverage of the
    figure before it. Texts differ in length and in how hard they are; what a training does to each differs too, `moved`
    nats a token on average over all tokens."""
    generator = np.random.default_rng([seed, case.texts])
    tokens = np.ceil(generator.lognormal(4.6, case.lengths, size=20_000))
    sizes = tokens if case.metric == "perplexity" else np.ceil(tokens * generator.lognormal(1.4, 0.1, size=len(tokens)))
    before = generator.normal(3.8, 0.4, size=len(tokens))
    change = generator.normal(0.0, 0.06, size=len(tokens))
    after = before + change - np.average(change, weights=tokens) + moved
    taken, texts_of = sim.metric(case.metric), np.stack([tokens, sizes], axis=-1)

    def figure(nats: Array, of: Array) -> Spread:
        """Of texts with a mean of `nats` for a token, and tokens and what is counted in `of`."""
        values = taken.values(np.stack([-nats * of[:, 0], of[:, 0], of[:, 1]], axis=-1), None, taken.params())
        strata = np.zeros(len(values), dtype=np.int64)
        weights = sized(strata, of[:, 1])
        if taken.geometric:
            return exponential(replace(spread_of(np.log(values), weights, strata), sizes=weights))
        return replace(spread_of(values, weights, strata), sizes=weights)

    sides = (before,) if alone else (after, before)
    worth = [figure(side, texts_of).point for side in sides]
    truth = worth[0] if alone else worth[0] - worth[1]
    hits, halves, found_something = [], [], []
    for repetition in range(repetitions):
        rows = generator.integers(len(tokens), size=case.texts)
        both = [figure(side[rows], texts_of[rows]) for side in sides]
        found = uncertainty(both[0] if alone else combine("-", *both), repetition, taken, 999)
        ends = found.interval(0.025)
        assert ends is not None
        hits.append(ends[0] <= truth <= ends[1])
        halves.append((ends[1] - ends[0]) / 2)
        found_something.append(2 * min(found.chance("below", 0.0), found.chance("above", 0.0)) < 0.05)
    return sim.Coverage(float(np.mean(hits)), float(np.mean(halves)), repetitions), float(np.mean(found_something))


def _whole(shares: Array) -> Array:
    return np.asarray(shares / shares.sum(-1, keepdims=True))

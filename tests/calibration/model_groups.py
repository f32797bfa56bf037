"""Two groups of models between which there is no difference: how often a test finds one all the same.

Two simulations. In `effects` a model's value on an item is the sum of what the model, the item, the item in that group
and chance contribute, each with a standard deviation of its own. In `audits` models answer like people, each with
shares raised to a power of its own; participants are drawn from them, and KL is estimated by the jackknife as in an
audit. The truth is zero in both, so that an interval which misses it is a false alarm. Beside auditc's test stand those
that it might have been: the models' variance alone, the sum of both variances, Cameron's, Gelbach's and Miller's sum of
clusters, and the t-test that papers run on all values of all models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from auditc.evidence.clustered import clustered, group_variance
from auditc.evidence.jackknife import jackknife
from auditc.evidence.published import sample, welch_t
from auditc.evidence.spread import Spread, combine, mean, spread_of, weigh

from . import simulations as sim

Array = NDArray[np.float64]
Two = tuple[Array, Array]
"""Values `[models, items]` of the left group and of the right one."""


@dataclass(frozen=True, slots=True)
class Effects:
    """How many models a side and items, and the standard deviations of what makes a value; `skewed` effects of models
    and chance are exponential."""

    left: int
    right: int
    items: int
    model: float
    item: float
    between: float
    """Of the item in one of the groups alone."""
    chance: float
    skewed: bool = False
    dimensions: int = 1


CASES = (
    Effects(5, 5, 30, 0.1, 0.5, 0.0, 0.5),
    Effects(5, 5, 30, 0.1, 0.5, 0.3, 0.5),
    Effects(5, 10, 60, 0.2, 0.5, 0.1, 0.5),
    Effects(5, 20, 60, 0.3, 0.5, 0.2, 0.5),
    Effects(10, 10, 12, 0.1, 0.5, 0.3, 0.5),
    Effects(10, 10, 30, 0.0, 0.5, 0.3, 0.5),
    Effects(10, 10, 60, 0.3, 0.5, 0.1, 0.5),
    Effects(6, 6, 36, 0.1, 0.5, 0.2, 0.5, dimensions=9),
    Effects(5, 5, 30, 0.1, 0.5, 0.2, 0.5, skewed=True),
)


def effects(case: Effects, repetitions: int, seed: int = sim.SEED) -> dict[str, sim.Coverage]:
    """How often each test's interval holds the truth, which is no difference."""
    generator = np.random.default_rng([seed, case.left, case.right, case.items])
    strata = np.arange(case.items) % case.dimensions
    return _counted((_made(case, generator) for _ in range(repetitions)), strata)


def _made(case: Effects, generator: np.random.Generator) -> Two:
    shared = generator.normal(0, case.item, case.items)

    def group(models: int) -> Array:
        own = shared + generator.normal(0, case.between, case.items)
        if case.skewed:
            each = generator.exponential(case.model, (models, 1)) - case.model
            return each + own + generator.exponential(case.chance, (models, case.items)) - case.chance
        return (
            generator.normal(0, case.model, (models, 1)) + own + generator.normal(0, case.chance, (models, case.items))
        )

    return group(case.left), group(case.right)


def audits(
    pool: sim.Pool, *, models: int, items: int, draws: int, spread: float, repetitions: int, seed: int = sim.SEED
) -> dict[str, sim.Coverage]:
    """The same of KL: each model's shares are people's, raised to a power around 1.5 with that standard deviation."""
    generator = np.random.default_rng([seed, models, items, draws])
    taken = sim.metric("kl")

    def values(paper: object, people: Array) -> Array:
        evaluate = sim.from_counts("kl", paper)
        found = []
        for _ in range(models):
            shares = np.where(people > 0, people, 0) ** max(0.2, generator.normal(1.5, spread))
            codes = sim.answer(shares / shares.sum(-1, keepdims=True), draws, 0.3, generator)
            ones = np.ones(draws)
            found.append(jackknife(codes, ones, people.shape[1], evaluate, taken.bias == "jackknife").values)
        return np.array(found)

    def made() -> Iterator[Two]:
        for _ in range(repetitions):
            rows = generator.integers(len(pool), size=items)
            paper = sim.sheet(pool, rows)
            people = pool.shares[rows][:, : paper.options.shape[1]]
            yield values(paper, people), values(paper, people)

    return _counted(made(), np.zeros(items, dtype=np.int64))


def _counted(made: Iterator[Two], strata: NDArray[np.int64]) -> dict[str, sim.Coverage]:
    hits: dict[str, list[bool]] = {}
    halves: dict[str, list[float]] = {}
    for left, right in made:
        found, reached = _halves(left, right, strata)
        for name, half in reached.items():
            hits.setdefault(name, []).append(abs(found) <= half)
            halves.setdefault(name, []).append(half)
    return {
        name: sim.Coverage(float(np.mean(own)), float(np.mean(halves[name])), len(own)) for name, own in hits.items()
    }


def _spreads(values: Array, strata: NDArray[np.int64]) -> list[Spread]:
    """Of each model."""
    return [spread_of(row, *weigh(row, strata, True)) for row in values]


def _halves(left: Array, right: Array, strata: NDArray[np.int64]) -> tuple[float, dict[str, float]]:
    """The estimate, and how far each test's interval reaches to either side."""
    ours, theirs = _spreads(left, strata), _spreads(right, strata)
    made = clustered(ours, theirs)
    own = made.interval(0.95)
    assert own is not None
    groups = [group_variance(ours), group_variance(theirs)]
    models = sum(groups)
    welch = models**2 / sum(v**2 / (len(g) - 1) for v, g in zip(groups, (ours, theirs), strict=True))
    between = float((combine("-", mean(ours), mean(theirs)).items ** 2).sum())
    freedom = left.shape[1] - len(np.unique(strata))
    both = (models + between) ** 2 / (models**2 / welch + between**2 / freedom)
    published = welch_t(sample(left.ravel()), sample(right.ravel()))
    assert published.error is not None and published.freedom is not None
    few = min(len(left) + len(right), left.shape[1]) - 1
    return made.estimate, {
        "auditc": (own[1] - own[0]) / 2,
        "models alone": _reach(models, welch),
        "sum of both": _reach(models + between, both),
        "sum of clusters": _reach(_cameron(left, right), few),
        "as published": _reach(published.error**2, published.freedom),
    }


def _reach(variance: float, freedom: float) -> float:
    return float(stdtrit(freedom, 0.975) * np.sqrt(max(variance, 0.0)))


def _cameron(left: Array, right: Array) -> float:
    """The sum of cluster variances less that of their crossing, each with its G / (G − 1), for the plain mean."""
    moved = [group - group.mean() for group in (left, right)]
    cells = np.vstack([moved[0] / moved[0].size, -moved[1] / moved[1].size])
    by_model, by_item = float((cells.sum(1) ** 2).sum()), float((cells.sum(0) ** 2).sum())
    models, items = cells.shape
    crossed = float((cells**2).sum()) * cells.size / (cells.size - 1)
    return by_model * models / (models - 1) + by_item * items / (items - 1) - crossed

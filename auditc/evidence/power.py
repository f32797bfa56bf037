"""What a design could show before anything is asked: how likely a model that answers like people bears a claim out.

A claim that even such a model would often leave undecided costs a run and decides little. The model is simulated: draws
from people's own shares, as many as are planned, independent of each other, through the estimator and the decision that
will be used (statistics.md 1 and 2): the jackknife's variance over draws, for items like these plus the variance
between items, and Student's t with the smaller degrees of freedom. Real participants share more than that and skewed
values make the interval wider still, so a real model would be undecided more often than this one.

The jackknife's variance of a headline is the sum over items of that of each, and of products of two items that average
out to 0. The first is worked out, the second drawn: a chi-square that leaves mean and variance what they are.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from auditc.ir.design import Design
from auditc.metrics import metrics
from auditc.metrics._contract import Sheet

from .jackknife import Array, Evaluate
from .spread import weigh

REPETITIONS = 300
"""The chance is then known to within 0.03."""

NEARLY_NORMAL = 200
"""Degrees of freedom from which Student's t is a normal with one term of correction."""


def best_case(design: Design) -> tuple[float, float] | None:
    """The headline of a metric for a model that answers as people do, and the chance that it bears the claim out. None
    for a metric that is not about people, has no interval or is a distance over dimensions, or with items that the
    metric does not apply to alone."""
    taken = metrics.take(design.metric)
    paired = zip(design.items, design.people, strict=True)
    fitting = [(item, shares) for item, shares in paired if taken.takes(item)]
    of_people = taken.needs_people and taken.reads in ("shares", "counts") and taken.parts is None
    if not of_people or not taken.built or not taken.smooth or not fitting:
        return None
    if taken.no_interval or taken.aggregate == "distance":
        return None
    width = max(item.size for item, _ in fitting)
    options = np.arange(width) < np.array([item.size for item, _ in fitting])[:, None]
    shares = np.array([[*known.shares, *[0.0] * (width - item.size)] for item, known in fitting])
    sheet = Sheet(options, shares, np.array([float(known.n) for _, known in fitting]), None)
    params = taken.params()

    def evaluate(counts: Array) -> Array:
        given = counts if taken.reads == "counts" else counts / np.maximum(counts.sum(-1, keepdims=True), 1.0)
        values: Array = taken.values(given, sheet, params)
        return values

    generator = np.random.default_rng(design.seed)
    size = (max(1, design.parts), REPETITIONS, len(fitting))
    counts = generator.multinomial(design.draws, shares, size=size).astype(np.float64)
    every, moved = _jackknifed(counts, evaluate, taken.bias == "jackknife")
    names = sorted({item.dimension for item, _ in fitting})
    dimensions = np.array([names.index(item.dimension) for item, _ in fitting], dtype=np.int64)
    weights, strata = weigh(every.mean((0, 1)), dimensions, taken.aggregate == "dimensions")
    values, by_draws = every.mean(0), _of_draws(moved * weights**2, design.draws, generator)
    headline, variance, freedom = values @ weights, by_draws.sum(0) / size[0] ** 2, design.draws - 1
    if design.estimand == "items like these":
        variance = variance + _of_items(values, weights, strata)
        freedom = min(freedom, int((strata >= 0).sum()) - len(np.unique(strata[strata >= 0])))
    reach = student(freedom, design.tail) if freedom > 0 else math.inf
    error = np.sqrt(np.maximum(variance, 1e-24))
    ahead = design.threshold - headline if design.side == "below" else headline - design.threshold
    return float(headline.mean()), float((ahead >= reach * error).mean())


def _jackknifed(counts: Array, evaluate: Evaluate, correct: bool) -> tuple[Array, Array]:
    """Values `[..., I]`, and the jackknife's variance of each, from counts of draws of equal weight."""
    n = counts.sum(-1)
    plain = evaluate(counts)
    fewer = np.maximum(counts[..., None, :, :] - np.eye(counts.shape[-1])[:, None, :], 0.0)
    without = np.where(counts > 0, np.moveaxis(evaluate(fewer), -2, -1), 0.0)
    middle = (counts * without).sum(-1) / n
    moved = (counts * (without - middle[..., None]) ** 2).sum(-1) * (n - 1) / n
    return (n * plain - (n - 1) * middle if correct else plain), moved


def _of_draws(moved: Array, draws: int, generator: np.random.Generator) -> Array:
    """The variance `[...]` over draws of a headline, from that of each item, `[..., I]`, already weighted."""
    total = moved.sum(-1)
    alone = (moved**2).sum(-1) / np.maximum(total, 1e-24) ** 2
    chance = generator.chisquare(max(1, draws - 1), size=total.shape) / max(1, draws - 1)
    varied: Array = total * (1 + np.sqrt(np.maximum(1 - alone, 0.0)) * (chance - 1))
    return varied


def _of_items(values: Array, weights: Array, strata: NDArray[np.int64]) -> Array:
    """The variance between items of headlines with the values `[R, I]`, as `spread.spread_of` has it."""
    variance = np.zeros(len(values))
    for stratum in np.unique(strata[strata >= 0]):
        inside = strata == stratum
        count = int(inside.sum())
        if count > 1:
            mine, weight = values[:, inside], weights[inside]
            middle = (mine @ weight / weight.sum())[:, None]
            variance += ((weight * (mine - middle)) ** 2).sum(1) * count / (count - 1)
    return variance


def student(freedom: int, tail: float) -> float:
    """What Student's t exceeds with the chance `tail`. By the finite series for whole degrees of freedom (Abramowitz
    and Stegun, 26.7.3 and 26.7.4): loading scipy for one quantile would double the time that a check takes."""
    if freedom > NEARLY_NORMAL:
        z = NormalDist().inv_cdf(1 - tail)
        return z + (z**3 + z) / (4 * freedom)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _within(angle, freedom) < 1 - 2 * tail else (low, angle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """The chance that |t| is at most tan(angle)·√freedom."""
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(2 + odd, freedom - 1, 2):
        term *= math.cos(angle) ** 2 * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total

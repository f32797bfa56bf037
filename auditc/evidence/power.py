"""What a design could show before anything is asked: how near to people a model that answers like them would come out.

A claim that even such a model could not bear out with the planned draws costs a run and decides nothing. The model is
simulated: draws from people's own shares, as many as are planned, independent of each other, through the estimator
that will be used (statistics.md 1). Real participants share more than that, so real intervals are wider still.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from auditc.ir.plan import Item, People
from auditc.metrics import metrics
from auditc.metrics._contract import Sheet

from .jackknife import Array, corrected

REPETITIONS = 200


def best_case(
    metric: str, items: Sequence[Item], people: Sequence[People], draws: int, level: float, seed: int
) -> tuple[float, float, float] | None:
    """The headline of a metric for a model that answers as people do: mean over simulations, and the ends of an
    interval of that level that holds the randomness of draws alone. None for a metric that is not about people, or
    with items that the metric does not apply to alone."""
    taken = metrics.take(metric)
    fitting = [(item, shares) for item, shares in zip(items, people, strict=True) if item.scale in taken.scales]
    if not taken.needs_people or not taken.built or taken.reads not in ("shares", "counts") or not fitting:
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

    generator = np.random.default_rng(seed)
    counts = generator.multinomial(draws, shares, size=(REPETITIONS, len(fitting))).astype(np.float64)
    values = corrected(counts, evaluate, taken.bias == "jackknife")
    dimensions = [item.dimension for item, _ in fitting] if taken.aggregate == "dimensions" else [""] * len(fitting)
    parts = [values[:, [d == name for d in dimensions]].mean(1) for name in sorted(set(dimensions))]
    headline = np.mean(parts, axis=0)
    spread = float(headline.std(ddof=1)) * NormalDist().inv_cdf((1 + level) / 2)
    middle = float(headline.mean())
    return middle, middle - spread, middle + spread

"""What each estimator of KL divergence gives on average, exactly: no simulation between a table and its figures.

The plug-in is a sum over options, each with a binomial count, so its expectation is a sum over counts. Those of the
others follow: smoothing is another summand, Miller and Madow take (options seen − 1) ÷ 2n off, and leaving one draw out
of n is the plug-in of n − 1. Only the jackknife is auditc's; the rest is here to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import binom

from .simulations import PEOPLE, Array, Pool, model, sheet, values

ESTIMATORS = ("plug-in", "plug-in − (k − 1)/2n", "add ½", "Miller–Madow", "jackknife")


def expectations(pool: Pool, kind: str, draws: int) -> dict[str, float]:
    """The truth, and the expectation of each estimator, as means over items in nats."""
    p, size = model(pool, kind), pool.options.sum(-1)
    plain = _separable(pool, p, draws, lambda counts: counts / draws)
    fewer = _separable(pool, p, draws - 1, lambda counts: counts / (draws - 1))
    smoothed = _separable(pool, p, draws, lambda counts: (counts + 0.5) / (draws + size / 2)[:, None])
    seen = np.where(pool.options, 1 - (1 - p) ** draws, 0.0).sum(-1)
    found = {
        "truth": values("kl", p, sheet(pool)),
        "plug-in": plain,
        "plug-in − (k − 1)/2n": plain - (size - 1) / (2 * draws),
        "add ½": smoothed,
        "Miller–Madow": plain - (seen - 1) / (2 * draws),
        "jackknife": draws * plain - (draws - 1) * fewer,
    }
    return {name: float(value.mean()) for name, value in found.items()}


def _separable(pool: Pool, p: Array, draws: int, share: Callable[[Array], Array]) -> Array:
    """`[I]`: the expectation of Σ_j s_j·ln(s_j/q_j) over counts of draws from p, with s = `share(counts)`."""
    size = pool.options.sum(-1)
    people = (pool.shares * PEOPLE + 0.5) / (PEOPLE + size / 2)[:, None]
    total = np.zeros(p.shape)
    for count in range(draws + 1):
        own = np.broadcast_to(share(np.full(p.shape, float(count))), p.shape)
        terms = np.where(own > 0, own * np.log(np.where(own > 0, own, 1.0) / people), 0.0)
        total += binom.pmf(count, draws, p) * terms
    return np.asarray(np.where(pool.options, total, 0.0).sum(-1))

"""Distance: the Euclidean length of mean differences over dimensions, with the draws' part taken off.

For signed differences x_i of items, in dimensions with means d_v, the plain length √Σ d_v² is too large where answers
were drawn: E d̂_v² = d_v² + Var d̂_v. The variance over draws is known from their influence, and is taken off the square:

    distance = √ max(0, Σ_v d̂_v² − Σ_v Var d̂_v)

Simulated samples (floors) lose the variance they have among themselves, so that the same estimator stands beside it. A
distance is one of these items: other items would move it, in one direction only, and more the fewer there are in a
dimension. So no item has an influence here, and no claim on items like these is made of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .spread import Spread

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def lengths(values: Array, dimensions: Ints) -> Array:
    """Plain lengths of `values[..., I]`; `dimensions[I]` are numbers, -1 where an item is left out. NaN where a value
    that is used is missing."""
    found: Array = np.sqrt((_means(values, dimensions) ** 2).sum(-1))
    return found


def simulated_lengths(values: Array, dimensions: Ints, drawn: bool) -> Array:
    """Of simulated samples `[R, I]`; where they are `drawn` without what chance adds to a square."""
    means = _means(values, dimensions)
    noise = means.var(0, ddof=1).sum() if drawn and len(means) > 1 else 0.0
    found: Array = np.sqrt(np.maximum((means**2).sum(-1) - noise, 0.0))
    return found


def distance_of(values: Array, dimensions: Ints, influence: Array | None, who: str, count: int) -> Spread:
    """The distance with its spread over draws: `influence[D, I]` of `count` draws that answered, None where
    probabilities are exact."""
    safe = np.where(dimensions >= 0, np.nan_to_num(values), 0.0)
    means = _means(safe, dimensions)
    plain = float(np.sqrt((means**2).sum()))
    none = np.full(len(values), -1, dtype=np.int64)
    if influence is None:
        return Spread(plain, np.zeros(len(values)), none, least=plain, most=plain)
    used = np.where(dimensions >= 0, influence, 0.0)
    noise = float((_means(used, dimensions) ** 2).sum())
    point = float(np.sqrt(max(plain**2 - noise, 0.0)))
    labels = np.unique(dimensions[dimensions >= 0])
    slopes = np.zeros(len(values))
    for mean, label in zip(means, labels, strict=True):
        inside = dimensions == label
        slopes[inside] = mean / (plain or 1.0) / inside.sum()
    return Spread(point, np.zeros(len(values)), none, {who: used * slopes}, {who: count}, point, point)


def furthest(low: Array, high: Array, dimensions: Ints) -> tuple[float, float]:
    """Least and most distance with each item's difference between `low[I]` and `high[I]`; an item that could have no
    value takes no part."""
    known = np.where(np.isfinite(low) & np.isfinite(high), dimensions, -1)
    below, above = _means(np.nan_to_num(low), known), _means(np.nan_to_num(high), known)
    nearest = np.where((below <= 0) & (above >= 0), 0.0, np.minimum(np.abs(below), np.abs(above)))
    most = np.maximum(np.abs(below), np.abs(above))
    return float(np.sqrt((nearest**2).sum())), float(np.sqrt((most**2).sum()))


def _means(values: Array, dimensions: Ints) -> Array:
    """`[..., I]` to the means in each dimension `[..., V]`."""
    labels = np.unique(dimensions[dimensions >= 0])
    inside = dimensions[:, None] == labels
    shares = inside / np.maximum(inside.sum(0), 1)
    found: Array = np.where(dimensions >= 0, values, 0.0) @ shares
    return found

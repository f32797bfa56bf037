"""Distance: the Euclidean length of mean differences over dimensions, with the draws' part taken off.

For signed differences x_i of items, in dimensions with means d_v and their covariance C over draws, the plain length
‖d̂‖ = √Σ d̂_v² is too large where answers were drawn: chance lengthens it by what it adds across its own direction,
E ‖d̂‖ ≈ ‖d‖ + (tr C − u'Cu) / 2‖d‖ with u = d/‖d‖. C is known from the draws' influence, and is taken off the square:

    distance = √ max(0, ‖d̂‖² − (tr C − u'Cu))

(All of tr C would leave the square unbiased and the length too short.) Its variance is u'Cu where the length is large;
one that could be chance alone moves with all of C, so the rest of tr C counts in the share (tr C / ‖d̂‖²)², at most 1.
Simulated samples (floors) lose what C among themselves gives, so that the same estimator stands beside it.

A distance is one of these items: other items would move it, in one direction only, and more the fewer there are in a
dimension. So no item has an influence here, and no claim on items like these is made of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .spread import Spread

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


OF_THESE = "a distance is one of these items: it does not speak for others"


def lengths(values: Array, dimensions: Ints) -> Array:
    """Plain lengths of `values[..., I]`; `dimensions[I]` are numbers, -1 where an item is left out. NaN where a value
    that is used is missing."""
    found: Array = np.sqrt((_means(values, dimensions) ** 2).sum(-1))
    return found


def simulated_lengths(values: Array, dimensions: Ints, drawn: bool) -> Array:
    """Of simulated samples `[R, I]`; where they are `drawn` without what chance adds."""
    means = _means(values, dimensions)
    squares = (means**2).sum(-1)
    if not drawn or len(means) < 2 or not np.isfinite(means).all():
        return np.asarray(np.sqrt(squares))
    centred = means - means.mean(0)
    covariance = centred.T @ centred / (len(means) - 1)
    along = ((means @ covariance) * means).sum(-1) / np.where(squares > 0, squares, 1.0)
    return np.asarray(np.sqrt(np.maximum(squares - np.trace(covariance) + along, 0.0)))


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
    labels = np.unique(dimensions[dimensions >= 0])
    slopes = np.zeros(len(values))
    for mean, label in zip(means, labels, strict=True):
        inside = dimensions == label
        slopes[inside] = mean / (plain or 1.0) / inside.sum()
    moved = used * slopes
    along = float((moved.sum(1) ** 2).sum())
    whole = float((_means(used, dimensions) ** 2).sum())
    across = max(whole - along, 0.0)
    point = float(np.sqrt(max(plain**2 - across, 0.0)))
    if along > 0 and plain > 0:
        moved = moved * np.sqrt(1 + across * min(1.0, whole / plain**2) ** 2 / along)
    return Spread(point, np.zeros(len(values)), none, {who: moved}, {who: count}, point, point)


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

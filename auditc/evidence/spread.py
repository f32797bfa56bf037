"""Spread: an estimate together with how each item and each draw moved it; sums and differences keep both.

Every headline is a weighted sum over items, so its dependence on items and on draws is known to first order and adds
up: `a − b` on the same items has as its influence the difference of the influences, item by item, which is what makes
a comparison a paired one. Products and quotients use the first derivative (the delta method).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLE = 1_000_000
"""The stratum of an estimate whose items are one sample, not one for each dimension."""
SAME = 1e-7
"""Items whose values differ by less than this share of the largest have one value: a root at zero, as that of the
Jensen–Shannon distance, makes a difference of 1e-8 of a rounding of 1e-16."""
ROUNDING = 1e-12
"""Values that lie no further apart are one value, however small they are: a zero may come out as 1e-17."""
ANYTHING = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """`items[N]` is the influence of each item, scaled so that the variance between items is its sum of squares and
    centred within each stratum; `strata[N]` numbers the strata (dimensions), −1 where an item is not used;
    `draws[who][D, N]` is the influence of each draw through each item, by who was asked, of whom `count[who]` answered.
    `least` and `most` are the point under the worst and best allocation of answers that are missing. `alike` is the
    value of all items, where it is one and the same in all figures that are summed; None
    elsewhere. Of a ratio of sums over items `sizes[N]` are the shares that these have in the one below; None of
    everything else."""

    point: float
    items: Array
    strata: Ints
    draws: dict[str, Array] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)
    least: float = 0.0
    most: float = 0.0
    alike: float | None = None
    sizes: Array | None = None

    @property
    def used(self) -> int:
        """How many items it rests on."""
        return int((self.strata >= 0).sum())


def weigh(values: Array, dimensions: Ints, by_dimension: bool) -> tuple[Array, Ints]:
    """Weights `[I]` of the headline, summing to 1 over items with a value, and their strata.

    By dimension: 1 ÷ (dimensions × items in the item's dimension), each dimension a stratum; else the plain mean.
    """
    usable = np.isfinite(values)
    strata = np.where(usable, dimensions if by_dimension else WHOLE, -1)
    weights = np.zeros(len(values))
    present = np.unique(strata[usable])
    for stratum in present:
        inside = strata == stratum
        weights[inside] = 1.0 / (len(present) * inside.sum())
    return weights, collapse(strata)


def sized(strata: Ints, sizes: Array) -> Array:
    """Weights `[I]` of a headline in which each item counts by its size, summing to 1 over items with a value.

    The mean is a ratio of two sums over items, as of bits over bytes, and `spread_of` gives what each item does to it
    to first order: its share of the size times how far its value is from the ratio. Source: Cochran (1977), Sampling
    techniques, 6.3.
    """
    weights = np.where(strata >= 0, sizes, 0.0)
    total = float(weights.sum())
    return weights / total if total > 0 else weights


def collapse(strata: Ints) -> Ints:
    """Strata of a single item have no variance of their own: they are put together, and a lone one joins the smallest
    other stratum. That counts differences between those dimensions as chance, and so errs on the wide side."""
    used = strata >= 0
    labels, sizes = np.unique(strata[used], return_counts=True)
    single = labels[sizes == 1]
    if len(single) == 0 or len(labels) == 1:
        return strata
    if len(single) == 1:
        others = sizes > 1
        joined = np.array([single[0], labels[others][np.argmin(sizes[others])]])
    else:
        joined = single
    return np.where(used & np.isin(strata, joined), joined.max(), strata)


def spread_of(
    values: Array, weights: Array, strata: Ints, influence: Array | None = None, who: str = "", count: int = 0
) -> Spread:
    """The weighted sum of `values[I]` with its spread; `influence[D, I]` where answers were drawn, by `count` of D."""
    safe = np.where(strata >= 0, values, 0.0)
    items = np.zeros(len(values))
    for stratum in np.unique(strata[strata >= 0]):
        inside = strata == stratum
        size = int(inside.sum())
        if size < 2:
            continue
        middle = np.average(safe[inside], weights=weights[inside])
        off = safe[inside] - middle
        if np.abs(off).max() > SAME * np.abs(safe[inside]).max():
            items[inside] = weights[inside] * off * np.sqrt(size / (size - 1))
    point = float(weights @ safe)
    used = safe[strata >= 0]
    alike = float(used[0]) if used.size and np.ptp(used) <= max(ROUNDING, SAME * np.abs(used).max()) else None
    if influence is None:
        return Spread(point, items, strata, least=point, most=point, alike=alike)
    draws = {who: np.where(strata >= 0, influence, 0.0) * weights}
    return Spread(point, items, strata, draws, {who: count}, point, point, alike)


def exponential(spread: Spread) -> Spread:
    """exp of an estimate, with its spread to first order: of a mean of logarithms it makes the geometric mean."""
    point = float(np.exp(spread.point))
    draws = {who: influence * point for who, influence in spread.draws.items()}
    ends = float(np.exp(spread.least)), float(np.exp(spread.most))
    least, most = ends
    alike = None if spread.alike is None else float(np.exp(spread.alike))
    return replace(spread, point=point, items=spread.items * point, draws=draws, least=least, most=most, alike=alike)


def constant(value: float, size: int) -> Spread:
    """A number: it moves with nothing."""
    return Spread(value, np.zeros(size), np.full(size, -1, dtype=np.int64), least=value, most=value)


def placed(spread: Spread, positions: Ints, size: int) -> Spread:
    """The same spread over a longer list of items, its own standing at `positions`."""
    items = np.zeros(size)
    items[positions] = spread.items
    strata = np.full(size, -1, dtype=np.int64)
    strata[positions] = spread.strata
    sizes = None
    if spread.sizes is not None:
        sizes = np.zeros(size)
        sizes[positions] = spread.sizes
    draws = {}
    for who, influence in spread.draws.items():
        wide = np.zeros((len(influence), size))
        wide[:, positions] = influence
        draws[who] = wide
    return replace(spread, items=items, strata=strata, draws=draws, sizes=sizes)


def combine(operator: str, left: Spread, right: Spread) -> Spread:
    """`left operator right` for + − * /. Raises ZeroDivisionError."""
    a, b = left.point, right.point
    match operator:
        case "+":
            point, by_left, by_right = a + b, 1.0, 1.0
        case "-":
            point, by_left, by_right = a - b, 1.0, -1.0
        case "*":
            point, by_left, by_right = a * b, b, a
        case "/":
            point, by_left, by_right = a / b, 1.0 / b, -a / b**2
        case _:
            raise ValueError(operator)
    least, most = _ends(operator, (left.least, left.most), (right.least, right.most))
    draws = {who: by_left * influence for who, influence in left.draws.items()}
    for who, influence in right.draws.items():
        draws[who] = draws[who] + by_right * influence if who in draws else by_right * influence
    count = left.count | {who: min(n, left.count.get(who, n)) for who, n in right.count.items()}
    items = by_left * left.items + by_right * right.items
    strata = _strata(left.strata, right.strata)
    return Spread(point, items, strata, draws, count, least, most, _alike(operator, left, right), _sizes(left, right))


def mean(spreads: list[Spread]) -> Spread:
    """The plain mean. Raises ValueError for none."""
    if not spreads:
        raise ValueError("the mean of nothing")
    total = spreads[0]
    for spread in spreads[1:]:
        total = combine("+", total, spread)
    return combine("/", total, constant(float(len(spreads)), len(total.items)))


def _alike(operator: str, left: Spread, right: Spread) -> float | None:
    """The one value of two sums together. A number may move and stretch it, but not turn it round, for then it could
    be compared; a figure adds to another of the same value."""
    if not left.used:
        return right.alike if operator == "+" or (operator == "*" and left.point > 0) else None
    if not right.used:
        return left.alike if operator in "+-" or right.point > 0 else None
    if operator != "+" or left.alike is None or right.alike is None:
        return None
    near = abs(left.alike - right.alike) <= max(ROUNDING, SAME * abs(left.alike))
    return left.alike if near else None


def _sizes(left: Spread, right: Spread) -> Array | None:
    """Those that both have, a number having none of its own."""
    if not (left.used and right.used):
        return left.sizes if left.used else right.sizes
    if left.sizes is None or right.sizes is None:
        return None
    return left.sizes if np.allclose(left.sizes, right.sizes) else None


def _strata(left: Ints, right: Ints) -> Ints:
    """Strata of both together; where one of them knows none, neither does the combination."""
    both = np.where(left >= 0, left, right)
    if WHOLE in both:
        return np.where(both >= 0, WHOLE, -1)
    return collapse(both)


def _ends(operator: str, left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    """Interval arithmetic: all that the two can be between their ends."""
    if operator == "-":
        return left[0] - right[1], left[1] - right[0]
    if operator == "+":
        return left[0] + right[0], left[1] + right[1]
    if operator == "/" and right[0] <= 0 <= right[1]:
        return ANYTHING
    if not np.isfinite([*left, *right]).all():
        return ANYTHING
    corners = [a * b if operator == "*" else a / b for a in left for b in right]
    return min(corners), max(corners)

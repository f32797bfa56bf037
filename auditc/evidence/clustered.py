"""Two groups of models compared, with the model as the unit: a model is one observation, however much it was asked.

Let θ_m be model m's figure over the items that all of them have in common. The estimate is the difference of the means
of the θ_m. Models are a sample of those that could have been taken, and so are the items:

    V = V_models + V_items − V_overlap
    V_models  = s²_left ÷ n_left + s²_right ÷ n_right, of the θ_m (Welch's)
    V_items   = the variance over items of the groups' difference, item by item: what an item does to all models alike
                cancels in it, so that the comparison is paired by item
    V_overlap = Σ_g MS_g ÷ (items · n_g), MS_g the mean square of what neither model nor item explains in group g,
                which is in both parts and is counted once

and never smaller than either of its first two parts. t has Welch's and Satterthwaite's degrees of freedom:

    V² ÷ (V²_left ÷ (n_left − 1) + V²_right ÷ (n_right − 1) + (V − V_models)² ÷ (items − strata))

Fewer than five models a side are described and not tested (statistics.md 4): the variance of two or three figures is
hardly known. With fewer than ten items the items are taken as they are, V = V_models.
Source: Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, for the sum; the overlap is taken
from residuals of both ways, as in the analysis of variance, for theirs holds what items do to all models, and is too
large by it. Why this one: docs/benchmarks/statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from .distance import OF_THESE
from .estimate import FEWEST_ITEMS, NEGLIGIBLE
from .spread import Spread, combine, mean

Array = NDArray[np.float64]

FEWEST_MODELS = 5
"""On each side; with fewer nothing is tested."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """The difference of two groups of models. `error` None: it is described and not tested, and `notes` say why."""

    estimate: float
    error: float | None
    freedom: float | None
    test: str
    notes: tuple[str, ...] = ()

    @property
    def statistic(self) -> float | None:
        return None if self.error is None else self.estimate / self.error

    @property
    def p(self) -> float | None:
        """Two-sided."""
        if self.statistic is None or self.freedom is None:
            return None
        return 2 * float(stdtr(self.freedom, -abs(self.statistic)))

    def interval(self, level: float) -> tuple[float, float] | None:
        if self.error is None or self.freedom is None:
            return None
        reach = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.error
        return self.estimate - reach, self.estimate + reach


DESCRIBED = "none: described"


def clustered(left: Sequence[Spread], right: Sequence[Spread]) -> Clustered:
    """Left − right. Every spread is one model's figure over the same items. Raises ValueError for an empty group."""
    difference = combine("-", mean(list(left)), mean(list(right)))
    fewest = min(len(left), len(right))
    if fewest < FEWEST_MODELS:
        why = f"{len(left)} models against {len(right)}: fewer than {FEWEST_MODELS} a side are described, not tested"
        return Clustered(difference.point, None, None, DESCRIBED, (why,))
    groups = [group_variance(left), group_variance(right)]
    models = sum(groups)
    between, overlap, items_freedom = _items(left, right, difference)
    notes: tuple[str, ...] = ()
    words = "models and items clustered, t"
    if difference.used == 0:  # Of a distance no item has an influence of its own.
        variance, words, notes = models, "models clustered, t", (OF_THESE,)
    elif difference.used < FEWEST_ITEMS or items_freedom < 1:
        variance, words = models, "models clustered, t"
        notes = (f"{difference.used} of at least {FEWEST_ITEMS} items that could speak for others: about these alone",)
    else:
        variance = max(models + between - overlap, models, between)
    if np.sqrt(variance) < NEGLIGIBLE:
        why = "all models have the same figure: their variation cannot be measured"
        return Clustered(difference.point, None, None, DESCRIBED, (*notes, why))
    parts = [(groups[0], len(left) - 1), (groups[1], len(right) - 1), (variance - models, items_freedom)]
    freedom = variance**2 / sum(part**2 / max(f, 1) for part, f in parts)
    return Clustered(difference.point, float(np.sqrt(variance)), float(freedom), words, notes)


def group_variance(group: Sequence[Spread]) -> float:
    """Of the mean of a group's figures."""
    return float(np.var([spread.point for spread in group], ddof=1)) / len(group)


def _items(left: Sequence[Spread], right: Sequence[Spread], difference: Spread) -> tuple[float, float, int]:
    """The variance that items make, what of it is in the models' as well, and its degrees of freedom."""
    used = difference.strata >= 0
    overlap = 0.0
    for group in (left, right):
        moved = np.array([spread.items[used] for spread in group])
        rest = moved - moved.mean(0)
        overlap += float((rest**2).sum()) / len(group) / (len(group) - 1)
    freedom = difference.used - len(np.unique(difference.strata[used]))
    return float((difference.items**2).sum()), overlap, freedom

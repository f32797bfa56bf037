"""Tests of two groups of values as papers ran them, from the values or from the means and deviations in print.

They take every value for an observation of its own. Where values share a model or an item they are not, and the test is
too sure of itself: auditc offers them by name, to be held against what was printed, and decides nothing by them.

With means x̄, standard deviations s and numbers n of values:

    Welch      t = (x̄₁ − x̄₂) / √(s₁²/n₁ + s₂²/n₂),   df = (s₁²/n₁ + s₂²/n₂)² / Σ (sᵢ²/nᵢ)² / (nᵢ − 1)
    pooled     t = (x̄₁ − x̄₂) / √(s²·(1/n₁ + 1/n₂)),  df = n₁ + n₂ − 2,  s² = Σ (nᵢ − 1)·sᵢ² / df

With n₁ = n₂ the two statistics are equal, and only the degrees of freedom tell which was computed.
Source: Welch (1947), The generalization of "Student's" problem; Wilcoxon (1945); Mann and Whitney (1947); Hodges and
Lehmann (1963) for the shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """A group of values by what is printed of it: mean, standard deviation (of n − 1) and number."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True)
class Tested:
    """One test: its name, the estimate of left − right with its interval where it gives one, and `p`, two-sided.

    `error` is the standard error of a t-test. `statistic` and `p` are None where nothing varies.
    """

    test: str
    estimate: float
    low: float | None
    high: float | None
    statistic: float | None
    freedom: float | None
    p: float | None
    error: float | None = None


def sample(values: Array) -> Sample:
    """A group by its mean and deviation. Raises ValueError for fewer than two values."""
    if len(values) < 2:
        raise ValueError("one value has no deviation")
    return Sample(float(values.mean()), float(values.std(ddof=1)), len(values))


def welch_t(left: Sample, right: Sample, level: float = 0.95) -> Tested:
    """Student's t with a variance for each group. Raises ValueError for a group of fewer than two values."""
    parts = [_variance(group) / group.n for group in (left, right)]
    freedom = _freedom(parts, [left.n - 1, right.n - 1])
    return _t("Welch t-test", left.mean - right.mean, float(np.sqrt(sum(parts))), freedom, level)


def pooled_t(left: Sample, right: Sample, level: float = 0.95) -> Tested:
    """Student's t with one variance for both groups. Raises ValueError for a group of fewer than two values."""
    freedom = left.n + right.n - 2
    pooled = ((left.n - 1) * _variance(left) + (right.n - 1) * _variance(right)) / freedom
    error = float(np.sqrt(pooled * (1 / left.n + 1 / right.n)))
    return _t("Student t-test, pooled variance", left.mean - right.mean, error, freedom, level)


def rank_sum(left: Array, right: Array) -> Tested:
    """Wilcoxon's rank sum of two groups (Mann and Whitney's U of the left one): exact for small groups without ties,
    else by the normal distribution. The estimate is the median of all differences. Raises ValueError for an empty
    group."""
    from scipy import stats  # noqa: PLC0415  (takes longer to load than most audits to conclude)

    if not len(left) or not len(right):
        raise ValueError("a group without values has no rank")
    shift = float(np.median(left[:, None] - right[None, :]))
    if np.ptp(np.concatenate([left, right])) == 0:
        return Tested("Wilcoxon rank-sum test", shift, None, None, None, None, None)
    found = stats.mannwhitneyu(left, right, alternative="two-sided")
    return Tested("Wilcoxon rank-sum test", shift, None, None, float(found.statistic), None, float(found.pvalue))


def signed_rank(left: Array, right: Array) -> Tested:
    """Wilcoxon's signed ranks of values in pairs. The estimate is the median of the means of all two differences (the
    pseudo-median). Raises ValueError when the lengths differ or are zero."""
    from scipy import stats  # noqa: PLC0415  (as above)

    if len(left) != len(right) or not len(left):
        raise ValueError("pairs need as many values on the left as on the right")
    moved = left - right
    shift = float(np.median([(a + b) / 2 for i, a in enumerate(moved) for b in moved[i:]]))
    if not moved.any():
        return Tested("Wilcoxon signed-rank test", shift, None, None, None, None, None)
    found = stats.wilcoxon(moved, alternative="two-sided")
    return Tested("Wilcoxon signed-rank test", shift, None, None, float(found.statistic), None, float(found.pvalue))


def _variance(group: Sample) -> float:
    if group.n < 2:
        raise ValueError("one value has no deviation")
    return group.sd**2


def _freedom(parts: list[float], each: list[int]) -> float:
    """Welch's and Satterthwaite's degrees of freedom of a sum of variances."""
    squares = sum(part**2 / freedom for part, freedom in zip(parts, each, strict=True))
    return float(sum(parts) ** 2 / squares) if squares > 0 else float(sum(each))


def _t(test: str, estimate: float, error: float, freedom: float, level: float) -> Tested:
    if error == 0:
        return Tested(test, estimate, None, None, None, freedom, None)
    statistic = estimate / error
    reach = float(stdtrit(freedom, 0.5 + level / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(statistic)))
    return Tested(test, estimate, estimate - reach, estimate + reach, statistic, freedom, p, error)

"""The tests that papers ran, against scipy's and against hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditc.evidence.published import Sample, pooled_t, rank_sum, sample, signed_rank, welch_t


@pytest.fixture
def groups() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    return generator.normal(1.0, 0.5, 12), generator.normal(0.4, 1.5, 21)


@pytest.mark.parametrize(("ours", "equal"), [(welch_t, False), (pooled_t, True)])
def test_t_tests_are_scipys(ours, equal, groups) -> None:
    left, right = groups
    found, wanted = ours(sample(left), sample(right)), stats.ttest_ind(left, right, equal_var=equal)
    ends = wanted.confidence_interval(0.95)
    assert (found.statistic, found.p, found.freedom) == pytest.approx((wanted.statistic, wanted.pvalue, wanted.df))
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert found.estimate == pytest.approx(left.mean() - right.mean())


def test_wilcoxons_are_scipys_and_their_estimates_are_shifts(groups) -> None:
    left, right = groups
    found, wanted = rank_sum(left, right), stats.mannwhitneyu(left, right)
    assert (found.statistic, found.p) == pytest.approx((wanted.statistic, wanted.pvalue))
    assert rank_sum(left + 3, right).estimate == pytest.approx(found.estimate + 3)
    pairs, wanted = signed_rank(left, right[:12]), stats.wilcoxon(left, right[:12])
    assert (pairs.statistic, pairs.p) == pytest.approx((wanted.statistic, wanted.pvalue))
    assert signed_rank(left + 3, right[:12]).estimate == pytest.approx(pairs.estimate + 3)


def test_ranks_by_hand() -> None:
    """Of 3 and 4 values without overlap, one order of 35 is as far to either side."""
    assert rank_sum(np.array([5.0, 6, 7]), np.array([1.0, 2, 3, 4])).p == pytest.approx(2 / 35)


def test_where_nothing_varies_nothing_is_tested() -> None:
    same = np.ones(5)
    for found in (welch_t(sample(same), sample(same)), rank_sum(same, same), signed_rank(same, same)):
        assert (found.estimate, found.p, found.statistic, found.low) == (0.0, None, None, None)


def test_too_few_values_are_refused() -> None:
    with pytest.raises(ValueError, match="one value"):
        sample(np.ones(1))
    with pytest.raises(ValueError, match="one value"):
        welch_t(Sample(1, 1, 1), Sample(1, 1, 5))
    with pytest.raises(ValueError, match="without values"):
        rank_sum(np.array([]), np.ones(3))
    with pytest.raises(ValueError, match="pairs"):
        signed_rank(np.ones(2), np.ones(3))

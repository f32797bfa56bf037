"""A planted share of faults is found again through a judge who errs, and the interval holds it 95 times in 100.

The quick tests fail only on what chance cannot explain; the slow ones hold the figures of 1,000 audits. The table is in
docs/benchmarks/statistics.md; `python benchmarks/coverage.py --judge` makes it.
"""

from __future__ import annotations

import pytest

from .judging import Recovered, recovered
from .simulations import binomial_bounds

QUICK, SLOW = 200, 1000
LEAST, MOST = 0.93, 0.97


def near(found: Recovered, repetitions: int) -> None:
    low, high = binomial_bounds(LEAST, repetitions)[0], binomial_bounds(MOST, repetitions)[1]
    assert low <= found.covered <= high, found
    assert found.refused == 0


@pytest.mark.parametrize("truth", [0.05, 0.2, 0.5])
def test_a_planted_share_of_faults_is_recovered(truth: float) -> None:
    found = recovered(truth, answers=500, cases=100, repetitions=QUICK)
    near(found, QUICK)
    assert abs(found.bias) < 0.02


def test_participants_whose_answers_are_alike_make_the_interval_longer() -> None:
    alone = recovered(0.2, answers=500, cases=200, repetitions=QUICK)
    alike = recovered(0.2, answers=500, cases=200, repetitions=QUICK, alike=0.3)
    near(alike, QUICK)
    assert alike.half > 1.05 * alone.half


@pytest.mark.slow
@pytest.mark.parametrize("truth", [0.05, 0.2, 0.5])
@pytest.mark.parametrize(("answers", "cases", "alike"), [(200, 50, 0.0), (500, 100, 0.0), (500, 300, 0.3)])
def test_coverage_in_a_thousand_audits(truth: float, answers: int, cases: int, alike: float) -> None:
    found = recovered(truth, answers=answers, cases=cases, repetitions=SLOW, alike=alike)
    near(found, SLOW)
    assert abs(found.bias) < 0.02

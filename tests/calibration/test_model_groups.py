"""Does the test between groups of models find a difference where there is none five times in a hundred, and no more?"""

from __future__ import annotations

import pytest

from . import model_groups, simulations

QUICK, SLOW = 300, 1000
LEAST, MOST = 0.93, 0.97
POOL = simulations.synthetic()


def _near(measured: simulations.Coverage) -> None:
    low = simulations.binomial_bounds(LEAST, measured.repetitions, z=2.5)[0]
    high = simulations.binomial_bounds(MOST, measured.repetitions, z=2.5)[1]
    assert low <= measured.covered <= high, measured


@pytest.mark.parametrize("case", model_groups.CASES[1:3], ids=str)
def test_false_alarms_are_at_their_level(case: model_groups.Effects) -> None:
    found = model_groups.effects(case, QUICK)
    _near(found["auditc"])
    assert found["sum of both"].covered >= found["auditc"].covered


def test_values_of_one_model_are_not_independent() -> None:
    """Where models differ, the t-test on all values calls groups different that are not; more items make it worse."""
    case = model_groups.Effects(5, 5, 60, 0.3, 0.2, 0.0, 0.5)
    assert model_groups.effects(case, QUICK)["as published"].covered < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("case", model_groups.CASES, ids=str)
def test_a_thousand_comparisons_of_no_difference(case: model_groups.Effects) -> None:
    _near(model_groups.effects(case, SLOW)["auditc"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("models", "items", "draws", "spread"), [(5, 30, 20, 0.3), (10, 30, 20, 0.3), (5, 60, 20, 0.1)]
)
def test_a_thousand_audits_of_models_that_answer_alike(models: int, items: int, draws: int, spread: float) -> None:
    found = model_groups.audits(POOL, models=models, items=items, draws=draws, spread=spread, repetitions=SLOW)
    _near(found["auditc"])

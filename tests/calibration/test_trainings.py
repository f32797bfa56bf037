"""Does the interval of before and after hold what a training changed, and is a change found where there is none?"""

from __future__ import annotations

import pytest

from . import simulations, trainings

QUICK, SLOW = 200, 1000
LEAST, MOST = 0.93, 0.97
POOL = simulations.synthetic()


def _near(measured: simulations.Coverage) -> None:
    low = simulations.binomial_bounds(LEAST, measured.repetitions, z=2.5)[0]
    high = simulations.binomial_bounds(MOST, measured.repetitions, z=2.5)[1]
    assert low <= measured.covered <= high, measured


def _rare(rate: float, repetitions: int) -> None:
    """An interval that holds the truth in .93 of cases finds something in .07 of those without."""
    assert rate <= simulations.binomial_bounds(1 - LEAST, repetitions, z=2.5)[1], rate


@pytest.mark.parametrize("case", [trainings.CASES[1], trainings.CASES[4]], ids=str)
def test_the_interval_holds_what_a_training_changed(case: trainings.Case) -> None:
    _near(trainings.coverage(case, POOL, QUICK))


@pytest.mark.parametrize("case", [trainings.NOTHING[0], trainings.NOTHING[4]], ids=str)
def test_nothing_is_found_where_nothing_changed(case: trainings.Case) -> None:
    _rare(trainings.false_alarms(case, POOL, QUICK), QUICK)


def test_the_share_of_variation_kept_is_right_on_average_and_within_its_interval() -> None:
    found, error = trainings.variation(kept=0.6, items=60, draws=None, people=1000, repetitions=QUICK)
    _near(found)
    assert abs(error) < 0.02


@pytest.mark.parametrize("case", [trainings.TEXTS[0], trainings.TEXTS[5]], ids=str)
def test_figures_of_few_texts_and_their_changes_are_held_and_none_is_found_where_there_is_none(
    case: trainings.Texts,
) -> None:
    _near(trainings.predicted(case, moved=0.0, repetitions=QUICK, alone=True)[0])
    _near(trainings.predicted(case, moved=0.05, repetitions=QUICK)[0])
    _rare(trainings.predicted(case, moved=0.0, repetitions=QUICK)[1], QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("case", trainings.TEXTS, ids=str)
def test_a_thousand_samples_of_texts(case: trainings.Texts) -> None:
    _near(trainings.predicted(case, moved=0.0, repetitions=SLOW, alone=True)[0])
    _near(trainings.predicted(case, moved=0.05, repetitions=SLOW)[0])
    _rare(trainings.predicted(case, moved=0.0, repetitions=SLOW)[1], SLOW)


@pytest.mark.slow
@pytest.mark.parametrize("case", trainings.CASES, ids=str)
def test_a_thousand_trainings(case: trainings.Case) -> None:
    _near(trainings.coverage(case, POOL, SLOW))


@pytest.mark.slow
@pytest.mark.parametrize("case", trainings.NOTHING, ids=str)
def test_a_thousand_trainings_that_change_nothing(case: trainings.Case) -> None:
    _rare(trainings.false_alarms(case, POOL, SLOW), SLOW)


@pytest.mark.slow
@pytest.mark.parametrize(("kept", "draws"), [(1.0, None), (0.5, None), (0.5, 50), (1.0, 50)])
def test_a_thousand_audits_of_variation_kept(kept: float, draws: int | None) -> None:
    """Where few draws say little of peoples who are much alike, the interval is wide, and holds the truth too often."""
    found, error = trainings.variation(kept=kept, items=60, draws=draws, people=1000, repetitions=SLOW)
    assert found.covered >= simulations.binomial_bounds(LEAST, SLOW, z=2.5)[0], found
    if draws is None:
        _near(found)
    assert abs(error) < (0.01 if draws is None else 0.06)

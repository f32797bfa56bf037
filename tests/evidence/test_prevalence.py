"""What a judge says becomes a prevalence: corrected by its errors, refused where they are too large or not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditc.evidence.estimate import wilson
from auditc.evidence.prevalence import Corrected, Counted, corrected, said_by_judges, worth
from auditc.ir.answers import Tally
from auditc.ir.assessed import NOT_THERE, THERE, Assessed
from auditc.ir.finding import Finding
from auditc.ir.plan import Measure
from auditc.metrics import metrics

from .audits import HERE, items, plan, survey

METRIC = metrics.take("insensitivity")
PARAMS = METRIC.params.model_validate({"judge": "judge"})


def prevalence(apparent: tuple[int, int], positives: tuple[int, int], negatives: tuple[int, int]) -> Corrected:
    counted: Any = (Counted(*apparent), Counted(*positives), Counted(*negatives))
    return corrected(*counted, worth=apparent[1], seed=1, metric=METRIC, params=PARAMS)


def test_errors_are_taken_off() -> None:
    found = prevalence((330, 1000), (85, 100), (80, 100))
    assert found.point == pytest.approx(0.2) and not found.why
    assert found.low is not None and found.high is not None and found.low < 0.12 and found.high > 0.26


def test_a_judge_who_never_erred_in_few_cases_is_not_taken_to_make_no_errors() -> None:
    found = prevalence((0, 1000), (50, 50), (50, 50))
    assert found.point == 0 and found.high is not None and found.high > 0


def test_an_interval_is_never_shorter_than_that_of_the_answers_alone() -> None:
    exact = prevalence((200, 1000), (10**6, 10**6), (10**6, 10**6))
    assert exact.low == pytest.approx(0.175, abs=0.004) and exact.high == pytest.approx(0.225, abs=0.004)
    erring = prevalence((200, 1000), (85, 100), (95, 100))
    assert erring.low is not None and exact.low is not None and erring.low < exact.low


@pytest.mark.parametrize(
    ("positives", "negatives", "why"),
    [
        ((49, 49), (90, 90), "rest on 49 cases of a kind"),
        ((90, 90), (0, 0), "rest on 0 cases of a kind"),
        ((60, 100), (55, 100), "1.15 together, less than 1.2"),
    ],
)
def test_a_judge_whose_errors_are_not_known_or_too_large_gives_no_figure(
    positives: tuple[int, int], negatives: tuple[int, int], why: str
) -> None:
    found = prevalence((30, 100), positives, negatives)
    assert found.point is None and found.low is None and why in found.why


@pytest.mark.parametrize(("says", "end"), [(10, 0.0), (95, 1.0)])
def test_what_the_errors_explain_alone_is_brought_to_the_end_of_the_range(says: int, end: float) -> None:
    found = prevalence((says, 100), (85, 100), (80, 100))
    assert found.point == end and found.raw != end
    assert found.low is not None and found.high is not None and 0 <= found.low <= found.high <= 1


def test_answers_that_are_alike_are_worth_fewer() -> None:
    said = np.repeat([True, False, True, False, False, False, False, False, False, True, False, True], 10)
    people = np.repeat(np.arange(12), 10)
    apart = np.arange(120)
    assert worth(said, (people,)) < 15
    assert worth(said, (apart,)) == 120
    assert worth(said, (np.zeros(120),)) == 120, "one cluster tells nothing"
    assert worth(np.zeros(20, dtype=bool), (np.arange(20),)) == 20


def test_few_participants_whose_answers_are_alike_are_worth_few() -> None:
    """Eight of whom each answers alike: without their variance the interval holds the truth a third of the time."""
    generator = np.random.default_rng(0)
    people, held = np.repeat(np.arange(8), 60), 0
    for _ in range(200):
        said = (generator.random((8, 60)) < generator.beta(0.5, 1.5, 8)[:, None]).ravel()
        low, high = wilson(float(said.mean()), max(1, round(worth(said, (people,)))), 1.96)
        held += low <= 0.25 <= high
    assert held > 170
    assert worth(np.zeros(40, dtype=bool), (np.arange(40) % 2,)) < 20, "of two who never differ little is known"


def test_an_answer_counts_as_often_as_draws_share_it() -> None:
    said = np.array([True] * 5 + [False] * 20)
    even, uneven = np.ones(25, dtype=np.int64), np.array([5] * 5 + [1] * 20)
    assert worth(said, (), even) == pytest.approx(25)
    assert worth(said, (), uneven) == pytest.approx(45**2 / 145)


def assessed(language: str, cases: dict[str, int]) -> Assessed:
    """Twenty participants of whom the first stands for 81 draws; a judge who errs in Chinese, and not in English."""
    spoken = np.repeat([*cases], [2 * number for number in cases.values()])
    present = np.concatenate([np.repeat([True, False], number) for number in cases.values()])
    said = np.array([[THERE]] + [[NOT_THERE]] * 19)
    of_cases = np.where(present, THERE, NOT_THERE)
    of_cases[np.flatnonzero(spoken == "zh")[::10]] = NOT_THERE
    tally = Tally(answered=20)
    return Assessed(
        stage="d/assess/j", block="d", method="def_survey", judge="j", of="d/sim", model="m", population="us",
        condition="asked", axis="fault", questions=("no_role",), said=said, items=np.arange(20).astype(str),
        draws=np.arange(20), texts=np.arange(20).astype(str), weights=np.array([81] + [1] * 19), language=language,
        asks=np.full(len(spoken), "no_role"), present=present, spoken=spoken, of_cases=of_cases, tally=tally,
        tally_of_cases=tally,
    )  # fmt: skip


def found(one: Assessed) -> Finding:
    measure = Measure(
        name="d/insensitivity",
        needs=(one.stage,),
        origin=HERE,
        block="d",
        metric="insensitivity",
        params={"judge": "j"},
    )
    return said_by_judges(plan(survey(items(2, 1)), (measure,)), {measure.name: METRIC}, [one])[0].finding


def test_errors_are_those_in_the_language_of_the_answers() -> None:
    english, chinese = (found(assessed(language, {"en": 60, "zh": 60})) for language in ("en", "zh"))
    assert english.lines["sensitivity"] == 1 and chinese.lines["sensitivity"] == 0.9
    assert english.interpretable and chinese.interpretable
    assert english.lines["apparent"] == 0.81, "one participant stands for 81 of 100 draws"
    few = found(assessed("en", {"en": 40, "zh": 40}))
    assert few.lines["sensitivity"] == 0.95 and not few.interpretable
    assert any(note.startswith("cases of 2 languages together") for note in few.notes)
    other = found(assessed("en", {"zh": 60}))
    assert not other.interpretable and any("in another language" in note for note in other.notes)

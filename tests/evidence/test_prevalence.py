"""What a judge says becomes a prevalence: corrected by its errors, refused where they are too large or not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditc.evidence.prevalence import Corrected, Counted, corrected, worth
from auditc.metrics import metrics

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
    assert worth(said, (people % 5,)) == 120, "fewer than ten clusters tell nothing"
    assert worth(np.zeros(20, dtype=bool), (np.arange(20) % 10,)) == 20

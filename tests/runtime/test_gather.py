"""What became of each cell: gathered once, and told alike by the counts of a run and by its findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from auditc.evidence.conclude import conclude
from auditc.ir.answers import ANSWERED, FAILED, NO_CELL, NOT_RUN, UNPARSABLE, Answers
from auditc.ir.exchange import ScoreReply
from auditc.ir.plan import Measure, Plan
from auditc.runtime.budget import Limits
from auditc.runtime.cells import score_cells
from auditc.runtime.gather import gather
from auditc.runtime.sheets import ScoreSheet
from tests.runtime.plans import ORIGIN, plan, score
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]


@pytest.mark.parametrize("cells", [20, 130, 155])
def test_failures_of_a_partial_run_stay_failures(tmp_path: Path, asked: Asked, cells: int) -> None:
    asked.fail = {"q0", "q1"}
    one = plan()
    outcome = ask(one, tmp_path, limits=Limits(cells=cells))
    assert outcome.cells["failed"] > 0 and outcome.cells["not_run"] > 0
    assert any(a.tally.failed and a.tally.not_run for a in outcome.answers)
    _told_alike(one, outcome.answers)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_probability_is_a_failure_wherever_it_is_counted(wrong: float) -> None:
    stage = score(items=3, populations=("us",), language={"us": "en"})
    one = plan(stage)
    cells = score_cells(stage, one.surveys["values"])
    keys = [index.to_bytes(16, "big") for index in range(1, len(cells) + 1)]
    replies = {key: ScoreReply((-2.0,) * size, 1) for key, size in zip(keys, _sizes(one, cells.item), strict=True)}
    for key in keys[:3]:
        replies[key] = ScoreReply((wrong, *replies[key].logprobs[1:]), 1)
    replies[keys[3]] = ScoreReply((-math.inf,) * len(replies[keys[3]].logprobs), 1)
    replies[keys[4]] = ScoreReply((-math.inf, *replies[keys[4]].logprobs[1:]), 1)
    answers, counts = gather(one, ScoreSheet(stage, cells, keys), replies.get, dict.fromkeys(keys, stage.name))
    assert (counts.failed, counts.unparsable, counts.answered) == (3, 1, len(keys) - 4)
    assert all((each.cells[_real(each)] != "").all() for each in answers)
    _told_alike(one, answers)


def _sizes(one: Plan, items: Sequence[int]) -> list[int]:
    return [one.surveys["values"].items[item].size for item in items]


def _real(answers: Answers) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    assert answers.status is not None and answers.offsets is not None
    np.testing.assert_array_equal(answers.status == NO_CELL, answers.offsets < 0)
    return answers.offsets >= 0


def _told_alike(one: Plan, gathered: Sequence[Answers]) -> None:
    """Arrays, tallies and the findings of every population and condition count the same."""
    for answers in gathered:
        if answers.status is None:
            continue
        assert answers.shares is not None and answers.mass is not None and _real(answers).any()
        np.testing.assert_array_equal(answers.status == ANSWERED, np.isfinite(answers.shares[..., 0]))
        scored = np.isin(answers.status, (ANSWERED, UNPARSABLE))
        np.testing.assert_array_equal(scored, np.isfinite(answers.mass))
        unknown = np.isin(answers.status, (FAILED, NOT_RUN))
        assert unknown.sum() == answers.tally.failed + answers.tally.not_run
    blocks = {stage.block: stage.name for stage in one.stages}
    measures = [
        Measure(name=f"{block}.answer_rate", needs=(stage,), origin=ORIGIN, block=block, metric="answer_rate")
        for block, stage in blocks.items()
    ]
    findings, rows = conclude(one.model_copy(update={"stages": (*one.stages, *measures)}), tuple(gathered), models=())
    whole = {(f.block, f.population, f.condition): f for f in findings.findings if not f.axes}
    assert len(whole) == len(gathered)
    for answers in gathered:
        place, tally = (answers.block, answers.population, answers.condition), answers.tally
        found = whole[place]
        missing = (found.missing.refused, found.missing.unparsable, found.missing.failed, found.missing.not_run)
        assert missing == (tally.refused, tally.unparsable, tally.failed, tally.not_run), place
        mine = [row for row in rows if (row.block, row.population, row.condition) == place]
        assert sum(row.asked for row in mine) == tally.asked
        assert sum(row.answered for row in mine) == tally.answered

"""A second reading: it goes on where a run stopped, asks what is unparsable alone, and moves nothing that was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from auditc.ir.answers import NOT_RUN, UNPARSABLE, Answers
from auditc.ir.plan import Assess, Plan, Wording
from auditc.methods.def_survey.second import ASKS, NONE, OPENING, WORDING
from auditc.runtime import execute
from auditc.runtime.assessing import assess_asking
from auditc.runtime.budget import Limits
from auditc.runtime.cells import count_cells
from auditc.runtime.sheets import AssessSheet

from .plans import ORIGIN, converse, model, plan


def rereading(**changes: Any) -> Plan:
    stage = Assess(
        name="def/second_reading",
        needs=("def/sim",),
        origin=ORIGIN,
        block="def",
        model="reader",
        of=("def/sim",),
        sample=1.0,
        wording={language: Wording(text=text, opening=OPENING[language]) for language, text in WORDING.items()},
        axis="second_reading",
        questions={"choice": ASKS},
        options={language: (text,) for language, text in NONE.items()},
        labels="numbers",
        picks=True,
        max_new_tokens=12,
        seed=7,
    )
    made = plan(converse("def/sim"), stage)
    models = {"sim": model(veiled=0.3, unparsable=0.1, refuse=0.1), "reader": model(**changes)}
    return made.model_copy(update={"models": models})


def by_condition(answers: tuple[Answers, ...]) -> dict[tuple[str, str], Answers]:
    return {(each.population, each.condition): each for each in answers}


def test_what_is_read_again_are_the_unparsable_answers_and_the_rest_stays(tmp_path: Path) -> None:
    done = execute.run(rereading(), tmp_path, here={})
    found = by_condition(done.answers)
    sheet = next(sheet for sheet in done.sheets if isinstance(sheet, AssessSheet))
    for population in ("us", "cn"):
        asked, again = found[population, "asked"], found[population, "second_reading"]
        assert asked.choices is not None and again.choices is not None
        left = asked.choices == UNPARSABLE
        assert (asked.choices == again.choices)[~left].all()
        assert left.sum() == sum(look.population == population for look in sheet.looks) == asked.tally.unparsable
        assert again.reread == (left & (again.choices >= 0)).sum() > 0
        assert again.tally.answered - asked.tally.answered == again.reread
        assert (again.cells == asked.cells).all() and again.stage == asked.stage
    plain = rereading()
    plain = plain.model_copy(update={"stages": plain.stages[:1]})
    alone = execute.run(plain, tmp_path / "alone", here={})
    assert [(each.cells == found[each.population, "asked"].cells).all() for each in alone.answers] == [True, True]


def test_a_run_that_stops_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = execute.run(rereading(misses=0.3, alarms=0.3), tmp_path / "whole", here={})
    few = execute.run(
        rereading(misses=0.3, alarms=0.3), tmp_path / "parts", here={}, limits=Limits(cells=whole.cells["asked"] - 5)
    )
    missing = sum(int((each.choices == NOT_RUN).sum()) for each in few.answers if each.choices is not None)
    assert few.stopped and missing >= 5 and few.cells["not_run"] >= 5
    rest = execute.run(rereading(misses=0.3, alarms=0.3), tmp_path / "parts", here={})
    assert rest.cells["asked"] == 5 and not rest.stopped
    for one, other in zip(whole.answers, rest.answers, strict=True):
        assert one.choices is not None and np.array_equal(one.choices, other.choices) and one.tally == other.tally


def test_the_reader_is_shown_what_the_participant_saw_and_not_who_it_was() -> None:
    made = rereading()
    stage = made.stages[-1]
    assert isinstance(stage, Assess)
    asking = assess_asking(made, stage, {"engine": "none"})
    look, person = next(asking.every(asking.sources["def/sim"], "us"))
    (turn,) = asking.about_answer(look, person, 'Answer: 2\nSay "Answer: 1".').request.prompt.turns
    assert (
        "| 1. view 0 a\n| 2. view 0 b\n| 3. view 0 c\n| 4. view 0 d\n" in turn.text and "number 5: none of" in turn.text
    )
    assert '\n| Say "Answer: 1".\n' in turn.text and "United States" not in turn.text and "Ohio" not in turn.text
    assert count_cells(stage, made) == count_cells(made.stages[0], made)  # type: ignore[arg-type]

"""Conditions of one block ask a cell once where its words and settings are equal: answers have no condition in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditc.ir.plan import Converse, Place
from auditc.ir.values import Range
from auditc.runtime.execute import run
from auditc.runtime.forecast import forecast
from auditc.runtime.walk import ConverseSheet, walk
from tests.runtime.plans import POPULATIONS, converse, drawn, plan, survey

ENGINE = {"engine": "simulated", "answers_by": "hint"}
TOGETHER = {"us": POPULATIONS["us"].model_copy(update={"groups": (Place(name={"en": "the old"}, weight=1),)})}


def ablated(condition: str, **changes: Any) -> Converse:
    return converse(f"def/sim/{condition}", condition=condition, draws=20, block="def", **changes)


def keys(*stages: Converse) -> list[set[bytes]]:
    """The keys of each stage, where every answer is missing: of who remembers, the first turn alone."""
    made, found = plan(*stages, surveys={"values": survey(6)}), []
    for stage in stages:
        (sheet,), batches = walk(made, (stage,), ENGINE, lambda key: None, 64, before={})
        for _ in batches:
            pass
        assert isinstance(sheet, ConverseSheet)
        found.append({key for rows in sheet.keys.values() for row in rows for key in row if key})
    return found


def test_who_is_told_of_no_place_has_none_and_no_group() -> None:
    stage = ablated("without_prompt", told=False)
    assert {(p.place, p.group) for p in drawn(stage, TOGETHER["us"])} == {(None, None)}
    told = drawn(converse(draws=20), TOGETHER["us"])
    assert {p.place for p in told} == {0, 1} and {p.group for p in told} == {0}
    rest = [(p.memory, p.beams, p.sample, p.turns) for p in drawn(stage, TOGETHER["us"])]
    assert rest == [(p.memory, p.beams, p.sample, p.turns) for p in told]


def test_a_first_turn_is_the_same_with_and_without_memory_and_none_is_without_a_place() -> None:
    asked, forgetful, placeless = keys(
        converse(draws=20),
        ablated("without_memory", memory=Range(low=0, high=0)),
        ablated("without_prompt", told=False),
    )
    assert asked < forgetful and len(forgetful) == 2 * 20 * 6
    assert not asked & placeless


def test_where_nobody_has_a_place_it_is_all_the_same(tmp_path: Path) -> None:
    bare = {name: people.model_copy(update={"places": ()}) for name, people in POPULATIONS.items()}
    made = plan(converse(draws=20), ablated("without_prompt", told=False), populations=bare)
    foreseen = forecast(made, tmp_path)
    done = run(made, tmp_path)
    assert done.cells["asked"] == done.cells["reused"] == 2 * 20 * 6
    assert {answers.condition: answers.tally.answered for answers in done.answers} == {
        "asked": 120,
        "without_prompt": 120,
    }
    assert foreseen.cells["shared"] + foreseen.cells["to_run"] == foreseen.cells["total"] == 480


def test_a_forecast_counts_a_cell_of_several_conditions_once(tmp_path: Path) -> None:
    made = plan(converse(draws=20, memory=Range(low=0, high=0)), ablated("without_memory", memory=Range(low=0, high=0)))
    foreseen = forecast(made, tmp_path)
    assert [(s.cells, s.shared, s.to_run) for s in foreseen.stages] == [(240, 0, 240), (240, 240, 0)]
    assert run(made, tmp_path).cells["asked"] == 240

"""Draws that are copies of each other: how many different participants a block really has, and what is said of few."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.copies import different
from auditc.ir.plan import Converse, Place, Plan, Population, Survey
from auditc.ir.questions import questions
from auditc.runtime.cells import participants
from tests.compiler.said import diagnostics, planned

BLOCK = "def_survey s {{ ask = values  of = [sim]  as = [fr]  draws = 200  {}  diversity {{ }} }}\n"
PEOPLE = 'population fr { country = "United States"  language = en }\n'


def stage_of(settings: str, folder: Path) -> tuple[Converse, Survey]:
    plan: Plan = planned(PEOPLE + BLOCK.format(settings), folder)
    return next(stage for stage in plan.stages if isinstance(stage, Converse)), plan.surveys["values"]


@pytest.mark.parametrize(
    "settings",
    [
        "sampling = [off]  beams = 1..2  memory = 0..0",
        "sampling = [off]  beams = 1..1  memory = 0..9",
        "sampling = [off]  beams = 1..5  memory = 5..9",
        "sampling = [off]  beams = 1..2  memory = 0..0  item_order = shuffled",
        "sampling = [off]  beams = 1..2  memory = 0..0  item_order = blocked",
        "sampling = [on, off]  beams = 1..2  memory = 0..0",
        "sampling = [on]  beams = 1..1  memory = 0..0",
    ],
)
@pytest.mark.parametrize("places", [0, 3])
def test_the_figure_is_what_the_run_comes_to(settings: str, places: int, tmp_path: Path) -> None:
    stage, survey = stage_of(settings, tmp_path)
    where = tuple(Place(name={"en": str(n)}, weight=1 / places) for n in range(places))
    people = Population(country="France", named={"en": "France"}, language="en", places=where)
    asked = questions(stage, survey)
    assert different(stage, people, survey) == pytest.approx(len(participants(stage, people, asked)), rel=0.15)


def test_a_block_whose_draws_are_copies_is_warned_of(tmp_path: Path) -> None:
    block = BLOCK.format("sampling = [off]  beams = 1..2  memory = 0..0")
    (found,) = diagnostics(PEOPLE + block, tmp_path)
    assert found.code == "AC409" and "200 draws make about 2 different participants of `fr`" in found.primary.text
    assert "sampling" in found.help


def test_a_population_with_places_is_not_told_to_have_some(tmp_path: Path) -> None:
    block = BLOCK.format("sampling = [off]  beams = 1..2  memory = 0..0").replace("[fr]", "[us]")
    (found,) = diagnostics(block, tmp_path)
    assert found.code == "AC409" and found.help.startswith("Write `sampling = [on]`: equal draws")


def test_places_and_sampling_make_participants_different(tmp_path: Path) -> None:
    assert diagnostics(PEOPLE + BLOCK.format("sampling = [on]  beams = 1..2  memory = 0..0"), tmp_path) == []
    assert diagnostics(PEOPLE + BLOCK.format("sampling = [off]  beams = 1..5  memory = 1..3"), tmp_path) == []

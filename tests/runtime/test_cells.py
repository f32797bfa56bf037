"""Cells, participants and what they remember."""

from __future__ import annotations

import pytest

from auditc.ir.controls import country_named
from auditc.ir.plan import Condition
from auditc.ir.values import Range
from auditc.runtime.asking import score_asking
from auditc.runtime.cells import (
    Participant,
    count_cells,
    lasting,
    order_shown,
    rotations,
    score_cells,
)
from tests.runtime.plans import OTHERS, POPULATIONS, converse, drawn, plan, score, survey


def test_rotations_are_all_or_spread_evenly_and_begin_with_the_surveys_order() -> None:
    assert rotations(3, 5) == (0, 1, 2)
    assert rotations(10, 5) == (0, 2, 4, 6, 8)
    assert rotations(7, 5) == (0, 1, 2, 4, 5)
    assert rotations(4, 1) == (0,)


def test_an_order_shows_every_option_once() -> None:
    assert order_shown(4, 1) == (1, 2, 3, 0)
    assert all(sorted(order_shown(5, o)) == [0, 1, 2, 3, 4] for o in range(5))


def test_score_cells_stand_in_canonical_order() -> None:
    stage = score(items=3, orders=2)
    cells = score_cells(stage, survey(3))
    rows = list(
        zip(
            cells.population.tolist(),
            cells.condition.tolist(),
            cells.item.tolist(),
            cells.rotation.tolist(),
            strict=True,
        )
    )
    assert rows == sorted(rows)
    assert len(rows) == count_cells(stage, plan(stage)) == 2 * 2 * 3 * 2


def test_a_control_names_another_country_the_same_for_every_order_of_an_item() -> None:
    control = Condition(name="control", countries=OTHERS)
    named = {country_named(7, POPULATIONS["cn"], control, f"q{n}", "zh") for n in range(60)}
    assert named == {"智利", "肯尼亚"}
    assert country_named(7, POPULATIONS["us"], Condition(), "q1", "en") == "the United States"


def test_a_request_says_whose_answer_its_prompt_asks_for() -> None:
    stage = score(items=40)
    asking = score_asking(
        plan(stage, surveys={"values": survey(40)}), stage, {"engine": "simulated", "answers_by": "hint"}
    )
    meant: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for population in range(2):
        for condition in range(2):
            requests = [asking.ask(population, condition, item, 0).request for item in range(40)]
            words = {(r.prompt.turns[0].text.replace("：", ":").split(":")[0], r.hint.population) for r in requests}
            meant[population, condition] = words
    assert meant[0, 0] == {("the United States", "USA")} and meant[1, 0] == {("中国", "CHN")}
    assert meant[0, 1] == {("Chile", "Chile"), ("Kenya", "Kenya"), ("China", "CHN")}
    assert meant[1, 1] == {("智利", "智利"), ("肯尼亚", "肯尼亚")}


def test_more_draws_leave_the_earlier_ones_as_they_were() -> None:
    few = drawn(converse(draws=20, item_order="shuffled"), POPULATIONS["us"])
    more = drawn(converse(draws=40, item_order="shuffled"), POPULATIONS["us"])
    assert more[:20] == few and len(more) == 40


def test_draws_follow_the_ranges_and_the_weights() -> None:
    stage = converse(draws=4000, memory=Range(low=1, high=4), beams=Range(low=1, high=3), sampling=(True, True, False))
    stage = stage.model_copy(update={"items": tuple(f"q{n}" for n in range(12)), "item_order": "shuffled"})
    people = drawn(stage, POPULATIONS["us"])
    assert len(people) == 4000
    assert {p.memory for p in people} == {1, 2, 3, 4} and {p.beams for p in people} == {1, 2, 3}
    assert 0.72 < sum(p.place == 1 for p in people) / 4000 < 0.78
    assert 0.63 < sum(p.sample for p in people) / 4000 < 0.70


def test_equal_deterministic_participants_are_one_observation_and_sampled_ones_are_not() -> None:
    greedy = drawn(converse(draws=100, sampling=(False,), memory=Range(low=0, high=0)), POPULATIONS["us"])
    assert greedy[0].draw == 0 and len(greedy) == 2
    assert sum(p.weight for p in greedy) == 100
    assert len(drawn(converse(draws=100, memory=Range(low=0, high=0)), POPULATIONS["us"])) == 100


def test_a_memory_that_never_fills_does_not_tell_participants_apart() -> None:
    def count(low: int, high: int) -> int:
        stage = converse(items=4, draws=60, sampling=(False,), memory=Range(low=low, high=high))
        return len(drawn(stage, POPULATIONS["us"]))

    assert count(3, 9) == 2
    assert count(1, 1) == 60


def test_counting_a_million_cells_expands_nothing() -> None:
    stage = converse(draws=10_000, items=50)
    million = plan(stage, surveys={"values": survey(50)})
    assert count_cells(stage, million) == 1_000_000


def test_what_lasts_depends_on_person_and_item_alone() -> None:
    one = Participant(0, 1, None, 2, 1, True, ("q0", "q1"))
    other = Participant(1, 1, None, 2, 1, True, ("q0", "q1"))
    assert lasting(7, "USA", one, "q0") == lasting(7, "USA", one, "q0") != lasting(7, "USA", other, "q0")
    assert lasting(7, "USA", one, "q0") != lasting(7, "CHN", one, "q0")


@pytest.mark.parametrize("name", ["us", "cn"])
def test_populations_are_told_apart_by_country_and_not_by_name(name: str) -> None:
    renamed = POPULATIONS[name].model_copy()
    assert drawn(converse(), renamed) == drawn(converse(), POPULATIONS[name])

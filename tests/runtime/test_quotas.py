"""Participants of a population with groups: shared out by turns, told of their group, and kept apart by it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from auditc.ir.plan import Place, Wording
from auditc.ir.values import Range
from auditc.methods.def_survey import INTRODUCTION
from auditc.runtime.cells import count_cells
from auditc.runtime.prompts import Renderer
from auditc.runtime.quotas import turns
from tests.runtime.plans import POPULATIONS, converse, drawn, plan
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]

GROUPS = (("young", "青年", 0.5), ("middle-aged", "中年", 0.3), ("old", "老年", 0.2))
GROUPED = {
    name: population.model_copy(
        update={"groups": tuple(Place(name={"en": en, "zh": zh}, weight=weight) for en, zh, weight in GROUPS)}
    )
    for name, population in POPULATIONS.items()
}


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any), st.integers(1, 150))
def test_after_any_number_of_draws_every_group_is_within_one_of_its_share(heavy: list[int], draws: int) -> None:
    weights = [weight / sum(heavy) for weight in heavy]
    held = [0] * len(weights)
    for count, group in enumerate(turns(weights, draws), start=1):
        held[group] += 1
        assert all(abs(weight * count - taken) < 1 for weight, taken in zip(weights, held, strict=True))
    assert all(taken == 0 for weight, taken in zip(weights, held, strict=True) if weight == 0)


def test_more_draws_leave_the_earlier_ones_in_their_groups() -> None:
    assert turns([0.5, 0.3, 0.2], 40)[:17] == turns([0.5, 0.3, 0.2], 17)
    assert Counter(turns([0.5, 0.3, 0.2], 10)) == {0: 5, 1: 3, 2: 2}
    few = drawn(converse(draws=7), GROUPED["us"])
    assert drawn(converse(draws=30), GROUPED["us"])[:7] == few


def test_a_group_changes_nothing_else_of_a_participant() -> None:
    plain = drawn(converse(draws=20), POPULATIONS["us"])
    grouped = drawn(converse(draws=20), GROUPED["us"])
    assert [(p.place, p.memory, p.turns) for p in plain] == [(p.place, p.memory, p.turns) for p in grouped]
    assert {p.group for p in plain} == {None} and {p.group for p in grouped} == {0, 1, 2}


def test_equal_deterministic_participants_are_one_observation_in_each_group() -> None:
    stage = converse(draws=100, sampling=(False,), memory=Range(low=0, high=0))
    nowhere = GROUPED["us"].model_copy(update={"places": ()})
    people = drawn(stage, nowhere)
    assert {p.group: p.weight for p in people} == {0: 50, 1: 30, 2: 20}
    us = stage.model_copy(update={"populations": ("us",)})
    assert count_cells(us, plan(us, populations={"us": nowhere})) == 3 * len(stage.items)


def test_a_model_is_told_of_the_group_in_the_language_of_the_question(tmp_path: Path, asked: Asked) -> None:
    said = "Group: {{ group }}. {{ question }}{% for option in options %}{{ option.text }}{% endfor %}"
    wording = {language: Wording(text=said, opening="Answer:") for language in ("en", "zh")}
    stage = converse(draws=10, items=1, wording=wording)
    ask(plan(stage, populations=GROUPED), tmp_path)
    told = Counter(request.prompt.turns[-1].text.partition(".")[0] for request in asked)
    assert told == {f"Group: {word}": n for en, zh, w in GROUPS for word, n in ((en, 10 * w), (zh, 10 * w))}


def test_the_introduction_says_the_group_where_there_is_one_and_is_as_it_was_where_there_is_none() -> None:
    values = {"country": "Chile", "place": "", "group": ""}
    renderer = Renderer()
    assert renderer.render(INTRODUCTION["en"], values) == "I want you to act as a citizen of Chile."
    assert renderer.render(INTRODUCTION["en"], values | {"group": "women under 40"}) == (
        "I want you to act as a citizen of Chile. You are one of this group of people: women under 40."
    )
    zh = renderer.render(INTRODUCTION["zh"], {"country": "智利", "place": "", "group": "40岁以下女性"})
    assert zh == "请你扮演一位智利公民。你属于以下人群：40岁以下女性。"

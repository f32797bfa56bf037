"""Items of a list are asked as one turn: one answer, a choice for each item, and counts that say what is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditc.backends.simulated import _bounded, _systematic
from auditc.evidence.conclude import conclude
from auditc.ir.answers import REFUSED, UNPARSABLE
from auditc.ir.exchange import Prompt
from auditc.ir.lists import Listed, ListWording
from auditc.ir.plan import Converse, Item, Measure, People, Plan, Survey, Wording
from auditc.ir.questions import on_scale, questions
from auditc.ir.values import Range
from auditc.methods.def_survey import COMMA, LIST, NOTHING, SCALE
from auditc.runtime.cells import participants
from auditc.runtime.execute import Outcome, run
from auditc.runtime.forecast import forecast
from auditc.runtime.runs import _cells
from auditc.runtime.store import Store
from auditc.runtime.walk import walk
from tests.runtime.plans import POPULATIONS, TURN_WORDING, converse, drawn, item, model, plan, survey

SHARES = (0.5, 0.9, 0.1, 0.35, 0.65)
QUALITIES = ("manners", "thrift", "faith", "courage", "tolerance")


def _listed(place: int, least: int, most: int) -> Item:
    word = QUALITIES[place]
    return Item(
        id=f"l{place}",
        scale="nominal",
        dimension="d1",
        text={"en": f"Does {word} matter?", "zh": f"{word}重要吗？"},
        options={"en": ("Yes", "No"), "zh": ("重要", "不重要")},
        listed=Listed(
            id="qualities",
            text={"en": "Which of these matter?", "zh": "哪些重要？"},
            label={"en": word, "zh": f"品质{place}"},
            at_least=least,
            at_most=most,
        ),
    )


def asked(
    items: tuple[str, ...] | None = None, choose: tuple[int, int] = (1, 5), said: Any = None, **changes: Any
) -> Plan:
    """A plan that asks two single items and a list of five between them."""
    before, after = item(0), item(1)
    every = (before, *(_listed(place, *choose) for place in range(5)), after)
    people = {
        one.id: People(n=1000, nominal=False, shares=(SHARES[int(one.id[1:])], 1 - SHARES[int(one.id[1:])]))
        for one in every[1:-1]
    }
    for one in (before, after):
        people[one.id] = People(n=1000, nominal=False, shares=(1 / one.size,) * one.size)
    made = Survey(items=every, people={"USA": people, "CHN": people}, digests={})
    lists = {
        language: ListWording(
            text=LIST[language].strip(),
            opening=TURN_WORDING[language].opening,
            comma=COMMA[language],
            nothing=NOTHING[language],
        )
        for language in ("en", "zh")
    }
    stage = converse(**changes).model_copy(update={"items": items or tuple(one.id for one in every), "lists": lists})
    return plan(stage, surveys={"values": made}, models={"sim": model(**(said or {}))})


def answered(made: Plan, folder: Path) -> Outcome:
    outcome = run(made, folder)
    assert not outcome.stopped
    return outcome


def test_a_list_is_one_cell_and_a_choice_for_each_item(tmp_path: Path) -> None:
    made = asked(draws=40)
    assert forecast(made, tmp_path).cells["total"] == 2 * 40 * 3
    outcome = answered(made, tmp_path)
    cells = outcome.cells
    assert cells["planned"] == cells["asked"] == cells["answered"] == 2 * 40 * 3
    for answers in outcome.answers:
        assert answers.tally.planned == answers.tally.answered == 40 * 3
        assert answers.choices is not None and (answers.choices >= 0).all() and answers.choices.shape == (40, 7)
        assert (answers.cells[:, 1:6] == answers.cells[:, 1:2]).all()
        assert len(set(answers.cells[:, [0, 1, 6]].ravel())) == 40 * 3
    again = run(made, tmp_path)
    assert again.cells["reused"] == 2 * 40 * 3 and again.cells["asked"] == 0
    table = _cells(outcome.sheets, outcome.unanswered)
    assert len(table) == 2 * 40 * 7 and len(table.column("key").unique()) == 2 * 40 * 3


def test_the_one_text_of_a_list_counts_once(tmp_path: Path) -> None:
    """Of seven items five are a list: three texts of each participant, and three items with a value."""
    made = asked(draws=12)
    measured = Measure(
        name="citizens.diversity_def2025",
        needs=(made.stages[0].name,),
        origin=made.stages[0].origin,
        block="citizens",
        metric="diversity_def2025",
    )
    made = made.model_copy(update={"stages": (*made.stages, measured)})
    outcome = answered(made, tmp_path)
    for answers in outcome.answers:
        assert answers.texts is not None and (answers.texts[:, [0, 1, 6]] >= 0).all()
        assert (answers.texts[:, 2:6] == -1).all()
    whole = [found for found in conclude(made, outcome.answers, models=())[0].findings if "dimension" not in found.axes]
    assert len(whole) == 2
    for found, answers in zip(whole, outcome.answers, strict=True):
        different = [(len(set(answers.texts[:, turn])) - 1) / 12 for turn in (0, 1, 6)]
        assert found.n.items == 3 and found.estimate == pytest.approx(np.mean(different), abs=1e-5)
        assert any("4 other items have no value" in note for note in found.notes)


def test_a_model_that_answers_like_people_chooses_each_item_as_often(tmp_path: Path) -> None:
    outcome = answered(asked(draws=1500, memory=Range(low=0, high=0)), tmp_path)
    choices = np.concatenate([answers.choices for answers in outcome.answers if answers.choices is not None])
    found = (choices[:, 1:6] == 0).mean(axis=0)
    for share, expected in zip(found, SHARES, strict=True):
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / len(choices))
    sizes = set((choices[:, 1:6] == 0).sum(axis=1).tolist())
    assert sizes <= {2, 3}, "as many as the shares add up to, rounded up or down"


@pytest.mark.parametrize(("least", "most", "total"), [(1, 5, 2.5), (0, 2, 2.0), (4, 5, 4.0), (3, 3, 3.0)])
def test_what_may_be_chosen_bounds_the_shares(least: int, most: int, total: float) -> None:
    chances = _bounded(SHARES, least, most)
    assert sum(chances) == pytest.approx(total) and all(0 <= chance <= 1 for chance in chances)
    for point in np.linspace(0, 0.999, 97):
        found = _systematic(chances, (3, 1, 4, 0, 2), float(point), (least, most))
        assert least <= len(found) <= most and len(set(found)) == len(found)


def test_who_remembers_a_list_remembers_the_labels_and_words_chosen(tmp_path: Path) -> None:
    made = asked(draws=3, memory=Range(low=9, high=9))
    outcome = answered(made, tmp_path)
    texts = [[turn.text for turn in prompt.turns] for prompt in _prompts(made, outcome, tmp_path)]
    last = [turns for turns in texts if len(turns) == 5]
    assert len(last) == 6
    for turns in last:
        assert turns[2].startswith(("Choose from 1 to 5 of the 5 options", "请从下面5个选项中选出1到5个"))
        assert "1. manners" in turns[2] or "1. 品质0" in turns[2]
        assert turns[3].startswith(("Answer: ", "答案：")) and ("(thrift)" in turns[3] or "(品质" in turns[3])


def _prompts(made: Plan, outcome: Outcome, folder: Path) -> list[Prompt]:
    """All that was asked, each with what was remembered."""
    stage = made.stages[0]
    assert isinstance(stage, Converse)
    with Store.open(folder / "store", write=False) as store:
        _, batches = walk(made, (stage,), outcome.models[0].identity, store.get, 64, before={})
        return [ask.request.prompt for batch in batches for ask in batch or ()]


@pytest.mark.parametrize(("said", "code"), [({"refuse": 1.0}, REFUSED), ({"unparsable": 1.0}, UNPARSABLE)])
def test_a_list_without_an_answer_gives_each_item_the_reason(said: dict[str, float], code: int, tmp_path: Path) -> None:
    outcome = answered(asked(draws=5, said=said), tmp_path)
    for answers in outcome.answers:
        assert answers.choices is not None and (answers.choices == code).all()
        assert answers.tally.planned == answers.tally.refused + answers.tally.unparsable == 5 * 3
    assert outcome.cells["refused"] + outcome.cells["unparsable"] == outcome.cells["asked"] == 2 * 5 * 3


def test_a_list_that_is_cut_may_be_left_empty_and_one_item_is_asked_alone() -> None:
    made = asked(items=("q0", "l0", "l2", "l4"), choose=(1, 2))
    stage, whole = made.stages[0], made.surveys["values"]
    assert isinstance(stage, Converse)
    [_, cut] = questions(stage, whole)
    assert (cut.name, cut.form, cut.at_least, cut.at_most) == ("qualities", "list", 0, 2)
    assert cut.options("en") == ("manners", "faith", "tolerance")
    alone = stage.model_copy(update={"items": ("l3", "q1")})
    assert [(q.name, q.form) for q in questions(alone, whole)] == [("l3", "item"), ("q1", "item")]
    one_by_one = stage.model_copy(update={"lists": {}})
    assert [q.name for q in questions(one_by_one, whole)] == ["q0", "l0", "l2", "l4"]


def test_items_stand_together_by_dimension_where_the_order_is_blocked() -> None:
    stage = converse(items=12, draws=60, item_order="blocked")
    orders = {person.turns for person in drawn(stage, POPULATIONS["us"])}
    by_dimension = {f"q{n}": f"d{n % 3}" for n in range(12)}
    for order in orders:
        dimensions = [by_dimension[name] for name in order]
        assert len([d for i, d in enumerate(dimensions) if not i or dimensions[i - 1] != d]) == 3
        for dimension in ("d0", "d1", "d2"):
            mine = [name for name in order if by_dimension[name] == dimension]
            assert mine == sorted(mine, key=lambda name: int(name[1:]))
    assert len(orders) == 6
    # Another item of a dimension that is there moves no other one.
    more = stage.model_copy(update={"items": (*stage.items, "q12")})
    asked_more = questions(more, survey(13))
    before = [p.turns for p in drawn(stage, POPULATIONS["us"])]
    after = [tuple(t for t in p.turns if t != "q12") for p in participants(more, POPULATIONS["us"], asked_more)]
    assert before == after


def _scale(options: dict[str, tuple[str, ...]], scale: Any = "ordinal") -> bool:
    return on_scale(Item(id="s", scale=scale, text={"en": "?"}, options=options))


def test_only_numbers_with_words_at_the_ends_make_a_scale() -> None:
    ten = ("1 (never)", *map(str, range(2, 10)), "10 (always)")
    assert _scale({"en": ten, "zh": ("1（从不）", *map(str, range(2, 10)), "10（总是）")})
    assert _scale({"en": ("1", "2", "3")})
    assert not _scale({"en": ten}, "nominal")
    assert not _scale({"en": ("1 (no)", "2 (perhaps)", "3 (yes)")})
    assert not _scale({"en": ten, "zh": ("从不", *map(str, range(2, 10)), "总是")})
    assert not _scale({"en": ("10", "2", "3")}) and not _scale({"en": ("1", "2")})


def test_a_scale_is_asked_and_remembered_as_a_number(tmp_path: Path) -> None:
    options = {
        "en": ("1 (never)", *map(str, range(2, 10)), "10 (always)"),
        "zh": ("1（从不）", *map(str, range(2, 10)), "10（总是）"),
    }
    scales = tuple(
        Item(id=f"q{n}", scale="ordinal", text={"en": f"How far {n}?", "zh": f"多少{n}？"}, options=options)
        for n in range(2)
    )
    wording = {
        language: Wording(text=SCALE[language].strip(), opening=TURN_WORDING[language].opening)
        for language in ("en", "zh")
    }
    stage = converse(items=2, draws=4, memory=Range(low=3, high=3), scales=wording)
    made = plan(stage, surveys={"values": Survey(items=scales, people={}, digests={})})
    outcome = answered(made, tmp_path)
    assert outcome.cells["answered"] == 16
    prompts = _prompts(made, outcome, tmp_path)
    english = [p for p in prompts if p.opening == "Answer:"]
    assert english[0].turns[0].text.startswith("Choose one number from 1 (never) to 10 (always). First write")
    assert english[0].turns[0].text.endswith("Request: How far 0?")
    remembered = {p.turns[1].text for p in prompts if len(p.turns) == 3}
    assert remembered <= {f"Answer: {word}" for word in options["en"]} | {f"答案：{word}" for word in options["zh"]}

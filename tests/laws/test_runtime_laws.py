"""Laws of the runtime: for any stage, seed and name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditc.ir.exchange import GenerateReply, Hint, Prompt, Turn
from auditc.ir.plan import Plan, Wording
from auditc.ir.reading import Reading
from auditc.ir.values import Range
from auditc.methods import methods
from auditc.runtime.asking import Ask, score_asking, turn_asking
from auditc.runtime.cells import count_cells, order_shown, rotations, score_cells
from auditc.runtime.identity import score_key
from auditc.runtime.identity import settings as answered_with
from auditc.runtime.schedule import score_batches, stages
from auditc.runtime.understood import Reader
from auditc.runtime.walk import ROUND, Crowd, crowd, score_sheet, walk_converse, walk_score
from tests.runtime.plans import POPULATIONS, converse, drawn, plan, score, survey

IDENTITY = {"engine": "none"}
SIZES = st.lists(st.integers(2, 9), min_size=1, max_size=7).map(tuple)


def over(sizes: tuple[int, ...]) -> dict[str, Any]:
    return {"surveys": {"values": survey(len(sizes), sizes)}}


def score_plan(sizes: tuple[int, ...], orders: int, seed: int) -> Plan:
    return plan(score(items=len(sizes), orders=orders, seed=seed), **over(sizes))


@given(SIZES, st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_score_cells_are_as_many_as_counted_and_each_has_a_key_of_its_own(
    sizes: tuple[int, ...], orders: int, seed: int
) -> None:
    one = score_plan(sizes, orders, seed)
    stage = one.stages[0]
    asking = score_asking(one, stage, IDENTITY)  # type: ignore[arg-type]
    sheet = score_sheet(asking)
    asks = [ask for batch in walk_score(asking, sheet, 64) for ask in batch]
    assert len(asks) == count_cells(stage, one) == len(sheet.keys) == len(sheet.cells)  # type: ignore[arg-type]
    assert sorted(sheet.keys) == sorted(ask.key for ask in asks)
    assert len({ask.key for ask in asks}) == len({(ask.request.prompt, ask.request.hint.order) for ask in asks})


@given(SIZES, st.integers(1, 12), st.integers(1, 100))
def test_every_batch_is_full_but_the_last_and_every_cell_is_in_one(
    sizes: tuple[int, ...], orders: int, size: int
) -> None:
    one = score_plan(sizes, orders, 1)
    asking = score_asking(one, one.stages[0], IDENTITY)  # type: ignore[arg-type]
    cells = score_cells(asking.stage, one.surveys["values"])
    batches = list(score_batches(asking, cells, size))
    assert sorted(int(index) for batch in batches for index in batch) == list(range(len(cells)))
    assert all(len(batch) == size for batch in batches[:-1])


LED = "You are one of the people who live in {{ country }}, and you think before you answer. {{ question }}"


@given(SIZES, st.integers(1, 4), st.sampled_from(["{{ question }} asks {{ country }}", LED]))
def test_prompts_that_begin_alike_are_asked_one_after_the_other(
    sizes: tuple[int, ...], orders: int, words: str
) -> None:
    wording = {"en": Wording(text=words, opening="("), "zh": Wording(text=words, opening="(")}
    one = plan(score(items=len(sizes), orders=orders, wording=wording), **over(sizes))
    asking = score_asking(one, one.stages[0], IDENTITY)  # type: ignore[arg-type]
    cells = score_cells(asking.stage, one.surveys["values"])
    order = [int(index) for batch in score_batches(asking, cells, 5) for index in batch]
    led = (
        cells.population * 2 + cells.condition if words is LED else cells.item + cells.population * len(sizes)
    )  # each has a language
    alike = [int(led[index]) for index in order]
    assert sum(a != b for a, b in pairwise(alike)) == len(set(alike)) - 1


@given(st.integers(1, 30), st.integers(1, 30))
def test_rotations_are_distinct_begin_at_zero_and_show_each_option(options: int, orders: int) -> None:
    rotated = rotations(options, orders)
    assert len(set(rotated)) == len(rotated) == min(options, orders) and rotated[0] == 0
    assert all(sorted(order_shown(options, rotation)) == list(range(options)) for rotation in rotated)


@given(
    st.integers(1, 40),
    st.integers(0, 6),
    st.lists(st.booleans(), min_size=1, max_size=3).map(tuple),
    st.sampled_from(["fixed", "shuffled", "blocked"]),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_every_draw_is_one_participant_or_part_of_one(
    draws: int, memory: int, sampling: tuple[bool, ...], order: str, seed: int
) -> None:
    stage = converse(draws=draws, memory=Range(low=0, high=memory), sampling=sampling, item_order=order, seed=seed)
    one = plan(stage)
    people = {name: drawn(stage, POPULATIONS[name]) for name in stage.populations}
    for persons in people.values():
        assert sum(person.weight for person in persons) == draws
        assert [person.draw for person in persons] == sorted({person.draw for person in persons})
        assert all(sorted(person.turns) == sorted(stage.items) for person in persons)
        assert all(person.weight == 1 for person in persons if person.sample)
    assert count_cells(stage, one) == 6 * sum(map(len, people.values()))


def _numbered(text: str, options: tuple[str, ...], language: str) -> Reading:
    return Reading(int(text) % len(options), "answered", "test")


def crowded(one: Plan, number: int = 0) -> Crowd:
    """The participants of a stage, whose answers are numbers."""
    people = crowd(turn_asking(one, one.stages[number], IDENTITY))  # type: ignore[arg-type]
    people.reader = Reader(replace(methods.take("def_survey"), read=_numbered))
    return people


def replied(key: bytes) -> GenerateReply:
    return GenerateReply(str(key[0]), 1, 1, "stop")


@given(st.integers(2, 12), st.integers(0, 5), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_walk_asks_each_turn_once_and_remembers_no_more_than_it_may(draws: int, memory: int, seed: int) -> None:
    one = plan(converse(draws=draws, memory=Range(low=memory, high=memory), seed=seed))
    alone = crowded(one)
    seen = [ask for batch in walk_converse([alone], replied, 64) for ask in batch or ()]
    assert len(seen) == len({ask.key for ask in seen}) == 2 * draws * 6
    turns = [len(ask.request.prompt.turns) // 2 for ask in seen]
    assert max(turns) == min(memory, 5)
    assert all((choices >= 0).all() for choices in alone.sheet.choices.values())


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4), st.booleans(), st.integers(1, 6)), min_size=2, max_size=4),
    st.lists(st.booleans(), min_size=1, max_size=2).map(tuple),
    st.integers(3, 40),
)
@settings(max_examples=25, deadline=None)
def test_stages_that_walk_together_ask_what_each_asks_alone(
    people: list[tuple[int, int, bool, int]], sampling: tuple[bool, ...], size: int
) -> None:
    """Whatever their numbers of participants and items, their memories and settings: the same cells with the same keys
    lie at the same places, round by round, in batches that are full but for the last of equal settings."""
    made = [
        converse(f"s{n}/x", "sim", items, draws=draws, memory=Range(low=0, high=memory), told=told, sampling=sampling)
        for n, (draws, memory, told, items) in enumerate(people)
    ]
    one = plan(*made)
    alone = [crowded(one, number) for number in range(len(made))]
    rounds = [_rounds(walk_converse([each], replied, size)) for each in alone]
    together = [crowded(one, number) for number in range(len(made))]
    shared = _rounds(walk_converse(together, replied, size))
    assert len(shared) == max(map(len, rounds))
    for turn, batches in enumerate(shared):
        asks = Counter((ask.stage.name, ask.key) for batch in batches for ask in batch)
        apart = [each[turn] for each in rounds if turn < len(each)]
        assert asks == Counter((ask.stage.name, ask.key) for part in apart for batch in part for ask in batch)
        settings_of = [{ask.request.sampling for ask in batch} for batch in batches]  # type: ignore[union-attr]
        assert all(len(each) == 1 for each in settings_of)
        short = [repr(each) for each, batch in zip(settings_of, batches, strict=True) if len(batch) < size]
        assert len(short) == len(set(short)) and all(len(batch) <= size for batch in batches)
    for mine, own in zip(together, alone, strict=True):
        assert mine.sheet.keys == own.sheet.keys and mine.sheet.tokens == own.sheet.tokens
        assert all((mine.sheet.choices[name] == own.sheet.choices[name]).all() for name in own.sheet.choices)


def _rounds(batches: Iterator[list[Ask] | None]) -> list[list[list[Ask]]]:
    """The batches of each round."""
    rounds: list[list[list[Ask]]] = [[]]
    for batch in batches:
        if batch is ROUND:
            rounds.append([])
        else:
            rounds[-1].append(batch)
    return rounds[:-1]


@given(st.permutations(range(6)), st.lists(st.sampled_from("abc"), min_size=6, max_size=6))
def test_stages_of_one_model_stand_together_whatever_their_order(order: list[int], models: list[str]) -> None:
    named = [score(f"s{number}/x", models[number]) for number in order]
    one = plan(*named, models={name: plan().models["sim"] for name in "abc"})
    asked = [stage.model for stage in stages(one)]
    assert sorted(stage.name for stage in stages(one)) == sorted(stage.name for stage in named)
    assert sum(a != b for a, b in pairwise(asked)) == len(set(asked)) - 1


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=5)), max_size=4),
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=5)), max_size=4),
    st.text(max_size=4),
    st.text(max_size=4),
)
def test_keys_are_equal_exactly_when_prompts_are(
    turns: list[tuple[Any, str]], others: list[tuple[Any, str]], opening: str, other: str
) -> None:
    how, hint = answered_with("score", IDENTITY), Hint("q", "USA", (0,))
    one = Prompt(tuple(Turn(role, text) for role, text in turns), opening)
    two = Prompt(tuple(Turn(role, text) for role, text in others), other)
    assert (score_key(how, one, (("A",),), hint) == score_key(how, two, (("A",),), hint)) == (one == two)

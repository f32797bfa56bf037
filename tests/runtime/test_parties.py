"""Conversations with one model advance together: what is asked, in which batches, and what each stage is told to have
taken."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from auditc.ir.exchange import Failure, GenerateReply, Request
from auditc.ir.finding import Spent
from auditc.ir.plan import Converse
from auditc.ir.values import Range
from auditc.runtime import progress
from auditc.runtime.asking import Ask
from auditc.runtime.budget import Limits
from auditc.runtime.events import Reporter
from auditc.runtime.forecast import forecast
from auditc.runtime.ledger import Ledger, Took
from auditc.runtime.schedule import parties, stages
from tests.runtime.plans import converse, model, plan, score, survey
from tests.runtime.workspace import Asked, ask, asked, same

__all__ = ["asked"]

NOBODY = Range(low=0, high=0)
CONDITIONS: dict[str, dict[str, Any]] = {
    "asked": {},
    "without_prompt": {"told": False},
    "without_memory": {"memory": NOBODY},
    "nothing_varied": {"told": False, "memory": NOBODY},
}


def conditions(**changes: Any) -> tuple[Converse, ...]:
    return tuple(
        converse(f"def/sim/{name}", **{"condition": name, "block": "def", "draws": 10, **changes, **own})
        for name, own in CONDITIONS.items()
    )


def of(request: Request) -> tuple[bool, bool]:
    """Whether a place is named in a request, and whether something is remembered."""
    first = request.prompt.turns[0].text
    placed = any(name in first for name in ("Ohio", "Texas", "河南", "四川"))
    return placed, len(request.prompt.turns) > 1


def test_conversations_with_one_model_are_a_party_and_nothing_else_is() -> None:
    asked, other = converse("b/x", "x"), converse("b/y", "y")
    made = (score("a/x", "x"), asked, other, score("c/x", "x"), converse("d/x", "x", max_new_tokens=8))
    one = plan(*made, models={"x": model(), "y": model(seed=1)})
    assert [[stage.name for stage in party] for party in parties(one)] == [["a/x"], ["b/x", "d/x"], ["c/x"], ["b/y"]]
    assert [stage.name for stage in stages(one)] == ["a/x", "b/x", "d/x", "c/x", "b/y"]


def test_what_needs_another_conversation_comes_after_it() -> None:
    first, second = converse("b/x"), converse("c/x", needs=("b/x",))
    assert [[stage.name for stage in party] for party in parties(plan(second, first))] == [["b/x"], ["c/x"]]


def test_stages_share_batches_and_ask_what_they_would_ask_alone(tmp_path: Path, asked: Asked) -> None:
    together = ask(plan(*conditions()), tmp_path / "together")
    batches, requests = list(asked.batches), Counter(asked)
    # Each round has 80 turns, in a batch of 64 and one of the rest; what several stages ask is asked once.
    assert 6 < len(batches) <= 6 * 2
    assert any(len({of(request) for request in batch}) > 2 for batch in batches)
    asked.forget()
    alone = [ask(plan(stage), tmp_path / "alone") for stage in conditions()]
    assert requests == Counter(asked) and max(requests.values()) == 1
    assert same(together.answers, [answers for outcome in alone for answers in outcome.answers])
    # What alone lies in the store is here asked with others.
    told, single = (
        [{key: value for key, value in stage.items() if key not in ("seconds", "shared")} for stage in stages]
        for stages in (together.stages, [one.stages[0] for one in alone])
    )
    assert told == single


def test_texts_that_are_generated_otherwise_are_in_other_batches(tmp_path: Path, asked: Asked) -> None:
    short = converse("short/sim", max_new_tokens=8)
    ask(plan(*conditions(beams=Range(low=1, high=2), sampling=(True, False)), short), tmp_path)
    for batch in asked.batches:
        assert len({request.sampling for request in batch}) == 1  # type: ignore[union-attr]
    mixed = [batch for batch in asked.batches if len({of(request) for request in batch}) > 1]
    assert {batch[0].sampling.beams for batch in mixed} == {1, 2}  # type: ignore[union-attr]


def test_a_stage_with_fewer_questions_leaves_and_the_others_go_on(tmp_path: Path, asked: Asked) -> None:
    outcome = ask(plan(converse("few/sim", items=2, seed=1), converse("many/sim")), tmp_path)
    assert [len(batch) for batch in asked.batches] == [40, 40, 20, 20, 20, 20]
    assert [stage["asked"] for stage in outcome.stages] == [40, 120] and outcome.cells["not_run"] == 0


@pytest.mark.parametrize("cells", [1, 70, 200])
def test_batches_hang_on_the_plan_whatever_is_stored_and_however_often_it_stops(
    tmp_path: Path, asked: Asked, cells: int
) -> None:
    one = plan(*conditions(draws=20))
    whole = ask(one, tmp_path / "whole")
    full = [set(batch) for batch in asked.batches]
    for stopped in (Limits(cells=cells), Limits(cells=cells), None):
        asked.forget()
        outcome = ask(one, tmp_path / "part", limits=stopped)
        assert asked.batches and all(any(set(batch) <= each for each in full) for batch in asked.batches)
        assert bool(outcome.stopped) == (stopped is not None)
    assert same(outcome.answers, whole.answers)
    # An earlier run of one condition takes its cells out of the batches, and moves none of the others.
    ask(plan(conditions(draws=20)[1]), tmp_path / "one")
    asked.forget()
    assert same(ask(one, tmp_path / "one").answers, whole.answers)
    assert all(any(set(batch) <= each for each in full) for batch in asked.batches)


def test_every_stage_is_told_what_it_took_and_that_adds_up(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q1"}
    stream = io.StringIO()
    one = plan(*conditions(), probe=0.2)
    foreseen = forecast(one, tmp_path, {})
    outcome = ask(one, tmp_path, reporter=progress.Events(stream))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    told: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if "stage" in event:
            told[event["stage"]][event["event"]].append(event)
    for stage, before in zip(outcome.stages, foreseen.stages, strict=True):
        mine = told[stage["name"]]
        (started,), (finished,) = mine["stage_started"], mine["stage_finished"]
        assert started["cells"] == stage["planned"] == before.cells
        assert finished["asked"] == stage["asked"] == sum(event["asked"] for event in mine["cells_done"])
        assert finished["reused"] == stage["reused"] == before.shared
        assert stage["shared"] == finished["shared"] == before.shared, "nothing of it was in the store before"
        assert finished["shared"] == sum(event["shared"] for event in mine["cells_done"])
        assert finished["reused"] == sum(event["reused"] for event in mine["cells_done"])
        assert stage["failed"] == sum(event["failed"].get("engine", 0) for event in mine["cells_done"]) > 0
        assert finished["seconds"] == stage["seconds"]
    assert sum(stage["asked"] for stage in outcome.stages) == outcome.cells["asked"] == foreseen.cells["to_run"]
    probed = sum(stage["tokens_in"] for stage in outcome.stages)
    assert 0 < probed < outcome.spent.tokens_in and outcome.probe["asked"] > 0
    assert 0 < sum(stage["seconds"] for stage in outcome.stages) <= outcome.seconds
    # All of a party start before any of them is asked.
    words = [event["event"] for event in events]
    assert words[1:5] == ["stage_started"] * 4
    again = ask(plan(*conditions()), tmp_path / "again")
    assert all(stage["tokens_in"] > 0 for stage in again.stages)
    assert sum(stage["tokens_in"] for stage in again.stages) == again.spent.tokens_in


def test_time_is_shared_out_by_the_cells_that_were_asked() -> None:
    ledger = Ledger(Reporter())
    ledger.begin({"one": 10, "other": 40})
    assert [took.seconds for took in ledger.end(5.0).values()] == [1.0, 4.0], "by all cells where none was asked"
    ledger.begin({"one": 3, "other": 9})
    ledger.reuse({"one": 1}, {}, Spent())
    asks = [Ask(bytes([n]), "", converse("one" if n else "other"), lambda: None) for n in range(3)]  # type: ignore
    ledger.land(asks, [GenerateReply("a", 5, 1, "stop")] * 2 + [Failure("engine", "no")], Spent())
    took = ledger.end(6.0)
    assert took == {"one": Took(3, 2, 1, 0, 5, 1, 4.0), "other": Took(9, 1, 0, 0, 5, 1, 2.0)}


def test_a_cell_counts_for_the_stage_that_came_to_it_first(tmp_path: Path, asked: Asked) -> None:
    """One block asks an item last, another asks it first: it is put to the model in the first round."""
    late = converse("late/sim", items=6, memory=NOBODY)
    early = converse("early/sim", items=6, memory=NOBODY).model_copy(update={"items": ("q5",)})
    outcome = ask(plan(late, early), tmp_path)
    assert max(asked.values()) == 1 and outcome.cells["asked"] == len(asked) == 120
    counts = {stage["name"]: (stage["asked"], stage["reused"]) for stage in outcome.stages}
    assert counts == {"late/sim": (100, 20), "early/sim": (20, 0)}
    assert all(stage["tokens_in"] > 0 for stage in outcome.stages)


def test_a_trial_takes_so_many_cells_of_each_stage(tmp_path: Path) -> None:
    dry = ask(plan(*conditions()), tmp_path, limits=Limits(per_stage=12))
    assert [stage["planned"] - stage["not_run"] for stage in dry.stages] == [12] * 4
    assert dry.stopped == "a dry run of 12 cells a stage"


def test_a_probe_puts_cells_of_all_stages_in_its_batches(tmp_path: Path, asked: Asked) -> None:
    ask(plan(*conditions(), probe=0.3), tmp_path)
    twice = [batch for batch in asked.batches if batch[0].again]  # type: ignore[union-attr]
    assert len(twice) == 2 and max(len({of(request) for request in batch}) for batch in twice) > 2


def test_stages_that_run_together_are_one_bar() -> None:
    out = io.StringIO()
    bars = progress.Bars(Console(file=out, width=80))

    def shown() -> list[str]:
        screen = io.StringIO()
        Console(file=screen, width=80).print(bars.shown())
        return screen.getvalue().splitlines()

    bars.run_started(plan(), {"a": 10, "b": 20, "c": 30, "d": 5})
    bars.stage_started("a", 10)
    bars.cells_done("a", 10, 0, {}, Spent())
    bars.stage_finished("a", 10, 0, 0, 1.0)
    for name, cells in (("b", 20), ("c", 30)):
        bars.stage_started(name, cells)
    bars.cells_done("b", 4, 1, {"timeout": 1}, Spent())
    bars.cells_done("c", 7, 0, {"timeout": 2}, Spent())
    lines = shown()
    assert "b and 1 more" in lines[0] and "12/50" in lines[0]
    assert "stages 2 to 3 of 4" in lines[1] and "22/65" in lines[1] and "3 failed (timeout 3)" in lines[2]
    bars.stage_finished("b", 4, 1, 15, 1.0)
    bars.stage_finished("c", 7, 0, 23, 1.0)
    assert "c: 7 asked, 0 from the store, 1.0 s, 2 failed (timeout 2)" in out.getvalue()


def test_a_budget_stops_all_of_a_party_and_the_rest_is_asked_later(tmp_path: Path, asked: Asked) -> None:
    many = plan(*conditions(items=9, draws=30), surveys={"values": survey(9)})
    stopped = ask(many, tmp_path, limits=Limits(cells=400))
    assert stopped.cells["asked"] == 400 and "400 cells" in stopped.stopped
    assert all(stage["not_run"] > 0 for stage in stopped.stages)
    rest = ask(many, tmp_path)
    assert rest.cells["not_run"] == 0 and max(asked.values()) == 1
    assert same(rest.answers, ask(many, tmp_path / "whole").answers)

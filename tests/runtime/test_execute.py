"""Runs: what is asked, what is reused, what comes out, and how a run ends early."""

from __future__ import annotations

import signal
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from auditc.ir.answers import FAILED, NOT_RUN
from auditc.ir.controls import country_named
from auditc.ir.plan import Budget, Condition, Price
from auditc.ir.values import Money, Range
from auditc.runtime import lane
from auditc.runtime.budget import Limits
from auditc.runtime.events import Reporter
from auditc.runtime.store import Store
from tests.runtime.plans import converse, model, plan, score, survey
from tests.runtime.workspace import Asked, ask, asked, same

__all__ = ["asked"]


def test_shares_come_back_in_the_surveys_own_order(tmp_path: Path) -> None:
    one = plan(score())
    outcome = ask(one, tmp_path)
    assert [(a.population, a.condition) for a in outcome.answers] == [
        ("us", "asked"),
        ("us", "control"),
        ("cn", "asked"),
        ("cn", "control"),
    ]
    conditions = {condition.name: condition for condition in score().conditions}
    surveyed = {"the United States": "USA", "China": "CHN", "中国": "CHN"}
    for answers in outcome.answers:
        population, condition = one.populations[answers.population], conditions[answers.condition]
        assert answers.shares is not None and answers.mass is not None and answers.offsets is not None
        for i, item in enumerate(answers.items):
            named = country_named(7, population, condition, item.id, population.language)
            known = one.surveys["values"].people[surveyed[named]] if named in surveyed else {}
            people = known[item.id].shares if known else (1 / item.size,) * item.size
            for o, offset in enumerate(answers.offsets[i]):
                if offset < 0:
                    assert np.isnan(answers.shares[i, o]).all() and np.isnan(answers.mass[i, o])
                    continue
                assert np.allclose(answers.shares[i, o, : item.size], people)
                assert np.isnan(answers.shares[i, o, item.size :]).all()
                assert answers.mass[i, o] == pytest.approx(0.98)
                assert answers.cells[i, o]
        assert answers.tally.answered == answers.tally.planned == (answers.offsets >= 0).sum()


def test_position_bias_follows_what_is_shown_first(tmp_path: Path) -> None:
    outcome = ask(plan(score(items=1), models={"sim": model(tilt=-1, position_bias=0.5)}), tmp_path)
    shares, offsets = outcome.answers[0].shares, outcome.answers[0].offsets
    assert shares is not None and offsets is not None
    assert [int(np.argmax(shares[0, o])) for o in range(4)] == offsets[0].tolist() == [0, 1, 2, 3]


def test_low_mass_is_unparsable_and_shows_no_shares(tmp_path: Path) -> None:
    outcome = ask(plan(score(low_mass=0.99)), tmp_path)
    for answers in outcome.answers:
        assert answers.tally.unparsable == answers.tally.planned
        assert answers.shares is not None and np.isnan(answers.shares).all()
        assert answers.mass is not None and not np.isnan(answers.mass[:, 0]).any()
    assert outcome.cells["unparsable"] == outcome.cells["asked"] == outcome.cells["planned"]


def test_refusals_and_noise_are_counted_and_shares_are_peoples(tmp_path: Path) -> None:
    one = plan(converse(draws=600, items=2), models={"sim": model(refuse=0.2, unparsable=0.1)})
    outcome = ask(one, tmp_path)
    for answers in outcome.answers:
        tally = answers.tally
        assert tally.asked == tally.planned == 1200
        assert 0.16 < tally.refused / 1200 < 0.24 and 0.05 < tally.unparsable / 1200 < 0.11
        assert answers.choices is not None
        given = answers.choices[:, 0][answers.choices[:, 0] >= 0]
        people = one.surveys["values"].people[one.populations[answers.population].country]["q0"].shares
        assert np.abs(np.bincount(given, minlength=4) / len(given) - people).max() < 0.07
    assert sum(outcome.cells[name] for name in ("answered", "refused", "unparsable", "failed")) == 2400


def test_a_second_run_asks_nothing_and_says_so(tmp_path: Path, asked: Asked) -> None:
    first = ask(plan(), tmp_path)
    assert first.cells["asked"] == first.cells["planned"] == sum(asked.values()) == len(asked)
    asked.forget()
    second = ask(plan(), tmp_path)
    assert not asked and same(first.answers, second.answers)
    assert second.cells["reused"] == second.cells["planned"] and second.cells["asked"] == second.cells["answered"] == 0


def test_cells_that_are_the_same_question_are_asked_once(tmp_path: Path, asked: Asked) -> None:
    twice = score(conditions=(Condition(), Condition(name="again")))
    outcome = ask(plan(twice, score(name="other/sim", conditions=(Condition(),))), tmp_path)
    assert sum(asked.values()) == outcome.cells["asked"] == outcome.cells["planned"] // 3
    assert outcome.cells["reused"] == 2 * outcome.cells["asked"]
    assert max(asked.values()) == 1


def test_failures_are_counted_kept_for_the_record_and_asked_again(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q1"}
    first = ask(plan(), tmp_path)
    assert first.cells["failed"] > 0
    score_answers, turns = first.answers[0], first.answers[-1]
    assert (
        score_answers.shares is not None
        and np.isnan(score_answers.shares[1]).all()
        and not score_answers.cells[1].any()
    )
    assert turns.choices is not None and (turns.choices[:, 1] == FAILED).all() and (turns.choices[:, 2] >= 0).all()
    asked.fail = set()
    asked.forget()
    second = ask(plan(), tmp_path)
    assert second.cells["failed"] == 0 and "q1" in asked.items and "q0" not in asked.items
    assert same(second.answers, ask(plan(), tmp_path / "fresh").answers)


def test_a_failed_turn_is_not_remembered(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q0"}
    ask(plan(converse(memory=Range(low=5, high=5))), tmp_path)
    for request in asked:
        assert all("matter 0" not in turn.text for turn in request.prompt.turns[:-1] if turn.role == "user")


def test_what_is_remembered_is_shown_in_order_with_the_answer_read(tmp_path: Path, asked: Asked) -> None:
    ask(plan(converse(memory=Range(low=5, high=5), populations=("us",), language={"us": "en"}, draws=1)), tmp_path)
    last = max(asked, key=lambda request: len(request.prompt.turns))
    roles = [turn.role for turn in last.prompt.turns]
    assert roles == ["user", "assistant"] * 5 + ["user"]
    assert [f"matter {n}?" in last.prompt.turns[2 * n].text for n in range(6)] == [True] * 6
    for n in range(5):
        number, words = last.prompt.turns[2 * n + 1].text.removeprefix("Answer: ").split(" ", 1)
        assert words == f"(view {n} {chr(96 + int(number))})"
    assert last.prompt.opening == "Answer:"


def test_memory_holds_a_nested_random_subset(tmp_path: Path, asked: Asked) -> None:
    stage = converse(memory=Range(low=2, high=2), items=9, draws=6, populations=("us",), language={"us": "en"})
    ask(plan(stage, surveys={"values": survey(9, (4,))}), tmp_path)
    kept: dict[int, list[tuple[str, ...]]] = {}
    for batch in asked.batches:
        for person, request in enumerate(batch):
            kept.setdefault(person, []).append(tuple(turn.text for turn in request.prompt.turns[:-1:2]))
    assert len({history[-1] for history in kept.values()}) > 2
    for history in kept.values():
        assert [len(turns) for turns in history] == [0, 1] + [2] * 7
        forgotten: set[str] = set()
        for before, after in pairwise(history):
            forgotten |= set(before) - set(after)
            assert not forgotten & set(after)


def test_merged_participants_are_asked_once_and_keep_their_weight(tmp_path: Path, asked: Asked) -> None:
    outcome = ask(plan(converse(draws=50, sampling=(False,), memory=Range(low=0, high=0))), tmp_path)
    assert all(a.weights is not None and a.weights.sum() == 50 and len(a.weights) == 2 for a in outcome.answers)
    assert sum(asked.values()) == 2 * 2 * 6
    assert all(not request.sampling.sample for request in asked)  # type: ignore[union-attr]


def test_batches_are_composed_by_the_plan_whatever_is_stored(tmp_path: Path, asked: Asked) -> None:
    many = plan(score(items=30), surveys={"values": survey(30)})
    ask(many, tmp_path / "whole")
    whole = [set(batch) for batch in asked.batches]
    asked.forget()
    ask(many, tmp_path / "part", limits=Limits(cells=100))
    asked.forget()
    ask(many, tmp_path / "part")
    assert asked.batches
    for batch in asked.batches:
        assert any(set(batch) <= full for full in whole)


@pytest.mark.parametrize("limits", [Limits(cells=70), Limits(tokens=600), Limits(seconds=0.05)])
def test_a_budget_stops_cleanly_and_the_rest_is_asked_later(tmp_path: Path, limits: Limits, asked: Asked) -> None:
    slow = plan(models={"sim": model(latency=0.02)})
    first = ask(slow, tmp_path, limits=limits)
    assert "budget" in first.stopped and first.cells["not_run"] > 0
    assert first.cells["planned"] == first.cells["reused"] + first.cells["asked"] + first.cells["not_run"]
    assert sum(a.tally.not_run for a in first.answers) == first.cells["not_run"]
    if limits.cells:
        assert first.cells["asked"] == 70
    second = ask(slow, tmp_path)
    assert not second.stopped and second.cells["not_run"] == 0 and max(asked.values()) == 1
    assert same(second.answers, ask(slow, tmp_path / "fresh").answers)


def test_a_run_that_is_told_to_stop_in_its_last_batch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "GRACE", 0.1)
    told: list[str] = []
    signalled = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])

    class Note(Reporter):
        def opening(self, model: str) -> None:
            signalled.start()

        def stopping(self, why: str, waits: str = "") -> None:
            told.append(why)

    # One batch: by the time the signal comes, nothing is left that would have to be admitted.
    slow = plan(score(items=2, populations=("us",), language={"us": "en"}), models={"sim": model(latency=2)})
    stopped = ask(slow, tmp_path, reporter=Note())
    assert stopped.cells["not_run"] == stopped.cells["planned"] > 0
    assert stopped.stopped == "interrupted" and told == ["interrupted"]


def test_the_plans_own_budget_counts_too(tmp_path: Path) -> None:
    assert ask(plan(budget=Budget(cells=10)), tmp_path, limits=Limits(cells=50)).cells["asked"] == 10


def test_a_budget_in_money_counts_what_the_tokens_of_a_model_cost(tmp_path: Path) -> None:
    dollar = Money(amount=1.0, currency="usd")
    dear = model().model_copy(update={"price": Price(input=dollar, output=dollar)})
    whole = ask(plan(models={"sim": dear}), tmp_path / "whole")
    tokens = sum(stage["tokens_in"] + stage["tokens_out"] for stage in whole.stages)
    half = Money(amount=tokens / 2 / 1e6, currency="usd")
    first = ask(plan(models={"sim": dear}, budget=Budget(money=half)), tmp_path / "half")
    assert "usd is spent" in first.stopped and 0 < first.cells["asked"] < whole.cells["asked"]
    # What is stored has been paid for; a model without a price costs nothing.
    assert not ask(plan(models={"sim": dear}, budget=Budget(money=half)), tmp_path / "whole").stopped
    assert not ask(plan(budget=Budget(money=half)), tmp_path / "free").stopped


@pytest.mark.parametrize("share", [0.002, 0.1, 0.5, 0.9])
def test_no_budget_in_tokens_or_money_is_overrun_by_what_is_in_flight(tmp_path: Path, share: float) -> None:
    hundred = Money(amount=100.0, currency="usd")
    dear = {"sim": model().model_copy(update={"price": Price(input=hundred, output=hundred)})}
    long = (score(items=30), converse(draws=100))
    whole = ask(plan(*long, models=dear, surveys={"values": survey(30)}), tmp_path / "whole").spent
    tokens = whole.tokens_in + whole.tokens_out
    assert whole.money == {"usd": pytest.approx(tokens * 100 / 1e6)}
    for name, budget in {
        "tokens": Budget(tokens=int(share * tokens)),
        "money": Budget(money=Money(amount=share * tokens * 100 / 1e6, currency="usd")),
    }.items():
        made = ask(plan(*long, models=dear, surveys={"values": survey(30)}, budget=budget), tmp_path / name)
        spent = made.spent.tokens_in + made.spent.tokens_out
        assert spent <= share * tokens and "is spent" in made.stopped
        # It stops for want of room, and not early: one more cell might have taken more than what is left.
        assert spent >= share * tokens - 1000
        assert made.cells["planned"] == made.cells["asked"] + made.cells["not_run"]


def test_the_tighter_of_two_limits_holds_and_two_currencies_are_never_compared() -> None:
    one, two = (Budget(money=Money(amount=amount, currency="usd")) for amount in (1.0, 2.0))
    assert Limits(money=two.money).within(one).money == Limits(money=one.money).within(two).money == one.money
    assert Limits().within(one).money == one.money and Limits(money=two.money).within(Budget()).money == two.money
    with pytest.raises(ValueError, match="eur"):
        Limits(money=Money(amount=1.0, currency="eur")).within(one)


def test_a_stopped_run_still_counts_what_is_stored(tmp_path: Path) -> None:
    ask(plan(converse()), tmp_path)
    stopped = ask(plan(score(), converse()), tmp_path, limits=Limits(cells=5))
    assert stopped.cells["asked"] == 5 and stopped.answers[-1].tally.not_run == 0


def test_a_dry_run_asks_so_many_cells_of_each_stage_and_is_marked(tmp_path: Path) -> None:
    dry = ask(plan(), tmp_path, limits=Limits(per_stage=12))
    assert [stage["asked"] for stage in dry.stages] == [12, 12]
    assert dry.stopped == "a dry run of 12 cells a stage"
    odd = ask(plan(), tmp_path / "odd", limits=Limits(per_stage=5))
    assert odd.stopped == "a dry run of 5 cells a stage (taking whole participants: 6 of def/sim)"
    choices = dry.answers[-1].choices
    assert choices is not None and all((row == NOT_RUN).all() or (row >= 0).all() for row in choices)


def test_stages_that_share_a_model_stand_together_and_a_stored_model_is_never_opened(
    tmp_path: Path, asked: Asked
) -> None:
    opened: list[str] = []

    class Note(Reporter):
        def opening(self, model: str) -> None:
            opened.append(model)

    stages = (score("a/x", "x"), score("a/y", "y"), converse("b/x", "x"), converse("b/y", "y"))
    two = plan(*stages, models={"x": model(seed=1), "y": model(seed=2)})
    outcome = ask(two, tmp_path, reporter=Note())
    assert opened == ["x", "y"] and [stage["name"] for stage in outcome.stages] == ["a/x", "b/x", "a/y", "b/y"]
    opened.clear()
    ask(two, tmp_path, reporter=Note())
    assert opened == []


def test_raw_answers_are_all_that_is_stored(tmp_path: Path) -> None:
    outcome = ask(plan(converse()), tmp_path)
    with Store.open(tmp_path / "store", write=False) as store:
        stored = store.show(bytes.fromhex(outcome.answers[0].cells[0, 0]))
    assert stored is not None and "Explanation" in stored.reply.text  # type: ignore[union-attr]
    assert stored.settings["sampling"]["top_k"] == 0 and stored.settings["engine"]["engine"] == "simulated"

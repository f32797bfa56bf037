"""The probe: who is asked a second time, what is stored and counted of it, and what is found."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditc import screen
from auditc.backends import simulated as module
from auditc.evidence.conclude import conclude
from auditc.ir.canonical import seeded
from auditc.ir.exchange import Failure, GenerateReply, ScoreReply
from auditc.ir.finding import Findings, ProbeRow
from auditc.ir.plan import Budget, Comparison, Figure, Judge, Measure, Number, Plan
from auditc.runtime import runs
from auditc.runtime.budget import Limits
from auditc.runtime.events import Reporter
from auditc.runtime.execute import Outcome
from auditc.runtime.forecast import forecast
from auditc.runtime.probe import second
from auditc.runtime.show import show
from tests.runtime.plans import ORIGIN, converse, model, plan, score
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]


def rows(one: Plan, outcome: Outcome) -> dict[str, ProbeRow]:
    findings, _ = conclude(one, outcome.answers, models=outcome.models, probed=outcome.probed)
    assert Findings.model_validate_json(findings.model_dump_json()) == findings
    return {row.stage: row for row in findings.probes}


def twice_of(asked: Asked) -> list[Any]:
    return [request for request in asked if asked[request] == 2]


def test_nothing_is_probed_unless_the_author_declares_it(tmp_path: Path, asked: Asked) -> None:
    outcome = ask(plan(), tmp_path)
    assert max(asked.values()) == 1 and outcome.probe == {} and outcome.probed == ()
    assert rows(plan(), outcome) == {} and "probe" not in plan().model_dump(mode="json")


def test_a_sample_is_asked_twice_and_simulated_models_repeat_themselves(tmp_path: Path, asked: Asked) -> None:
    one = plan(probe=0.1)
    outcome = ask(one, tmp_path)
    twice = twice_of(asked)
    assert max(asked.values()) == 2 and 10 < len(twice) < 32
    assert outcome.probe == {"cells": len(twice), "reused": 0, "asked": len(twice), "not_run": 0, "failed": 0}
    assert outcome.cells == ask(plan(), tmp_path / "plain").cells
    found = rows(one, outcome)
    assert set(found) == {"ft/sim", "def/sim"} and sum(row.cells for row in found.values()) == len(twice)
    for row in found.values():
        assert row.answers is not None and row.readings is not None and not row.differing
        assert (row.answers.count, row.readings.count, row.readings.low) == (0, 0, 0.0)
        assert row.readings.high == pytest.approx(1.96**2 / (row.cells + 1.96**2), rel=1e-3)
    shift = found["ft/sim"].logprob
    assert shift is not None and shift.largest == 0.0 and found["def/sim"].logprob is None


def test_an_unchanged_plan_probes_nothing_again_and_finds_the_same(tmp_path: Path, asked: Asked) -> None:
    one = plan(probe=0.1)
    first = ask(one, tmp_path)
    asked.forget()
    again = ask(one, tmp_path)
    assert not asked and again.probe == {**first.probe, "reused": first.probe["asked"], "asked": 0}
    assert rows(one, again) == rows(one, first) and forecast(one, tmp_path, {}).probed == 0


def test_a_probe_of_stored_answers_asks_nothing_else(tmp_path: Path, asked: Asked) -> None:
    ask(plan(), tmp_path)
    asked.forget()
    foreseen = forecast(plan(probe=0.1), tmp_path, {})
    outcome = ask(plan(probe=0.1), tmp_path)
    assert outcome.cells["asked"] == 0 and outcome.probe["asked"] == sum(asked.values()) == foreseen.probed > 0
    assert outcome.spent.tokens_in > 0


def test_who_is_probed_hangs_on_the_cell_alone(tmp_path: Path, asked: Asked) -> None:
    def probed(one: Plan, folder: str) -> set[Any]:
        asked.forget()
        ask(one, tmp_path / folder)
        return set(twice_of(asked))

    few, many = plan(converse(), probe=0.2), plan(score(), converse("other/sim", draws=20), probe=0.2)
    small, large = probed(few, "a"), probed(many, "b")
    assert small and small < large
    assert small < probed(plan(converse(), probe=0.6), "c")
    assert small != probed(plan(converse(), probe=0.2, seed=8), "d")
    assert len(probed(plan(score(), converse(), probe=1e-9), "e")) == 2  # of every stage at least one


def test_a_probe_counts_against_the_budget(tmp_path: Path, asked: Asked) -> None:
    one = plan(score(), probe=0.5, budget=Budget(cells=100))
    outcome = ask(one, tmp_path)
    assert sum(asked.values()) == 100 and outcome.cells["asked"] == 88 and outcome.probe["asked"] == 12
    assert outcome.probe["not_run"] == outcome.probe["cells"] - 12 > 0 and "100 cells" in outcome.stopped
    row = rows(one, outcome)["ft/sim"]
    assert (row.cells, row.not_run) == (12, outcome.probe["not_run"])


def test_what_has_no_first_answer_is_not_probed(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q1"}
    outcome = ask(plan(probe=1.0), tmp_path)
    answered = outcome.cells["asked"] - outcome.cells["failed"]
    assert outcome.probe["cells"] == outcome.probe["asked"] == answered and outcome.probe["failed"] == 0


def test_a_trial_of_few_cells_probes_few(tmp_path: Path, asked: Asked) -> None:
    outcome = ask(plan(score(), probe=0.2), tmp_path, limits=Limits(per_stage=10))
    assert outcome.probe["cells"] in range(1, 7) and sum(asked.values()) == 10 + outcome.probe["asked"]


class _Fickle:
    """Answers otherwise the second time, for a share of the requests; some it fails."""

    def __init__(self, engine: Any, seen: set[Any], share: float, fail: float) -> None:
        self._engine, self._seen, self.identity = engine, seen, {**engine.identity}
        self._share, self._fail = share, fail

    def _lot(self, request: Any) -> float:
        # By what is asked, and not by how a request is written down: a new field would draw other lots.
        asked = (request.prompt, request.hint.item, request.hint.order, request.hint.draw)
        return seeded(repr(asked)) / 2**64

    def _otherwise(self, requests: Sequence[Any], replies: list[Any]) -> list[Any]:
        changed = []
        for request, reply in zip(requests, replies, strict=True):
            lot = self._lot(request) if request in self._seen else 1.0
            self._seen.add(request)
            if lot < self._share and isinstance(reply, ScoreReply):
                moved = reply.logprobs[1:] + reply.logprobs[:1]
                reply = dataclasses.replace(reply, logprobs=tuple(p - 0.2 * k for k, p in enumerate(moved)))
            elif lot < self._share and isinstance(reply, GenerateReply):
                reply = dataclasses.replace(reply, text="I would rather talk of the weather.")
            elif lot < self._share + self._fail:
                reply = Failure("engine", "the second time")
            changed.append(reply)
        return changed

    def score(self, requests: Sequence[Any]) -> list[Any]:
        return self._otherwise(requests, self._engine.score(requests))

    def generate(self, requests: Sequence[Any]) -> list[Any]:
        return self._otherwise(requests, self._engine.generate(requests))

    def close(self) -> None:
        self._engine.close()


def fickle(monkeypatch: pytest.MonkeyPatch, share: float, fail: float = 0.0) -> None:
    real, seen = module.simulated, set[Any]()
    made = dataclasses.replace(real, open=lambda s, p: _Fickle(real.open(s, p), seen, share, fail))
    monkeypatch.setattr(module, "simulated", made)


@pytest.mark.parametrize("planted", [0.05, 0.3])
def test_a_planted_rate_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: float) -> None:
    fickle(monkeypatch, planted, fail=0.1)
    one = plan(score(), converse(draws=60), probe=1.0)
    outcome = ask(one, tmp_path)
    found = rows(one, outcome)
    for row in found.values():
        assert row.failed > 0 and row.chosen == row.cells + row.failed
        # Failures leave the pairs; of the rest the planted share differs.
        truth = planted / 0.9
        assert row.answers is not None and row.answers.low <= truth <= row.answers.high
        assert row.readings is not None and 0 < row.readings.count <= row.answers.count
        assert 0 < len(row.differing) == min(20, row.readings.count)
    assert outcome.probe["failed"] == sum(row.failed for row in found.values())
    shift, chance = found["ft/sim"].logprob, found["ft/sim"].probability
    assert shift is not None and chance is not None
    assert shift.largest > 0.1 and chance.largest > 0.05 and shift.median == chance.median == 0.0


def claimed(**changes: Any) -> Plan:
    measure = Measure(name="ft.jsd", needs=("ft/sim",), origin=ORIGIN, block="ft", metric="jsd")
    holds = Comparison(left=Figure(measure="ft.jsd", at={"condition": "asked"}), operator=">", right=Number(value=0.1))
    judge = Judge(
        name="claim.near",
        needs=("ft.jsd",),
        origin=ORIGIN,
        claim="near",
        says="It is near",
        holds=holds.model_copy(update={"each": ("population",)}),
        text="jsd > 0.1",
        level=0.95,
        estimand="these items",
    )
    return plan(score(), measure, judge, **changes)  # type: ignore[arg-type]


def test_a_claim_on_a_model_that_does_not_repeat_itself_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = claimed(probe=1.0)

    def parts(folder: str) -> list[Any]:
        outcome = ask(one, tmp_path / folder)
        findings, _ = conclude(one, outcome.answers, models=outcome.models, probed=outcome.probed)
        return [finding for finding in findings.findings if finding.claim]

    steady = parts("steady")
    fickle(monkeypatch, 0.3)
    loose = parts("loose")
    said = [[note for note in part.notes if note.startswith("probed: ")] for part in loose]
    assert [part.verdict for part in loose] == [part.verdict for part in steady]
    assert not any("probed: " in note for part in steady for note in part.notes)
    assert len(said) == 2 and all(len(notes) == 1 and "of sim were read otherwise" in notes[0] for notes in said)


def test_both_answers_are_shown_and_the_run_keeps_seeds_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fickle(monkeypatch, 0.4, fail=0.2)
    one = plan(score(seed=11), converse(), probe=1.0)
    with runs.begin(tmp_path, one) as started:
        outcome = ask(one, tmp_path)
        findings, items = conclude(one, outcome.answers, models=outcome.models, probed=outcome.probed)
        record = started.finish(outcome, findings, items)
    assert record.seed == 7 and [stage["seed"] for stage in record.stages] == [11, 7]
    assert record.probe == outcome.probe
    run = runs.latest(tmp_path)
    status = run.second()
    assert len(status) == record.probe["cells"] and set(status.values()) == {"answered", "failed"}
    for row in findings.probes:
        shown = show(run, tmp_path, row.differing[0])
        assert shown.second is not None and shown.second.status == "answered"
        if row.kind == "score":
            first = [option.probability for option in sorted(shown.options, key=lambda option: option.index)]
            assert shown.second.probabilities is not None and not np.allclose(shown.second.probabilities, first)
        else:
            assert shown.second.text == "I would rather talk of the weather." != shown.text
            assert shown.second.reading is not None and shown.second.reading["option"] is None
        screen.cell(shown)
    said = capsys.readouterr().out
    assert said.count("probed: the second answer") == 2 and "second column" in said
    assert "another text" in said and "read as: unparsable" in said
    failed = show(run, tmp_path, next(key for key, what in status.items() if what == "failed"))
    screen.cell(failed)
    assert "the second time it failed\nfailed: engine: the second time" in capsys.readouterr().out
    json.dumps(failed.as_dict())
    assert failed.failure is None and failed.second is not None
    assert failed.second.failure == {"reason": "engine", "detail": "the second time"}


def test_the_second_key_is_its_own() -> None:
    assert second(b"0" * 16) != second(b"1" * 16) and len(second(b"0" * 16)) == 16


def test_each_model_is_probed_while_it_is_loaded(tmp_path: Path) -> None:
    said: list[str] = []

    class Note(Reporter):
        def stage_started(self, stage: str, cells: int) -> None:
            said.append(stage)

        def opening(self, model: str) -> None:
            said.append(f"opening {model}")

    stages = (score("ft/a", "a"), score("ft/b", "b"), converse("def/a", "a"))
    one = plan(*stages, models={"a": model(), "b": model(tilt=-1)}, probe=0.1)
    outcome = ask(one, tmp_path, reporter=Note())
    first, last = ["ft/a", "opening a", "def/a", "probe of a"], ["ft/b", "opening b", "probe of b"]
    assert said == first + last and set(rows(one, outcome)) == {"ft/a", "def/a", "ft/b"}

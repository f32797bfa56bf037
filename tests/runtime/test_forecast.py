"""What would be asked, and why; runs, and what can be shown of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from auditc import screen
from auditc.backends import simulated
from auditc.ir.finding import Findings
from auditc.ir.plan import Origin, Plan, Price, Thing
from auditc.ir.values import Money, Range
from auditc.runtime import forecast as module
from auditc.runtime import runs
from auditc.runtime.budget import Limits
from auditc.runtime.execute import Outcome
from auditc.runtime.export import export
from auditc.runtime.faults import Problem, WorldFailed
from auditc.runtime.fingerprint import changes
from auditc.runtime.forecast import forecast
from auditc.runtime.show import NoSuchCell, every, show
from tests.reports.material import finding
from tests.runtime.plans import POPULATIONS, TURN_WORDING, converse, model, plan, score, survey
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]


def complete(one: Plan, folder: Path, **options: Any) -> Outcome:
    """A run with its folder, and findings that say nothing."""
    with runs.begin(folder, one) as started:
        outcome = ask(one, folder, **options)
        nothing = Findings(
            audit="test",
            title="",
            version="",
            plan=one.digest,
            data={},
            complete=True,
            models=outcome.models,
            tallies=(),
            findings=(),
            claims=(),
        )
        started.finish(outcome, nothing, ())
    return outcome


def test_a_new_plan_is_all_to_run(tmp_path: Path) -> None:
    seen = forecast(plan(), tmp_path, {})
    assert seen.cells == {"total": 208, "cached": 0, "shared": 0, "to_run": 208} and not seen.problems
    assert [stage.why for stage in seen.stages] == [("new",), ("new",)]
    assert seen.tokens["in"] > 1000 and seen.tokens["out"] == 120 * 32
    assert not (tmp_path / "store").exists()


def test_a_finished_plan_is_all_cached(tmp_path: Path) -> None:
    complete(plan(), tmp_path)
    seen = forecast(plan(), tmp_path, {})
    assert seen.cells == {"total": 208, "cached": 208, "shared": 0, "to_run": 0} and seen.tokens == {"in": 0, "out": 0}
    assert all(stage.why == () for stage in seen.stages)


def test_the_forecast_is_what_is_then_asked(tmp_path: Path) -> None:
    stage = converse(memory=Range(low=0, high=0))
    complete(plan(score(), stage), tmp_path)
    edited = plan(score(), stage, surveys={"values": survey(texts={2: "What now?"})})
    seen = forecast(edited, tmp_path, {})
    assert complete(edited, tmp_path).cells["asked"] == seen.cells["to_run"] == 16 + 20


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"surveys": {"values": survey(texts={1: "Other?", 2: "What?"})}}, "item text changed: q1, q2"),
        ({"models": {"sim": model(tilt=1)}}, "engine settings: "),
        ({"stages": (converse(draws=20),)}, "draws: 10 → 20"),
        ({"stages": (converse(temperature=0.5),)}, "temperature: 1.0 → 0.5"),
        ({"stages": (converse(memory=Range(low=0, high=0)),)}, "memory: low 0, high "),
        ({"stages": (converse(wording={**TURN_WORDING, "en": TURN_WORDING["zh"]}),)}, "prompt changed: en"),
        (
            {"populations": {**POPULATIONS, "us": POPULATIONS["us"].model_copy(update={"places": ()})}},
            "population changed: us",
        ),
    ],
)
def test_the_field_that_changed_is_named(tmp_path: Path, changed: dict[str, Any], why: str) -> None:
    complete(plan(converse()), tmp_path)
    seen = forecast(plan(**{"stages": (converse(),), **changed}), tmp_path, {})
    assert any(reason.startswith(why) for reason in seen.stages[0].why), seen.stages[0].why
    assert seen.cells["to_run"] > 0


def test_what_a_run_would_cost_is_said_by_currency(tmp_path: Path) -> None:
    yuan, dollar = (Money(amount=2.0, currency=currency) for currency in ("cny", "usd"))
    one = model().model_copy(update={"price": Price(input=yuan, output=yuan)})
    two = model().model_copy(update={"price": Price(input=dollar, output=dollar)})
    stages = (score(), converse("b/two", model="two"), score("c/free", "free"))
    seen = forecast(plan(*stages, models={"sim": one, "two": two, "free": model()}), tmp_path, {})
    bills = {stage.model: stage.tokens_in + stage.tokens_out for stage in seen.stages}
    assert seen.money == pytest.approx({"cny": 2e-6 * bills["sim"], "usd": 2e-6 * bills["two"]})
    assert next(stage for stage in seen.stages if stage.model == "free").money is None


def test_a_model_that_answers_nothing_anew_is_not_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forecast(plan(probe=0.5), tmp_path).probed > 0
    monkeypatch.setattr(simulated, "simulated", dataclasses.replace(simulated.simulated, anew=False))
    assert forecast(plan(probe=0.5), tmp_path).probed == 0


def test_an_unfinished_run_is_said(tmp_path: Path) -> None:
    complete(plan(), tmp_path, limits=Limits(cells=30))
    seen = forecast(plan(), tmp_path, {})
    assert seen.stages[0].why == ("not finished in an earlier run",) and seen.cells["cached"] == 30
    assert seen.stages[0].seconds is not None


def test_a_model_that_is_not_here_does_not_hide_the_rest(tmp_path: Path) -> None:
    absent = model().model_copy(update={"backend": Thing(kind="transformers"), "like": ""})
    seen = forecast(plan(score(), score("b/x", "x"), models={"sim": model(), "x": absent}), tmp_path, {})
    assert seen.problems and seen.stages[1].why == ("the model cannot be opened here",) and seen.stages[0].tokens_in > 0


def test_a_large_plan_is_estimated_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT", 40)
    complete(plan(), tmp_path)
    seen = forecast(plan(), tmp_path, {})
    assert all(stage.estimated for stage in seen.stages) and seen.cells["cached"] == 208


def test_an_estimate_counts_the_turns_that_were_never_come_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = plan(converse(draws=40, memory=Range(low=3, high=3)))
    done = complete(long, tmp_path, limits=Limits(cells=250))
    assert done.cells["asked"] == 250
    monkeypatch.setattr(module, "EXACT", 120)
    (seen,) = forecast(long, tmp_path, {}).stages
    assert seen.estimated and seen.cached == pytest.approx(250, abs=25)


def test_runs_are_found_by_the_beginning_of_their_names(tmp_path: Path) -> None:
    with pytest.raises(runs.NoSuchRun, match="no run here"):
        runs.latest(tmp_path)
    complete(plan(), tmp_path)
    run = runs.latest(tmp_path)
    assert runs.find(tmp_path, run.id[:17]).id == runs.find(tmp_path, "last").id == run.id
    assert run.plan().digest == plan().digest == run.record().plan
    assert run.record().cells["asked"] == 208 and not run.record().stopped and run.items() == ()
    assert len(run.cells()) == 208
    with pytest.raises(runs.NoSuchRun, match=run.id):
        runs.find(tmp_path, "x")


def test_provenance_names_no_machine_and_no_path(tmp_path: Path) -> None:
    complete(plan(), tmp_path)
    said = (runs.latest(tmp_path).folder / "run.json").read_text()
    assert "python" in said and "numpy" in said
    assert str(tmp_path) not in said and str(Path.home()) + "/" not in said


def test_a_run_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), runs.begin(tmp_path, plan()):
        raise ZeroDivisionError
    assert runs.ended(tmp_path) == () and not list((tmp_path / "runs").iterdir())


def test_a_score_is_shown_with_all_that_explains_it(tmp_path: Path) -> None:
    outcome = complete(plan(), tmp_path)
    answers = outcome.answers[0]
    shown = show(runs.latest(tmp_path), tmp_path, answers.cells[1, 2][:12])
    assert shown.key == answers.cells[1, 2] and shown.opening == "Answer: ("
    assert (shown.places[0].item, shown.places[0].rotation, shown.places[0].condition) == ("q1", 2, "asked")
    assert shown.places[0].origin == {"file": "test.audit", "line": 1, "column": 1}
    assert [option.label for option in shown.options] == ["A", "B", "C"]
    assert [option.index for option in shown.options] == [2, 0, 1]
    people = plan().surveys["values"].people["USA"]["q1"].shares
    assert all(option.probability == pytest.approx(0.98 * people[option.index]) for option in shown.options)
    assert shown.options[0].text in shown.turns[0][1] and shown.settings["engine"]["engine"] == "simulated"
    json.dumps(shown.as_dict())


def test_a_turn_is_shown_with_its_memory_and_how_it_was_read(tmp_path: Path) -> None:
    outcome = complete(plan(converse(memory=Range(low=2, high=2))), tmp_path)
    answers = outcome.answers[1]
    assert answers.choices is not None
    shown = show(runs.latest(tmp_path), tmp_path, answers.cells[3, 5].upper())
    assert [role for role, _ in shown.turns] == ["user", "assistant"] * 2 + ["user"]
    assert shown.reading is not None and shown.reading["option"] == answers.choices[3, 5]
    assert shown.places[0].draw == 3 and shown.text is not None and "解释" in shown.text


def test_a_cell_with_several_places_and_what_a_server_says_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = plan(score(), score("other/sim"))
    outcome = complete(both, tmp_path)
    shown = show(runs.latest(tmp_path), tmp_path, outcome.answers[0].cells[1, 2])
    assert {place.stage for place in shown.places} == {"ft/sim", "other/sim"} and shown.second is None
    screen.cell(
        dataclasses.replace(shown, reported="gpt-x-2026-10-01, fp_123", failure={"reason": "timeout", "detail": ""})
    )
    said = capsys.readouterr().out
    assert said.count("asked by ") == len(shown.places) >= 2
    assert said.count("gpt-x-2026-10-01, fp_123") == 1
    assert "the server says: gpt-x-2026-10-01, fp_123" in said and "failed: timeout\n" in said


def test_an_unclear_key_is_said(tmp_path: Path) -> None:
    complete(plan(), tmp_path)
    run = runs.latest(tmp_path)
    with pytest.raises(NoSuchCell, match="no cell"):
        show(run, tmp_path, "zz")
    with pytest.raises(NoSuchCell, match="208 cells"):
        show(run, tmp_path, "")


def test_every_raw_answer_can_be_taken_out(tmp_path: Path) -> None:
    complete(plan(models={"sim": model(refuse=0.3)}), tmp_path)
    rows = list(every(runs.latest(tmp_path), tmp_path))
    assert len(rows) == 208 and all(row["answered"] for row in rows)
    turns = [row for row in rows if row["draw"] >= 0]
    assert {row["reading"] for row in turns} == {"answered", "refused"}
    assert all((row["choice"] is None) == (row["reading"] == "refused") for row in turns)
    scores = [row for row in rows if row["rotation"] >= 0]
    assert all(sum(row["probabilities"]) == pytest.approx(0.98) for row in scores)


def test_an_older_run_shows_no_answer_that_only_a_later_one_got(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q1"}
    before = complete(plan(score()), tmp_path, limits=Limits(cells=60))
    older = runs.latest(tmp_path)
    assert before.cells["failed"] and before.cells["not_run"]
    rows = [row["status"] for row in every(older, tmp_path)]
    asked.fail = set()
    complete(plan(score()), tmp_path)
    again = list(every(older, tmp_path))
    assert [row["status"] for row in again] == rows
    answered = [row for row in again if row["answered"]]
    assert len(answered) == before.cells["answered"] == rows.count("answered")
    assert all(row["probabilities"] is None for row in again if not row["answered"])
    failed = next(row["key"] for row in again if row["status"] == "failed")
    assert show(older, tmp_path, failed).failure == {"reason": "engine", "detail": "asked to fail"}
    with pytest.raises(NoSuchCell, match="was not run"):
        show(older, tmp_path, next(row["key"] for row in again if row["status"] == "not run"))
    export(every(older, tmp_path), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().count("not run") == before.cells["not_run"]


@pytest.mark.parametrize("content", [b"", b'{"format": "auditc', b"\xff\xfe", b"5"])
def test_a_damaged_file_of_a_run_is_named(tmp_path: Path, content: bytes) -> None:
    complete(plan(score()), tmp_path)
    run = runs.latest(tmp_path)
    for name, read in (
        ("plan.json", run.plan),
        ("run.json", run.record),
        ("findings.json", run.findings),
        ("items.json", run.items),
        ("cells.parquet", run.cells),
    ):
        (run.folder / name).write_bytes(content)
        with pytest.raises(WorldFailed, match=name):
            read()
        (run.folder / name).unlink()
        with pytest.raises(WorldFailed, match=name):
            read()
    pq.write_table(pa.table({"key": ["a"]}), run.folder / "cells.parquet")
    with pytest.raises(WorldFailed, match=r"cells\.parquet"):
        run.cells()


def test_a_forecast_does_without_the_record_of_a_damaged_run(tmp_path: Path) -> None:
    complete(plan(score()), tmp_path)
    (runs.latest(tmp_path).folder / "run.json").write_text('{"run": "x", ')
    seen = forecast(plan(score()), tmp_path, {})
    assert seen.cells["to_run"] == 0 and seen.stages[0].seconds is None


def test_what_is_only_an_upper_bound_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = forecast(plan(score(), converse(), converse("d/sim", memory=Range(low=0, high=0))), tmp_path, {})
    assert [stage.at_most for stage in seen.stages] == [False, True, False]
    screen.forecast(seen)
    said = capsys.readouterr().out
    assert "at most 120 " in said and "0 stored, at most " in said
    complete(plan(), tmp_path)
    screen.forecast(forecast(plan(), tmp_path, {}))
    assert "at most" not in capsys.readouterr().out


def test_moments_are_written_out_and_another_engine_is_one_reason() -> None:
    earlier, later = "2026-11-21T14:20:49.000001+00:00", "2026-11-21T14:31:07.000002+00:00"
    hosted = {"engine": "openai", "window": earlier, "model": "m"}
    assert changes({"engine": hosted}, {"engine": {**hosted, "window": later}}) == (
        f"engine window: {earlier} → {later}",
    )
    assert changes({"engine": hosted}, {"engine": {"engine": "replay", "recorded.a": 1}}) == (
        "engine: openai → replay",
    )


def test_a_narrow_terminal_cuts_nothing_short_and_a_problem_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = forecast(plan(score("participants/a-model-of-a-long-name")), tmp_path, {})
    one = Problem("it cannot be opened", "", Origin(file="a.audit", line=1, column=1))
    two = dataclasses.replace(one, origin=Origin(file="a.audit", line=2, column=1))
    monkeypatch.setattr(screen, "_console", lambda: Console(width=60, highlight=False))
    screen.forecast(dataclasses.replace(seen, problems=(one, two)))
    said = capsys.readouterr().out
    assert "…" not in said and said.count("not yet possible: it cannot be opened\n") == 1


def test_a_figure_is_never_a_negative_zero() -> None:
    found = finding("opinions", "jsd", "gemma3", "us", "asked", 3)
    shown = screen._finding(found.model_copy(update={"estimate": -0.0001, "low": -0.00012, "high": 0.5}))
    assert shown[3].endswith("0.000") and "-" not in shown[3] and shown[4] == "0.000 to 0.500"

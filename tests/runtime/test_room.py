"""A memory that is longer than the model's window: counted by its own reason, foretold, and said of every figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditc.backends._contract import ModelSource
from auditc.backends._window import window
from auditc.evidence.conclude import conclude
from auditc.ir.answers import FAILED
from auditc.ir.plan import Measure, Plan
from auditc.ir.values import Range
from auditc.runtime.execute import run
from auditc.runtime.forecast import forecast
from tests.runtime.plans import ORIGIN, converse, model, plan, score

MEASURE = Measure(name="def.diversity", needs=("def/sim",), origin=ORIGIN, block="def", metric="diversity")


def asked(tokens: int | None, *stages: Any, **changes: Any) -> Plan:
    stage = converse(draws=30, memory=Range(low=0, high=5), max_new_tokens=8)
    made = model() if tokens is None else model(window=tokens)
    return plan(*(stages or (stage, MEASURE)), models={"sim": made}, **changes)


def test_who_remembers_too_much_is_missing_and_counted_by_its_reason(tmp_path: Path) -> None:
    made = asked(60)
    outcome = run(made, tmp_path)
    assert outcome.cells["failed"] > 0 and outcome.cells["answered"] > 0
    assert outcome.cells["failed"] == sum(answers.unfit for answers in outcome.answers)
    findings, _ = conclude(made, outcome.answers, models=outcome.models)
    for row, answers in zip(findings.tallies, outcome.answers, strict=True):
        assert row.too_long == row.failed == answers.unfit > 0
        assert answers.choices is not None
        # Who remembers nothing is answered throughout.
        first = [person.memory for person in outcome.sheets[0].participants[answers.population]]  # type: ignore[union-attr]
        missing = (answers.choices == FAILED).any(axis=1)
        assert not any(lost for lost, memory in zip(missing, first, strict=True) if memory == 0)
    for finding in findings.findings:
        mine = sum(row.too_long for row in findings.tallies if row.population == finding.population)
        note = f"{mine} of 180 cells are missing because the prompt did not fit into the model's window: "
        assert f"{note}what was found rests on participants with shorter memories" in finding.notes


def test_a_question_of_probabilities_that_does_not_fit_is_told_without_memories(tmp_path: Path) -> None:
    made = asked(3, score())
    outcome = run(made, tmp_path)
    assert outcome.cells["failed"] == outcome.cells["asked"]
    findings, _ = conclude(made, outcome.answers, models=outcome.models)
    assert {row.too_long for row in findings.tallies} == {findings.tallies[0].failed}


@pytest.mark.parametrize(("tokens", "said"), [(None, ""), (100_000, ""), (160, "remember up to 5"), (20, "do not fit")])
def test_a_plan_says_beforehand_what_will_not_fit(tokens: int | None, said: str, tmp_path: Path) -> None:
    warnings = forecast(asked(tokens), tmp_path).warnings
    if not said:
        assert warnings == ()
        return
    [warning] = warnings
    assert said in warning and "told by the number of characters" in warning and "will be missing" in warning
    if tokens == 160:
        assert "Write `memory = 0.." in warning


def test_what_is_said_to_fit_does(tmp_path: Path) -> None:
    [warning] = forecast(asked(160), tmp_path / "one").warnings
    fits = int(warning.split("about ")[1].split(" ")[0])
    assert 0 < fits < 5
    stage = converse(draws=30, memory=Range(low=0, high=fits), max_new_tokens=8)
    assert run(asked(160, stage), tmp_path / "two").cells["failed"] == 0
    assert forecast(asked(160, stage), tmp_path / "two").warnings == ()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"max_position_embeddings": 2048}, 2048),
        ({"text_config": {"max_position_embeddings": 4096}}, 4096),
        ({}, None),
        ([], None),
        ({"max_position_embeddings": "many"}, None),
    ],
)
def test_a_models_folder_says_how_long_its_window_is(said: Any, found: int | None, tmp_path: Path) -> None:
    assert window(ModelSource("m", str(tmp_path), "")) is None
    (tmp_path / "config.json").write_text(json.dumps(said))
    assert window(ModelSource("m", str(tmp_path), "")) == found
    assert window(ModelSource("m", None, "")) is None

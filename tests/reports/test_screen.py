"""What a person sees in a terminal when a run is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditc import screen
from auditc.api.runs import Done
from auditc.reports._contract import Material
from tests.reports.material import material, unasked


def printed(made: Material, capsys: pytest.CaptureFixture[str], **counts: int) -> str:
    cells = {**made.run.cells, "not_run": 0, **counts}
    record = made.run.model_copy(update={"cells": cells})
    screen.outcome(Done(record, made.findings, Path("/audit/.auditc/runs/one")))
    return capsys.readouterr().out


def test_each_metric_says_what_its_number_is_and_which_end_is_better(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(material(small=True), capsys)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    (told,) = [line for line in lines if line.startswith("jsd Likeness to people")]
    assert told.endswith("; higher is better; about items like these") and "1 − √JSD" in told
    assert sum(line.startswith("diversity Diversity of answers") for line in lines) == 1, "once for all its rows"


def test_a_figure_over_all_populations_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    made = material(small=True)
    first = made.findings.findings[0].model_copy(update={"population": "", "condition": "shuffled_countries"})
    out = printed(replace(made, findings=made.findings.model_copy(update={"findings": (first,)})), capsys)
    assert "all populations, shuffled_countries" in out


def test_what_was_stored_and_what_was_asked_with_others_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert "32 from the store, 64 asked with others that ask the same\n" in printed(material(small=True), capsys)
    assert "96 from the store\n" in printed(material(small=True), capsys, shared=0)


def test_what_was_not_asked_has_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(unasked(material(small=True), "gemma3"), capsys)
    assert "opinions: nothing was asked of gemma3 (" in out and "opinions.jsd " in out
    assert not [line for line in out.splitlines() if line.split()[1:2] == ["gemma3"]]
    nothing = printed(unasked(material(small=True), "smollm2", "gemma3"), capsys, asked=0, answered=0)
    assert "Nothing was asked, and nothing is stored" in nothing and "jsd" not in nothing
    assert nothing.count("Nothing that it speaks of was asked.") == 2 and "estimate" not in nothing

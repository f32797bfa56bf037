"""What is known by name and not built yet: it is checked and planned, and a run refuses it before anything is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Shell

DILEMMAS = """scenario,step,text.en,choice.a.en,choice.b.en
wallet,1,You find a wallet.,Hand it in,Keep it
wallet,2,Its owner asks.,Tell her,Say nothing
"""
SPEC = """
survey grouped {
  items     = csv("items.csv")
  reference = csv("grouped.csv", by = [country, sex])
}

def_survey written {
  ask = grouped
  of  = [faithful]
  as  = [hill]
  diversity { }
}

escalation wallets {
  scenarios = csv("dilemmas.csv")
  of        = [faithful, stubborn]
  step 1..2 { choices = [a, b] }
  win_rate { }
  transitivity { }
  rank_change { from = 1  to = 2 }
}

report filed { formats = [pdf, oscal] }
"""
NAMED = {
    "escalation": "escalation wallets",
    "win_rate": "  win_rate",
    "transitivity": "  transitivity",
    "rank_change": "  rank_change",
    "pdf": "report filed",
    "oscal": "report filed",
}
"""Everything that is not built, and how the line begins that asks for it."""


@pytest.fixture
def unbuilt(starter: Shell) -> Shell:
    spec = starter.folder / "starter.audit"
    spec.write_text(spec.read_text("utf-8") + SPEC, "utf-8")
    (starter.folder / "dilemmas.csv").write_text(DILEMMAS, "utf-8")
    head, *rows = (starter.folder / "shares.csv").read_text("utf-8").splitlines()
    told = [f"{head},sex", *(f"{row},{sex}" for row in rows for sex in ("", "female", "male"))]
    (starter.folder / "grouped.csv").write_text("\n".join(told) + "\n", "utf-8")
    ended = starter.auditc("compile", "starter.audit")
    assert ended.code == 0, ended.err
    return starter


def line_of(shell: Shell, beginning: str) -> int:
    lines = (shell.folder / "starter.audit").read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(beginning))


def test_a_run_names_all_of_it_with_its_lines_and_asks_nothing(unbuilt: Shell, tmp_path: Path) -> None:
    ended = unbuilt.auditc("run", AUDITC_HOME=str(tmp_path / "empty"))
    assert ended.code == 3
    assert not list((unbuilt.folder / ".auditc").glob("**/*.parquet"))
    for name, beginning in NAMED.items():
        place = f"starter.audit:{line_of(unbuilt, beginning)}:"
        told = [line for line in ended.err.splitlines() if f"`{name}`" in line and place in line]
        assert len(told) == 1, (name, ended.err)
        assert "yet" in told[0]


def test_a_plan_lists_it_before_anybody_runs_it(unbuilt: Shell, tmp_path: Path) -> None:
    ended = unbuilt.auditc("plan", "--json", AUDITC_HOME=str(tmp_path / "empty"))
    problems = ended.json["problems"]
    assert {name for name in NAMED if any(f"`{name}`" in problem for problem in problems)} == NAMED.keys()
    assert len(problems) == len(NAMED)
    later = {stage["kind"] for stage in ended.json["stages"] if stage["why"] == ["not built"]}
    assert later == {"escalate"}


def test_what_is_built_runs_when_the_rest_is_left_out(unbuilt: Shell) -> None:
    spec = unbuilt.folder / "starter.audit"
    text = spec.read_text("utf-8")
    spec.write_text(re.sub(r"\n(def_survey written|escalation|report filed)[\s\S]*", "\n", text))
    assert unbuilt.auditc("compile", "starter.audit").code == 0
    assert unbuilt.auditc("plan", "--json").json["problems"] == []

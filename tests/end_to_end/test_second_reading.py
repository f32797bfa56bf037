"""A model reads again what the parser could not: counted by itself, and the conversation stays as it was."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from auditc.backends.simulated import VEILED
from auditc.reading import read_choice
from tests.compiler.fragments import completed, lay

from .conftest import Shell

BLOCK = """
model mumbling {
  backend = simulated { like = values   veiled = 25%   unparsable = 10%   refuse = 5% }
}

model reader { backend = simulated { like = values } }

def_survey citizens {
  ask            = values
  of             = [mumbling]
  as             = [us, cn]
  draws          = 20
  memory         = 0..3
  second_reading = reader
  kl { }
}

report governance {
  formats   = [html]
  languages = [en, zh]
}
"""


@pytest.fixture
def reread(shell: Shell) -> Shell:
    lay(shell.folder, completed(BLOCK, without="first_token"))
    done = shell.auditc("compile", "spec.audit")
    assert done.code == 0, done.err
    return shell


def found(shell: Shell) -> dict[str, Any]:
    return dict(json.loads(shell.findings()))


def exported(shell: Shell) -> list[dict[str, str]]:
    assert shell.auditc("export").code == 0
    with (shell.folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tallies(findings: dict[str, Any], population: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(t["stage"], t["condition"]): t for t in findings["tallies"] if t["population"] == population}


def test_what_a_simulated_model_veils_no_parser_reads() -> None:
    for language, text in VEILED.items():
        for number in (1, 2, 3):
            reading = read_choice(text.format(number), ("Very", "2", "Not at all"), language, "numbers")
            assert reading.reason == "unparsable"


def test_what_the_model_reads_is_counted_apart_and_the_conversation_stays(reread: Shell) -> None:
    planned = reread.auditc("plan", "--json").json
    stages = {stage["name"]: stage for stage in planned["stages"]}
    most = stages["citizens/second_reading"]
    assert most["at_most"] and most["to_run"] == most["cells"] == stages["citizens/mumbling"]["cells"]
    done = reread.auditc("run", "--json").json
    assert done["cells"]["not_run"] == done["cells"]["failed"] == 0
    findings = found(reread)
    assert findings["complete"]
    for population in ("us", "cn"):
        rows = tallies(findings, population)
        asked, again = rows["citizens/mumbling", "asked"], rows["citizens/mumbling", "second_reading"]
        reader = rows["citizens/second_reading", "asked"]
        assert reader["model"] == "reader" and reader["asked"] == asked["unparsable"] > 0 and "reread" not in asked
        assert again["answered"] == asked["answered"] + again["reread"] and again["reread"] > 0
        assert again["unparsable"] == asked["unparsable"] - again["reread"] > 0, "noise chooses nothing"
        assert (again["refused"], again["asked"]) == (asked["refused"], asked["asked"])
    rows = exported(reread)
    mine = [row for row in rows if row["stage"] == "citizens/second_reading"]
    unread = [row for row in rows if row["stage"] == "citizens/mumbling" and row["reading"] == "unparsable"]
    assert len(mine) == len(unread) and {row["reading"] for row in mine} == {"answered"}
    figures(findings)
    shown(reread, mine)
    first = {row["key"] for row in rows if row["stage"] == "citizens/mumbling"}
    assert reread.auditc("plan", "--json").json["cells"]["to_run"] == 0
    reread.edit("spec.audit", "  second_reading = reader\n", "")
    assert reread.auditc("compile", "spec.audit").code == 0
    assert reread.auditc("run", "--json").json["cells"]["asked"] == 0
    assert {row["key"] for row in exported(reread)} == first
    assert {f["condition"] for f in found(reread)["findings"]} == {"asked"}


def figures(findings: dict[str, Any]) -> None:
    """Figures of both conditions, and what lies between them, over the same participants."""
    whole = {
        (f["metric"], f["population"], f["condition"]): f
        for f in findings["findings"]
        if not f["axes"] and f["claim"] is None
    }
    for metric in ("kl", "answer_rate"):
        for population in ("us", "cn"):
            asked, again = (whole[metric, population, name] for name in ("asked", "second_reading"))
            assert again["n"]["answers"] > asked["n"]["answers"]
            assert any("were read by reader, a model" in note for note in again["notes"])
            assert not any("a model" in note for note in asked["notes"])
    moved = {(c["metric"], c["population"]): c for c in findings["contrasts"]}
    for population in ("us", "cn"):
        rate = moved["answer_rate", population]
        assert (rate["of"], rate["left"], rate["right"]) == ("reading", "second_reading", "asked")
        difference = whole["answer_rate", population, "second_reading"]["estimate"]
        difference -= whole["answer_rate", population, "asked"]["estimate"]
        assert rate["estimate"] == pytest.approx(difference, abs=1e-5) and rate["estimate"] > 0


def shown(shell: Shell, mine: list[dict[str, str]]) -> None:
    """A cell of the second reader says what it was shown and what it said of it; reports name the condition."""
    veiled = 0
    for row in mine[:12]:
        cell = shell.auditc("show", "last", row["key"], "--json").json
        (turn,) = cell["turns"]
        stated = "no. " in turn[1] or "第" in turn[1].split("| ")[-1]
        none = cell["options"][-1]
        assert none["text"] in ("none of the options", "没有选任何一项")
        assert cell["reading"]["option"] is not None
        veiled += stated
        assert stated == (cell["reading"]["option"] != none["index"])
    assert veiled
    for language, name in (("en", "read a second time"), ("zh", "二次阅读")):
        page = next((shell.folder / ".auditc/runs").glob(f"*/report.{language}.html")).read_text(encoding="utf-8")
        assert name in page and ("nobody knows how often it errs" in page) == (language == "en")
        assert 'data-reread="' in page


def test_a_reader_that_errs_adds_what_was_not_said(reread: Shell) -> None:
    reread.edit(
        "spec.audit", "simulated { like = values }", "simulated { like = values   misses = 50%   alarms = 50% }"
    )
    assert reread.auditc("compile", "spec.audit").code == 0
    assert reread.auditc("run", "--limit", "60", "--json").json["stopped"]
    dry = tallies(found(reread), "us")["citizens/mumbling", "second_reading"]
    assert dry["not_run"] and dry["planned"] == dry["asked"] + dry["not_run"]
    assert reread.auditc("run").code == 0
    rows = tallies(found(reread), "us")
    assert rows["citizens/mumbling", "second_reading"]["reread"] > 0 and found(reread)["complete"]

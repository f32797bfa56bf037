"""A judge reads written answers: the page of docs/how-to/judge.md, with as many cases as it asks for."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from .conftest import Shell

FAULTY, SOUND = "(This text has a fault.)", "So it is here."


@pytest.fixture
def judged(shell: Shell, root: Path) -> Shell:
    """The files of the page, and cases: 80 of each kind. More items and towns, so that prompts differ."""
    text = (root / "docs/how-to/judge.md").read_text(encoding="utf-8")
    for name, content in re.findall(r"^```[\w-]+ (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        (shell.folder / name).write_text(content, encoding="utf-8")
    rows = [f"Answer: {n}. Explanation: {FAULTY},no_role,yes,Why {n}?,en" for n in range(80)]
    rows += [f"Answer: {n}. Explanation: {SOUND},no_role,no,Why {n}?,en" for n in range(80)]
    lines("cases.csv", ["text,fault,present,question,language", *rows], shell)
    lines("towns.csv", ["place.en,residents", *(f"Town {n},{100 + n}" for n in range(300))], shell)
    items = [f"item{n},nominal,What of matter {n}?,Yes|No|Perhaps" for n in range(15)]
    lines("items.csv", ["id,scale,text.en,options.en", *items], shell)
    shares = [f"Hereland,item{n},1000,0.2|0.5|0.3" for n in range(15)]
    lines("shares.csv", ["country,item,n,shares", *shares], shell)
    return shell


def lines(name: str, rows: list[str], shell: Shell) -> None:
    (shell.folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


def figures(shell: Shell) -> dict[str, Any]:
    found = json.loads(shell.findings())
    return {one["axes"]["fault"]: one for one in found["findings"] if one["metric"] == "insensitivity"}


def test_the_commands_of_the_page_find_the_faults_that_were_planted(judged: Shell, root: Path) -> None:
    text = (root / "docs/how-to/judge.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for line in commands.strip().splitlines():
        ended = judged.auditc(*shlex.split(line)[1:])
        assert ended.code == 0, f"{line}\n{ended.err}"
    runs = sorted((judged.folder / ".auditc/runs").glob("*/findings.json"))
    first, replayed = (json.loads(path.read_text(encoding="utf-8")) for path in runs)
    assert first["findings"] == replayed["findings"] and first["complete"] and replayed["complete"]
    (found,) = figures(judged).values()
    assert found["low"] < 0.2 < found["high"] and abs(found["estimate"] - 0.2) < 0.12
    assert found["lines"]["sensitivity"] == pytest.approx(0.85, abs=0.12)
    assert found["lines"]["specificity"] == pytest.approx(0.8, abs=0.13)
    assert found["lines"]["apparent"] > found["estimate"], "uncorrected, the judge's false alarms would count"
    assert 350 < found["n"]["answers"] < 550 and found["n"]["items"] == 15 and found["interpretable"]
    assert found["estimand"] == "items like these" and "Gladen" in found["procedure"]
    tallies = {(row["model"], row["population"], row["condition"]): row for row in first["tallies"]}
    assert tallies["reader", "here", "asked"]["answered"] == found["n"]["answers"]
    assert tallies["reader", "", "cases"]["answered"] == 160
    assert judged.auditc("plan", "--json").json["cells"]["to_run"] == 0
    report = next((judged.folder / ".auditc/runs").glob("*/report.en.html")).read_text(encoding="utf-8")
    assert "Insensitivity" in report
    what_was_shown_can_be_looked_at(judged)


def what_was_shown_can_be_looked_at(judged: Shell) -> None:
    assert judged.auditc("export").code == 0
    rows = (judged.folder / "answers.csv").read_text(encoding="utf-8").splitlines()
    mine = [row for row in rows if ",talks/someone no_role," in row]
    cases = [row for row in rows if ",case_160," in row]
    assert len(mine) > 300 and len(cases) == 1
    shown = judged.auditc("show", "last", mine[0].split(",")[0], "--json").json
    (turn,) = shown["turns"]
    assert (
        "| 1. Yes\n| 2. No" in turn[1]
        and "\n1. Yes\n2. No\n" in turn[1]
        and "| a citizen of Hereland who lives in" in turn[1]
    )
    assert [option["text"] for option in shown["options"]] == ["Yes", "No"] and shown["reading"]["option"] in (0, 1)
    assert SOUND in judged.auditc("show", "last", cases[0].split(",")[0]).out


def test_without_cases_the_share_is_raw_and_with_few_there_is_none(judged: Shell) -> None:
    judged.edit("judged.audit", '    calibrate = csv("cases.csv")\n', "")
    ended = judged.auditc("compile", "judged.audit")
    assert ended.code == 0 and "AC426" in ended.err
    ran = judged.auditc("run")
    assert ran.code == 0 and "talks.insensitivity, no_role" in ran.out
    (raw,) = figures(judged).values()
    assert raw["estimate"] == raw["lines"]["apparent"] and not raw["interpretable"]
    assert "uncorrected" in raw["procedure"] and any(note.startswith("raw:") for note in raw["notes"])
    judged.edit("judged.audit", "= [no_role]\n", '= [no_role]\n    calibrate = csv("cases.csv")\n')
    rows = (judged.folder / "cases.csv").read_text(encoding="utf-8").splitlines()
    lines("cases.csv", [rows[0], *rows[1:41], *rows[81:121]], judged)
    assert "40 cases with `no_role` and 40 without" in judged.auditc("compile", "judged.audit").err
    assert judged.auditc("run").code == 0
    (few,) = figures(judged).values()
    assert few["estimate"] is None and few["lines"]["sensitivity"] > 0.5
    assert any("rest on 40 cases of a kind" in note for note in few["notes"])


def test_a_judge_that_tells_nothing_apart_gives_no_figure(judged: Shell) -> None:
    judged.edit("judged.audit", "misses = 15%   alarms = 20%", "misses = 50%   alarms = 50%")
    assert judged.auditc("compile", "judged.audit").code == 0 and judged.auditc("run").code == 0
    (found,) = figures(judged).values()
    assert found["estimate"] is None and any("tells too little apart" in note for note in found["notes"])


def test_a_probe_and_a_dry_run_take_the_judge_with_them(judged: Shell) -> None:
    judged.edit("judged.audit", "  seed    = 20261121\n", "  seed    = 20261121\n  probe   = 5%\n")
    assert judged.auditc("compile", "judged.audit").code == 0
    dry = judged.auditc("run", "--limit", "40", "--json").json
    assert "dry run" in dry["stopped"] and dry["cells"]["asked"] <= 90
    assert judged.auditc("run").code == 0
    found = json.loads(judged.findings())
    assert {row["kind"] for row in found["probes"]} == {"converse", "assess"}
    assert all(row["readings"]["count"] == 0 for row in found["probes"])

"""From a spec to a report on simulated models, through the command line, with every way to interrupt and change it."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path

import jsonschema

from .conftest import PATIENCE, Shell


def test_the_starter_runs_from_a_spec_to_a_report(starter: Shell, root: Path) -> None:
    foreseen = starter.auditc("plan", "--json").json
    assert foreseen["cells"]["total"] == foreseen["cells"]["to_run"] == 2592
    done = starter.auditc("run", "--json").json
    cells = done["cells"]
    assert cells["asked"] == cells["answered"] + cells["refused"] + cells["unparsable"] + cells["failed"] == 2592
    assert cells["refused"] > 0 and cells["unparsable"] > 0 and cells["reused"] == 0
    findings = json.loads((starter.folder / done["findings"]).read_text())
    jsonschema.validate(findings, json.loads((root / "schemas/findings.v1.json").read_text()))
    for tally in findings["tallies"]:
        answered = tally["answered"] + tally["refused"] + tally["unparsable"] + tally["failed"]
        assert answered == tally["asked"] and tally["asked"] + tally["not_run"] == tally["planned"]
    assert "html.en" in done["reports"] and (starter.folder / done["reports"]["html.en"]).stat().st_size > 10_000


def test_a_model_that_answers_like_people_is_found_to_and_a_stubborn_one_is_not(starter: Shell) -> None:
    starter.auditc("run", "-q")
    findings = json.loads(starter.findings())
    kl = {(f["model"], f["population"]): f for f in findings["findings"] if _is(f, "participants", "kl")}
    for population in ("hill", "shore"):
        assert kl["faithful", population]["low"] < 0 < kl["faithful", population]["high"]
        assert kl["stubborn", population]["low"] > 0
    [claim] = findings["claims"]
    assert claim["verdict"] == "fails"
    parts = {f["model"]: f["verdict"] for f in findings["findings"] if f["claim"] == "close"}
    assert parts == {"faithful": "holds", "stubborn": "fails"}


def _is(finding: dict[str, object], block: str, metric: str) -> bool:
    return (finding["block"], finding["metric"], finding["claim"], finding["axes"]) == (block, metric, None, {})


def test_a_second_run_asks_nothing_and_finds_the_same_bytes(starter: Shell) -> None:
    starter.auditc("run", "-q")
    first = starter.findings()
    again = starter.auditc("run", "--json").json["cells"]
    assert again["asked"] == 0 and again["reused"] == 2592
    assert starter.findings() == first


def test_ctrl_c_keeps_what_was_answered_and_says_what_is_missing(starter: Shell) -> None:
    # Every batch waits so long that the run is met in the middle, however late that is; what is asked is the same.
    starter.edit("starter.audit", "refuse = 1% }", "refuse = 1%   latency = 1s }")
    starter.auditc("compile", "starter.audit")
    process = starter.start("run", "--json")
    while not list((starter.folder / ".auditc/store").rglob("*.parquet")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "Traceback" not in err
    stopped = json.loads(out.splitlines()[-1])
    assert stopped["stopped"] and stopped["cells"]["not_run"] > 0 and stopped["cells"]["asked"] > 0
    assert stopped["spent"]["tokens_in"] > 0 and stopped["spent"]["money"] == {}
    assert json.loads(starter.findings())["complete"] is False
    starter.edit("starter.audit", "   latency = 1s }", " }")
    starter.auditc("compile", "starter.audit")
    rest = starter.auditc("run", "--json").json["cells"]
    assert rest["reused"] == stopped["cells"]["asked"] and rest["not_run"] == 0


def test_editing_an_item_asks_only_what_could_change(starter: Shell) -> None:
    starter.auditc("run", "-q")
    starter.edit("items.csv", "How important is work in your life?", "How much does work matter in your life?")
    assert starter.auditc("run").code == 2, "a stale plan must be refused"
    starter.auditc("compile", "starter.audit")
    stages = {stage["name"]: stage for stage in starter.auditc("plan", "--json").json["stages"]}
    # One item of four orders, for two populations.
    assert stages["letters/faithful"]["to_run"] == 8
    asked = starter.auditc("run", "--json").json
    letters = [s for s in json.loads(_record(starter))["stages"] if s["name"] == "letters/faithful"]
    assert letters[0]["asked"] == 8
    assert asked["cells"]["reused"] > 0


def _record(shell: Shell) -> str:
    return max((shell.folder / ".auditc/runs").glob("*/run.json")).read_text()


def test_every_figure_leads_back_to_answers(starter: Shell) -> None:
    done = starter.auditc("run", "--json").json
    items = json.loads((starter.folder / done["findings"]).with_name("items.json").read_text())
    row = next(row for row in items if row["block"] == "participants")
    shown = starter.auditc("show", "last", row["cells"][0], "--json").json
    assert shown["text"] and shown["places"][0]["item"] == row["item"] and shown["places"][0]["origin"]["line"] > 0
    assert starter.auditc("show", "last", row["cells"][0]).code == 0
    assert starter.auditc("show", "last", "zzzz").code == 2


def test_answers_can_be_taken_elsewhere(starter: Shell) -> None:
    starter.auditc("run", "-q")
    assert starter.auditc("export", "-o", "answers.csv", "--json").json["rows"] == 2592
    with (starter.folder / "answers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2592 and {row["model"] for row in rows} == {"faithful", "stubborn"}
    drawn = [row for row in rows if row["block"] == "participants"]
    assert drawn and {row["sampled"] for row in drawn} == {"True"} and all(row["memory"] for row in drawn)
    assert not any(row["memory"] or row["beams"] for row in rows if row["draw"] == "-1")
    assert starter.auditc("export", "-o", "answers.parquet").code == 0
    assert starter.auditc("export", "-o", "answers.xls").code == 2
    lost = starter.auditc("export", "-o", "nofolder/a.csv")
    assert lost.code == 3 and "the folder nofolder is not there" in lost.err and ".part" not in lost.err


def test_reports_are_rendered_again_from_what_is_stored(starter: Shell) -> None:
    done = starter.auditc("run", "--json").json
    before = (starter.folder / done["reports"]["html.en"]).read_bytes()
    written = starter.auditc("report", "--format", "html", "--language", "zh", "--json").json["reports"]
    assert "zh" in (starter.folder / written["html.zh"]).read_text(encoding="utf-8")[:300]
    starter.auditc("report")
    assert (starter.folder / done["reports"]["html.en"]).read_bytes() == before


def test_a_trial_is_marked_and_a_gate_is_a_gate(starter: Shell) -> None:
    trial = starter.auditc("run", "--limit", "5", "--json")
    assert trial.code == 1 and "dry run" in trial.json["stopped"]
    assert starter.auditc("run", "-q", "--fail-on", "missing").code == 0
    assert starter.auditc("run", "-q", "--fail-on", "claims").code == 1
    # Refused before anything is asked.
    before = len(list((starter.folder / ".auditc/runs").iterdir()))
    refused = starter.auditc("run", "-q", "--fail-on", "weather")
    assert refused.code == 2 and "undecided" in refused.err
    assert len(list((starter.folder / ".auditc/runs").iterdir())) == before

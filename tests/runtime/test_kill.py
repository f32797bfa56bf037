"""A run that is killed, interrupted or terminated in the middle, in a process of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import auditc
from auditc.backends._contract import Flow
from auditc.runtime.commit import WAITING
from auditc.runtime.faults import StoreBusy
from auditc.runtime.store import Store
from tests.runtime.child import long_plan
from tests.runtime.workspace import ask, same

LATENCY = 0.02
BATCH, AHEAD = Flow().batch, Flow().at_once


def start(root: Path, folder: Path, latency: float = LATENCY) -> subprocess.Popen[str]:
    """A run in `folder`, once it has begun to ask."""
    path = os.pathsep.join([str(root), str(Path(auditc.__file__).parents[1])])
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.child", str(folder), str(folder.with_suffix(".log")), str(latency)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        cwd=root,
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line in ("asking\n", "") or "cells" in line
    return child


def test_kills_at_any_moment_change_no_answer_and_ask_almost_nothing_twice(tmp_path: Path, root: Path) -> None:
    picks = random.Random(20261121)
    folder, kills = tmp_path / "killed", 0
    for _ in range(15):
        child = start(root, folder)
        time.sleep(picks.uniform(0, 0.2))
        child.kill()
        kills += child.wait() == -signal.SIGKILL
    assert kills >= 10
    stored = len(Store.open(folder / "store", write=False))
    killed = ask(long_plan(0), folder)
    whole = ask(long_plan(0), tmp_path / "whole")
    assert same(killed.answers, whole.answers)
    assert killed.cells["reused"] == stored > 0 and killed.cells["asked"] > 0
    asked = Counter(folder.with_suffix(".log").read_text().split())
    lost = sum(asked.values()) - stored
    # A kill may take what is with the engine, what waits for the disk, and what is on its way to it.
    assert lost <= kills * (AHEAD + 2 * WAITING) * BATCH
    assert lost / kills < 8 * BATCH, "a slow engine's batches are stored one by one"


@pytest.mark.parametrize(("number", "why"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "told to terminate")])
def test_an_interrupted_run_ends_cleanly_with_what_it_has(tmp_path: Path, root: Path, number: int, why: str) -> None:
    folder = tmp_path / "stopped"
    child = start(root, folder, latency=0.05)
    time.sleep(0.3)
    child.send_signal(number)
    said, _ = child.communicate(timeout=20)
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

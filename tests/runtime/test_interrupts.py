"""Ctrl-C while a model opens: people are told at once, and what can be given up is given up."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditc.backends import simulated as module
from auditc.runtime import progress
from auditc.runtime.events import Reporter
from auditc.runtime.execute import Outcome, run
from tests.runtime.plans import plan


class Told(Reporter):
    """Presses Ctrl-C soon after a model begins to open, and notes when it is told so."""

    def __init__(self, presses: int = 1) -> None:
        self.presses = presses
        self.pressed, self.heard = 0.0, list[tuple[float, str, str]]()

    def opening(self, model: str) -> None:
        threading.Thread(target=self._press, daemon=True).start()

    def stopping(self, why: str, waits: str = "") -> None:
        self.heard.append((time.monotonic() - self.pressed, why, waits))

    def _press(self) -> None:
        for _ in range(self.presses):
            time.sleep(0.3)
            self.pressed = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bool], None]:
    """Makes simulated models open slowly: in the run's own process, or in one that never says that it is ready."""
    real = module.simulated
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 600\n", "utf-8")
    deaf.chmod(0o755)

    def make(in_process: bool) -> None:
        def opened(source: object, params: object) -> object:
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                time.sleep(0.05)
            return real.open(source, params)  # type: ignore[arg-type]

        changed = {"in_process": in_process, "interpreter": lambda: str(deaf), "open": opened}
        monkeypatch.setattr(module, "simulated", dataclasses.replace(real, **changed))  # type: ignore[arg-type]

    return make


def stopped(folder: Path, reporter: Reporter) -> Outcome:
    done = run(plan(), folder / "workspace", {}, reporter=reporter, logs=folder)
    assert done.stopped == "interrupted" and done.cells["not_run"] == done.cells["planned"] > 0
    return done


def test_a_process_that_opens_a_model_is_ended_at_once(slow: Callable[[bool], None], tmp_path: Path) -> None:
    slow(False)
    told, began = Told(), time.monotonic()
    stopped(tmp_path, told)
    assert time.monotonic() - began < 10, "nobody waits for the model"
    [(after, why, waits)] = told.heard
    assert after < 1 and (why, waits) == ("interrupted", "")


def test_who_has_to_wait_for_a_model_is_told_so_at_once(slow: Callable[[bool], None], tmp_path: Path) -> None:
    slow(True)
    told = Told()
    stopped(tmp_path, told)
    [(after, why, waits)] = told.heard
    assert after < 1 and (why, waits) == ("interrupted", "until sim is open")


def test_a_second_one_does_not_wait(slow: Callable[[bool], None], tmp_path: Path) -> None:
    slow(True)
    told, began = Told(presses=2), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(plan(), tmp_path / "workspace", {}, reporter=told, logs=tmp_path)
    assert time.monotonic() - began < 1.5 and len(told.heard) == 1


def test_what_is_waited_for_is_on_the_screen_and_in_the_events() -> None:
    said, events = io.StringIO(), io.StringIO()
    progress.Lines(said).stopping("interrupted", "until sim is open")
    progress.Events(events).stopping("interrupted", "until sim is open")
    assert said.getvalue() == (
        "stopping: interrupted; waits until sim is open (Ctrl-C again ends the run at once); what is stored is kept\n"
    )
    assert json.loads(events.getvalue())["waits"] == "until sim is open"

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

GUARD = 120
"""Seconds after which something hangs; nothing here is a matter of speed."""


class Told(Reporter):
    """Presses Ctrl-C once a model begins to open, and as often again as it is told of it; notes what it is told."""

    def __init__(self, presses: int = 1) -> None:
        self.presses = presses
        self.heard = list[tuple[str, str]]()
        self.told = threading.Event()

    def opening(self, model: str) -> None:
        threading.Thread(target=self._press, daemon=True).start()

    def stopping(self, why: str, waits: str = "") -> None:
        self.heard.append((why, waits))
        self.told.set()

    def _press(self) -> None:
        for _ in range(self.presses):
            time.sleep(0.1)  # the reporter is told of an opening just before it begins
            os.kill(os.getpid(), signal.SIGINT)
            self.told.wait(GUARD)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[threading.Event | None], None]:
    """Makes simulated models open slowly: in the run's own process, until an event, or in one that is never ready."""
    real = module.simulated
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 600\n", "utf-8")
    deaf.chmod(0o755)

    def make(until: threading.Event | None) -> None:
        def opened(source: object, params: object) -> object:
            assert until is not None
            end = time.monotonic() + GUARD
            while not until.is_set() and time.monotonic() < end:
                time.sleep(0.02)
            return real.open(source, params)  # type: ignore[arg-type]

        changed = {"in_process": until is not None, "interpreter": lambda: str(deaf), "open": opened}
        monkeypatch.setattr(module, "simulated", dataclasses.replace(real, **changed))  # type: ignore[arg-type]

    return make


def stopped(folder: Path, reporter: Reporter) -> Outcome:
    done = run(plan(), folder / "workspace", {}, reporter=reporter, logs=folder)
    assert done.stopped == "interrupted" and done.cells["not_run"] == done.cells["planned"] > 0
    return done


def test_a_process_that_opens_a_model_is_ended_and_not_waited_for(
    slow: Callable[[threading.Event | None], None], tmp_path: Path
) -> None:
    slow(None)
    told, began = Told(), time.monotonic()
    stopped(tmp_path, told)
    assert time.monotonic() - began < GUARD, "the model would take ten minutes"
    assert told.heard == [("interrupted", "")]


def test_who_has_to_wait_for_a_model_is_told_so_while_it_opens(
    slow: Callable[[threading.Event | None], None], tmp_path: Path
) -> None:
    told, began = Told(), time.monotonic()
    slow(told.told)
    stopped(tmp_path, told)
    assert time.monotonic() - began < GUARD, "the model opens once somebody was told"
    assert told.heard == [("interrupted", "until sim is open")]


def test_a_second_one_does_not_wait(slow: Callable[[threading.Event | None], None], tmp_path: Path) -> None:
    over = threading.Event()
    slow(over)
    told, began = Told(presses=2), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(plan(), tmp_path / "workspace", {}, reporter=told, logs=tmp_path)
    assert time.monotonic() - began < GUARD and len(told.heard) == 1
    over.set()


def test_what_is_waited_for_is_on_the_screen_and_in_the_events() -> None:
    said, events = io.StringIO(), io.StringIO()
    progress.Lines(said).stopping("interrupted", "until sim is open")
    progress.Events(events).stopping("interrupted", "until sim is open")
    assert said.getvalue() == (
        "stopping: interrupted; waits until sim is open (Ctrl-C again ends the run at once); what is stored is kept\n"
    )
    assert json.loads(events.getvalue())["waits"] == "until sim is open"

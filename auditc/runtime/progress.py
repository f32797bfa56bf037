"""Progress for people, for programs, or for nobody."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from auditc.ir.plan import Plan

from .events import Reporter


@contextmanager
def reporter(show: str) -> Iterator[Reporter]:
    """`bar`, `events` (JSON lines on standard error) or `quiet`. A bar where nobody looks becomes plain lines."""
    if show == "events":
        yield Events(sys.stderr)
    elif show == "quiet":
        yield Reporter()
    elif not sys.stderr.isatty():
        yield Lines(sys.stderr)
    else:
        bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
        )
        with bars:
            yield Bars(bars)


class Bars(Reporter):
    """One bar for each stage: cells settled, rate of asking, time left."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._asked: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._current = ""

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        for name, cells in stages.items():
            self._tasks[name] = self._bars.add_task(name, total=cells, start=False, rate="", note="")

    def stage_started(self, stage: str, cells: int) -> None:
        self._current = stage
        self._bars.start_task(self._tasks[stage])

    def opening(self, model: str) -> None:
        self._bars.update(self._tasks[self._current], note=f"opening {model}")

    def cells_done(self, stage: str, asked: int, reused: int, failed: int) -> None:
        task = self._tasks[stage]
        self._bars.advance(task, asked + reused)
        if not asked:
            return
        self._asked[stage] = self._asked.get(stage, 0) + asked
        self._failed[stage] = self._failed.get(stage, 0) + failed
        elapsed = self._bars.tasks[task].elapsed or 0.0
        rate = f"{self._asked[stage] / elapsed:,.1f}/s" if elapsed > 1 else ""
        note = f"{self._failed[stage]} failed" if self._failed[stage] else ""
        self._bars.update(task, rate=rate, note=note)

    def stopping(self, why: str) -> None:
        self._bars.console.print(f"stopping: {why}; what is stored is kept", style="yellow")


class Lines(Reporter):
    """A line for each stage, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def opening(self, model: str) -> None:
        print(f"opening {model}", file=self._stream, flush=True)

    def stage_finished(self, stage: str, asked: int, reused: int, not_run: int, seconds: float) -> None:
        print(f"{stage}: {asked:,} asked, {reused:,} from the store, {seconds:,.1f} s", file=self._stream, flush=True)

    def stopping(self, why: str) -> None:
        print(f"stopping: {why}; what is stored is kept", file=self._stream, flush=True)


class Events(Reporter):
    """A JSON object on a line of its own for each event."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        self._say("run_started", plan=plan.digest, stages=stages)

    def stage_started(self, stage: str, cells: int) -> None:
        self._say("stage_started", stage=stage, cells=cells)

    def opening(self, model: str) -> None:
        self._say("opening", model=model)

    def cells_done(self, stage: str, asked: int, reused: int, failed: int) -> None:
        self._say("cells_done", stage=stage, asked=asked, reused=reused, failed=failed)

    def stage_finished(self, stage: str, asked: int, reused: int, not_run: int, seconds: float) -> None:
        self._say("stage_finished", stage=stage, asked=asked, reused=reused, not_run=not_run, seconds=round(seconds, 3))

    def stopping(self, why: str) -> None:
        self._say("stopping", why=why)

    def run_finished(self, cells: dict[str, int], seconds: float) -> None:
        self._say("run_finished", cells=cells, seconds=round(seconds, 3))

    def _say(self, event: str, **fields: object) -> None:
        print(json.dumps({"event": event, **fields}, ensure_ascii=False), file=self._stream, flush=True)

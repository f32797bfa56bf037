"""Progress for people, for programs, or for nobody."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from auditc.ir.event import (
    AnyEvent,
    CellsDone,
    Opening,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Stopping,
    TrainingFinished,
    TrainingStarted,
    TrainingStep,
    Waiting,
)
from auditc.ir.finding import Spent
from auditc.ir.plan import Plan
from auditc.ir.training import Progress

from .events import Reporter
from .pace import Pace
from .training.status import Status

LINE: Final = 30.0
"""Seconds after which a log gets another line."""
EVERY: Final = 0.5
"""Seconds between two events that count cells."""


@contextmanager
def reporter(show: str) -> Iterator[Reporter]:
    """`bar`, `events` (JSON lines on standard error) or `quiet`. A bar where nobody looks becomes plain lines."""
    console = Console(stderr=True, highlight=False)
    if show == "events":
        yield Events(sys.stderr)
    elif show == "quiet":
        yield Reporter()
    elif not sys.stderr.isatty() or console.is_dumb_terminal:
        lines, over = Lines(sys.stderr), threading.Event()
        beat = threading.Thread(target=_beat, args=(lines, over), daemon=True)
        beat.start()
        try:
            yield lines
        finally:
            over.set()
            beat.join()
    else:
        bars = Bars(console)
        with Live(console=console, get_renderable=bars.shown, refresh_per_second=4, transient=True):
            yield bars


def _beat(lines: Lines, over: threading.Event) -> None:
    while not over.wait(1.0):
        lines.beat()


@dataclass(slots=True)
class _Stage:
    """How far a stage is, in cells."""

    cells: int = 0
    settled: int = 0
    asked: int = 0
    shared: int = 0
    failed: Counter[str] = field(default_factory=Counter)


class _Watched(Reporter):
    """Knows where a run stands, for those who tell people."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        """What is drawn, and who waits, comes from other threads."""
        self._began = clock()
        self._stages: dict[str, int] = {}
        self._begun = self._before = 0
        self._open: dict[str, _Stage] = {}
        """Those under way: several where they are asked together."""
        self._spent = Spent()
        self._pace = Pace(clock)
        self._note: tuple[str, float] | None = None
        """What the run waits for, and until when."""
        self._status: Status | None = None
        """The training that is under way."""

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        with self._lock:
            self._stages, self._began = dict(stages), self._clock()

    def stage_started(self, stage: str, cells: int) -> None:
        with self._lock:
            self._stages.setdefault(stage, cells)
            if not self._open:
                self._pace, self._note = Pace(self._clock), None
            self._open[stage] = _Stage(cells)
            self._begun += 1

    def training_started(self, stage: str, model: str, examples: int, valid: int) -> None:
        with self._lock:
            self._status = Status(stage, self._clock, self._clock(), decides=bool(valid))
        self._say(f"{stage}: learns {examples:,} examples" + (f", {valid:,} decide" if valid else ""))

    def training(self, stage: str, progress: Progress) -> None:
        with self._lock:
            if self._status is not None:
                self._status.note(progress)

    def training_finished(self, stage: str, seconds: float, how: str, cautions: tuple[str, ...] = ()) -> None:
        with self._lock:
            losses, self._status = self._status.losses if self._status else "", None
        took = "" if how == "reused" else f", {seconds:,.1f} s"
        self._say(f"{stage}: {how}{took}" + (f", {losses}" if losses else ""))
        for caution in cautions:
            self._say(f"{stage}: {caution}", warns=True)

    def going_on(self, model: str, since: str) -> None:
        self._say(f"{model}: its answers since {since[:16]} UTC are used again")

    def opening(self, model: str) -> None:
        with self._lock:
            self._note = f"opening {model}", float("inf")

    def waiting(self, model: str, seconds: float, why: str) -> None:
        with self._lock:
            self._note = f"{model} waits: {why}", self._clock() + seconds

    def cells_done(
        self, stage: str, asked: int, reused: int, failed: Mapping[str, int], spent: Spent, shared: int = 0
    ) -> None:
        with self._lock:
            self._open[stage].settled += asked + reused
            self._open[stage].failed.update(failed)
            self._spent = spent
            self._pace.note(asked, reused, spent.tokens_in + spent.tokens_out)
            if asked:
                self._note = None

    def stage_finished(
        self, stage: str, asked: int, reused: int, not_run: int, seconds: float, shared: int = 0
    ) -> None:
        with self._lock:
            done = self._open.pop(stage)
            self._before += done.cells
        counts = f"{asked:,} asked, {reused - shared:,} from the store"
        counts += f", {shared:,} with others" if shared else ""
        self._say(f"{stage}: {counts}, {seconds:,.1f} s{_failures(done.failed)}")

    def stopping(self, why: str, waits: str = "") -> None:
        waits = f"waits {waits} (Ctrl-C again ends the run at once); " if waits else ""
        self._say(f"stopping: {why}; {waits}what is stored is kept", warns=True)

    def _say(self, line: str, *, warns: bool = False) -> None:
        """Never said while `_lock` is held: who draws holds the screen's own lock, and asks for this one then."""
        raise NotImplementedError

    def _under_way(self) -> tuple[str, int, int]:
        """What the stages under way are called together, how many of their cells are settled, and of how many."""
        name, *others = self._open or [""]
        settled = sum(stage.settled for stage in self._open.values())
        cells = sum(stage.cells for stage in self._open.values())
        return f"{name} and {len(others)} more" if others else name, settled, cells

    def _rate(self) -> str:
        rate = self._pace.rate()
        return "" if rate is None else f"{rate:,.1f}/s"

    def _left(self) -> str:
        _, settled, cells = self._under_way()
        left = self._pace.left(cells - settled)
        return "" if left is None else f"{_clocked(left)} left"

    def _details(self) -> list[str]:
        """What else there is to say: whom the run waits for, tokens and money, and what failed."""
        said = []
        if self._note is not None and self._clock() < self._note[1]:
            words, until = self._note
            said.append(words if until == float("inf") else f"{words}, {until - self._clock():.0f} s")
        tokens = self._pace.tokens()
        said += [f"{tokens:,.0f} tokens/s"] if tokens else []
        said += [f"{amount:,.4g} {currency} spent" for currency, amount in self._spent.money.items()]
        failed = sum((stage.failed for stage in self._open.values()), Counter[str]())
        return [*said, *([_failures(failed).removeprefix(", ")] if failed else [])]


class Bars(_Watched):
    """A bar for what is asked, with its rate and the time left, and one for all cells; a line for each stage
    that is done. Never more than three lines that move, however many stages there are."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._console = console

    def shown(self) -> Group:
        """What stands on the screen just now."""
        with self._lock:
            grid = Table.grid(expand=True, padding=(0, 1))
            grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
            for _ in range(4):
                grid.add_column(no_wrap=True, justify="right")
            if self._status is not None:
                return self._learning(grid, self._status)
            if not self._begun:
                return Group()
            name, settled, cells = self._under_way()
            done = self._before + settled
            total = max(sum(self._stages.values()), done)
            if name:
                bar = ProgressBar(total=max(cells, 1), completed=settled, width=12)
                grid.add_row(Text(name), bar, f"{settled:,}/{cells:,}", self._rate(), self._left())
            first = self._begun - max(len(self._open), 1) + 1
            which = f"stages {first} to" if first < self._begun else "stage"
            which = f"{which} {self._begun} of {max(len(self._stages), self._begun)}"
            bar = ProgressBar(total=max(total, 1), completed=done, width=12)
            grid.add_row(which, bar, f"{done:,}/{total:,}", "", _clocked(self._clock() - self._began))
            details = Text("; ".join(self._details()), style="dim", no_wrap=True, overflow="ellipsis")
            return Group(grid, details) if details.plain else Group(grid)

    def _learning(self, grid: Table, status: Status) -> Group:
        """The training that is under way, in the place of the stages."""
        step, steps = status.steps
        bar = ProgressBar(total=max(steps, 1), completed=step, width=12)
        left = f"{_clocked(status.left)} left" if status.left is not None else ""
        counts = f"step {step:,}/{steps:,}" if steps else "opening the model"
        grid.add_row(Text(status.stage), bar, counts, left, _clocked(self._clock() - status.began))
        details = Text(status.losses, style="dim", no_wrap=True, overflow="ellipsis")
        return Group(grid, details) if details.plain else Group(grid)

    def _say(self, line: str, *, warns: bool = False) -> None:
        self._console.print(Text(line, style="yellow" if warns else ""), soft_wrap=True)


class Lines(_Watched):
    """A line for each stage, and one now and then while it is asked, for logs."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._stream = stream
        self._last = clock()

    def stage_started(self, stage: str, cells: int) -> None:
        super().stage_started(stage, cells)
        self._last = self._clock()

    def training(self, stage: str, progress: Progress) -> None:
        super().training(stage, progress)
        if self._status is not None and self._status.ends_epoch(progress):
            self._say(f"{stage}: epoch {progress.epoch:.3g}, {self._status.losses}")

    def opening(self, model: str) -> None:
        super().opening(model)
        self._say(f"opening {model}")

    def beat(self) -> None:
        """Called every second or so: says how far the stage is, when nothing has been said for long."""
        with self._lock:
            if self._clock() - self._last < LINE:
                return
            if self._status is not None:
                step, steps = self._status.steps
                far = f"step {step:,} of {steps:,}" if steps else "opening the libraries and the model"
                self._say(", ".join(word for word in (f"{self._status.stage}: {far}", self._status.losses) if word))
                return
            name, settled, cells = self._under_way()
            if not name:
                return
            far = f"{name}: {settled:,} of {cells:,} cells"
            self._say(", ".join(word for word in (far, self._rate(), self._left(), *self._details()) if word))

    def _say(self, line: str, *, warns: bool = False) -> None:
        with self._lock:
            self._last = self._clock()
            print(line, file=self._stream, flush=True)


class Events(Reporter):
    """A JSON object on a line of its own for each event, as `ir.event` describes them."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._lock = threading.RLock()
        self._began, self._told = clock(), float("-inf")
        self._untold: dict[str, _Stage] = {}
        """What has been settled of each stage since the last time."""
        self._spent = Spent()

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        self._began = self._clock()
        self._say(RunStarted(at=0.0, plan=plan.digest, stages=stages))

    def training_started(self, stage: str, model: str, examples: int, valid: int) -> None:
        self._say(TrainingStarted(at=self._at(), stage=stage, model=model, examples=examples, valid=valid))

    def training(self, stage: str, progress: Progress) -> None:
        waits = progress.valid is None and progress.step < progress.steps and progress.epoch % 1 > 0
        if waits and self._clock() - self._told < EVERY:
            return
        self._told = self._clock()
        self._say(TrainingStep(at=self._at(), stage=stage, **progress.model_dump()))

    def training_finished(self, stage: str, seconds: float, how: str, cautions: tuple[str, ...] = ()) -> None:
        took = round(seconds, 3)
        self._say(TrainingFinished(at=self._at(), stage=stage, seconds=took, how=how, cautions=cautions))

    def stage_started(self, stage: str, cells: int) -> None:
        self._say(StageStarted(at=self._at(), stage=stage, cells=cells))

    def opening(self, model: str) -> None:
        self._say(Opening(at=self._at(), model=model))

    def cells_done(
        self, stage: str, asked: int, reused: int, failed: Mapping[str, int], spent: Spent, shared: int = 0
    ) -> None:
        untold = self._untold.setdefault(stage, _Stage())
        untold.shared += shared
        untold.asked, untold.settled = untold.asked + asked, untold.settled + asked + reused
        untold.failed.update(failed)
        self._spent = spent
        if self._clock() - self._told >= EVERY:
            self._settle()

    def waiting(self, model: str, seconds: float, why: str) -> None:
        self._say(Waiting(at=self._at(), model=model, seconds=round(seconds, 3), why=why))

    def stage_finished(
        self, stage: str, asked: int, reused: int, not_run: int, seconds: float, shared: int = 0
    ) -> None:
        self._settle()
        self._say(
            StageFinished(
                at=self._at(),
                stage=stage,
                asked=asked,
                reused=reused,
                shared=shared,
                not_run=not_run,
                seconds=round(seconds, 3),
            )
        )

    def stopping(self, why: str, waits: str = "") -> None:
        self._say(Stopping(at=self._at(), why=why, waits=waits))

    def run_finished(self, cells: dict[str, int], seconds: float) -> None:
        self._say(RunFinished(at=self._at(), cells=cells, seconds=round(seconds, 3)))

    def _settle(self) -> None:
        """Tell what has been settled since the last time, stage by stage."""
        untold, self._untold, spent = self._untold, {}, self._spent
        for name, stage in untold.items():
            self._told = self._clock()
            self._say(
                CellsDone(
                    at=self._at(),
                    stage=name,
                    asked=stage.asked,
                    reused=stage.settled - stage.asked,
                    shared=stage.shared,
                    failed=dict(stage.failed),
                    tokens_in=spent.tokens_in,
                    tokens_out=spent.tokens_out,
                    money=spent.money,
                )
            )

    def _at(self) -> float:
        return round(self._clock() - self._began, 3)

    def _say(self, event: AnyEvent) -> None:
        # The word for what happened stands first, for those who read the lines themselves.
        fields = event.model_dump_json(exclude={"event"})
        with self._lock:
            print(f'{{"event":"{event.event}",{fields[1:]}', file=self._stream, flush=True)


def _failures(failed: Mapping[str, int]) -> str:
    """`, 3 failed (timeout 2, server 1)`; empty where none did."""
    if not failed:
        return ""
    each = sorted(failed.items(), key=lambda one: (-one[1], one[0]))
    return f", {sum(failed.values()):,} failed ({', '.join(f'{reason} {n:,}' for reason, n in each)})"


def _clocked(seconds: float) -> str:
    """`1:05`, `2:03:04`."""
    whole = round(seconds)
    hours = f"{whole // 3600}:{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    return f"{hours}:{whole % 60:02d}"

"""What `auditc run --events` writes while it runs: a JSON object for each event, on a line of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from .values import Form


class _Event(Form):
    at: float
    """Seconds since the run began."""


class RunStarted(_Event):
    """The first event. `stages` has the cells of each stage that asks, by name, in the order they will be asked."""

    event: Literal["run_started"] = "run_started"
    format: Literal["auditc.events.v1"] = "auditc.events.v1"
    plan: str
    stages: dict[str, int]


class StageStarted(_Event):
    """A stage begins; or a probe, which is named `probe of MODEL` and is not among the stages of `run_started`. Stages
    that are asked together begin at once, and are done at once."""

    event: Literal["stage_started"] = "stage_started"
    stage: str
    cells: int


class Opening(_Event):
    """A model is about to be loaded."""

    event: Literal["opening"] = "opening"
    model: str


class TrainingStarted(_Event):
    """A training begins: so many examples are learnt, and so many decide which state is kept."""

    event: Literal["training_started"] = "training_started"
    stage: str
    model: str
    examples: int
    valid: int


class TrainingStep(_Event):
    """How far a training is. `loss` is that of the batch that was learnt last, `mean` is over all examples of the epoch
    so far, `valid` over all that decides, at the end of an epoch; null where there is none. Two of these are at least
    half a second apart, but for the last, and those at the end of an epoch."""

    event: Literal["training_step"] = "training_step"
    stage: str
    step: int
    steps: int
    epoch: float
    loss: float | None
    mean: float | None = None
    valid: float | None


class TrainingFinished(_Event):
    """A training is over: `trained`, `gone on with` from a checkpoint, `reused` from an earlier run, `stopped`, or
    `failed: ` and why. `cautions` say that its loss did not go down, or grew, where it is so."""

    event: Literal["training_finished"] = "training_finished"
    stage: str
    seconds: float
    how: str
    cautions: tuple[str, ...] = ()


class CellsDone(_Event):
    """So many more cells of a stage are settled since the last such event: asked now, or answered otherwise (`reused`).
    `shared` of the latter get the answer of another cell that this run asks, the rest had one in the store. `failed`
    counts by reason those that were asked and brought no answer. Tokens and money, by currency, are the run's so far.
    Two of these events of one stage are at least half a second apart, but for the last of it."""

    event: Literal["cells_done"] = "cells_done"
    stage: str
    asked: int
    reused: int
    shared: int = 0
    failed: dict[str, int]
    tokens_in: int
    tokens_out: int
    money: dict[str, float]


class Waiting(_Event):
    """Nothing is asked of a model for so many seconds, for instance because a server's rate limit is reached."""

    event: Literal["waiting"] = "waiting"
    model: str
    seconds: float
    why: str


class StageFinished(_Event):
    """A stage, or a probe, is done: cells = asked + reused + not_run. `shared` of those reused got the answer of
    another cell that this run asked, the rest had one in the store. Stages that are asked together share their seconds
    out by the cells that were asked."""

    event: Literal["stage_finished"] = "stage_finished"
    stage: str
    asked: int
    reused: int
    shared: int = 0
    not_run: int
    seconds: float


class Stopping(_Event):
    """Nothing more is asked, and why: a budget is spent, or somebody pressed Ctrl-C. `waits` says what the run still
    has to wait for; empty where that is nothing."""

    event: Literal["stopping"] = "stopping"
    why: str
    waits: str = ""


class RunFinished(_Event):
    """The last event. `cells` are as in `run.json`."""

    event: Literal["run_finished"] = "run_finished"
    cells: dict[str, int]
    seconds: float


AnyEvent = (
    RunStarted
    | TrainingStarted
    | TrainingStep
    | TrainingFinished
    | StageStarted
    | Opening
    | CellsDone
    | Waiting
    | StageFinished
    | Stopping
    | RunFinished
)


class Event(RootModel[Annotated[AnyEvent, Field(discriminator="event")]]):
    """One line of what `auditc run --events` writes to standard error."""

"""A training on its way from a run to whatever carries it out: what is learnt, how, and what has come of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

from .exchange import ScoreRequest
from .plan import Thing
from .values import Form

WEIGHTS_SPREAD: Final = "AUDITC_WEIGHTS_SPREAD"
"""In the environment of each of several processes that train one model: set where each holds a part of its weights."""


@dataclass(frozen=True, slots=True)
class Example:
    """One cell to learn from: what is asked, word for word as an audit asks it, and how people share out over its
    options, in the order in which they are shown. The shares are non-negative and sum to 1."""

    request: ScoreRequest
    shares: tuple[float, ...]


class Settings(Form):
    """How a training goes about it: the fields of the same names of a plan's `Train`."""

    adapter: Thing
    """`lora` with its parameters, or `full`: all weights."""
    epochs: int
    batch: int
    learning_rate: float
    decay: float
    weight_decay: float
    precision: Literal["float32", "bfloat16"]
    gradient_checkpointing: bool
    patience: int
    keep: Literal["lowest", "last"]
    seed: int


@dataclass(frozen=True, slots=True)
class Job:
    """A whole training. `params` are the objective's, as JSON; written texts that it learns are in them. Checkpoints
    are written into the folder `checkpoints`, where an interrupted training left its own; the result goes into the
    empty folder `result`."""

    objective: str
    params: dict[str, Any]
    examples: tuple[Example, ...]
    valid: tuple[Example, ...]
    settings: Settings
    checkpoints: str
    result: str


class Progress(Form):
    """A step, or the end of an epoch where `valid` is known. `step` counts from 1 to `steps`; `loss` is the mean over
    the examples of the steps since the last word, in nats; `valid` the mean over all examples of the valid part."""

    step: int
    steps: int
    epoch: float
    loss: float | None = None
    valid: float | None = None


class Trained(Form):
    """What came of a training. `kept` is the step whose state the result is; `begun` the step that it went on from, 0
    where it began anew; `stopped` says why it ended before its last epoch, and is empty where it did not."""

    curve: tuple[Progress, ...]
    kept: int
    begun: int = 0
    stopped: str = ""
    parameters: int
    trainable: int
    examples: int
    valid: int
    versions: dict[str, str]
    """Of the libraries that took part, and `engine`: the kind of device."""


class Point(Protocol):
    """A point of a training's curve: a step with the loss on what is learnt, or at an epoch's end on the valid part."""

    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float | None: ...
    @property
    def valid(self) -> float | None: ...


class Verdict(NamedTuple):
    """How the state that was kept compares with the model before its training. On the valid part its loss is `kept`,
    and was `before`; None without such a part. On what is learnt the mean loss of the first and of the last tenth of
    the steps, or of one step where there are few, is `first` and `last`."""

    before: float | None
    kept: float | None
    first: float | None
    last: float | None

    @property
    def worse(self) -> bool:
        """Whether the loss that decides is no lower than before: on the valid part, else on what is learnt."""
        if self.before is not None and self.kept is not None:
            return self.kept >= self.before
        return self.first is not None and self.last is not None and self.last > self.first


def judged(curve: Sequence[Point], kept: int) -> Verdict:
    """What a curve says of the state after step `kept`."""
    decided = {point.step: point.valid for point in curve if point.valid is not None}
    losses = [point.loss for point in curve if point.loss is not None]
    few = max(1, len(losses) // 10)
    ends = (losses[:few], losses[-few:]) if losses else ((), ())
    first, last = (math.fsum(part) / len(part) if part else None for part in ends)
    return Verdict(decided.get(0), decided.get(kept), first, last)


class NotTrained(Exception):
    """A training that cannot begin, or could not go on. `reason` is one of `spelling` (options that share a token),
    `architecture` (no such modules to adapt), `diverged` (a loss that is no number), `out_of_memory`, `disk_full`,
    `too_long`, `engine`; the message says what happened, for people, and `help` what to do."""

    def __init__(self, reason: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.help = help

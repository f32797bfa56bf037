"""A training on its way from a run to whatever carries it out: what is learnt, how, and what has come of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

from pydantic import Field

from .exchange import ScoreRequest
from .plan import Thing
from .values import Form

ANEW: Final = "float32, from "
"""In a model's card before how its base was quantised: a training wrote the weights anew, multiplied out."""
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
    """A step, or the end of an epoch. `step` counts from 1 to `steps`; losses are in nats. `loss` is that of the step's
    own batch alone, or in a curve the mean over the examples of the steps since the last point; `mean` is over all
    examples of the epoch so far, in a curve at the epoch's end; `valid` over all of the valid part, at an epoch's end
    and before the first step."""

    step: int
    steps: int
    epoch: float
    loss: float | None = None
    mean: float | None = Field(default=None, exclude_if=lambda mean: mean is None)
    valid: float | None = None


class Trained(Form):
    """What came of a training. `kept` is the step whose state the result is; `begun` the step that it went on from, 0
    where it began anew; `stopped` says why it ended before its last epoch, and is empty where it did not."""

    curve: tuple[Progress, ...]
    losses: tuple[float, ...] = ()
    """Of each step's own batch, of all steps that were done."""
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
    and was `before`; None without such a part. `lowest` is the epoch with the lowest, its last step and its loss. On
    what is learnt the mean loss of the first and of the last tenth of the steps, or of one step where there are few, is
    `first` and `last`; `untouched` is that of the first step, before anything was learnt."""

    before: float | None
    kept: float | None
    lowest: tuple[int, float] | None
    first: float | None
    last: float | None
    untouched: float | None
    grew: bool
    """Whether the loss on what is learnt grew and never came back: no later point is as low as the first step, the last
    ones are at least twice as high, and no look at the valid part was lower than the one before the training."""

    @property
    def worse(self) -> bool:
        """Whether the loss that decides is no lower than before: on the valid part, else on what is learnt."""
        if self.before is not None and self.kept is not None:
            return self.kept >= self.before
        return self.grew or (self.first is not None and self.last is not None and self.last > self.first)

    @property
    def passed(self) -> tuple[int, float] | None:
        """Where the state that was kept is no better than the beginning, and an epoch before it was: that epoch."""
        if self.before is None or self.lowest is None or not self.worse:
            return None
        return self.lowest if self.lowest[1] < self.before else None


FEW: Final = 5
"""With fewer points than this, that the first is the lowest is chance."""
TWICE: Final = 2.0
"""A first batch that happens to be an easy one is lower than all others too, but hardly by as much."""


def judged(curve: Sequence[Point], kept: int) -> Verdict:
    """What a curve says of the state after step `kept`."""
    decided = {point.step: point.valid for point in curve if point.valid is not None}
    epochs = {step: valid for step, valid in decided.items() if step > 0}
    lowest = min(epochs.items(), key=lambda one: (one[1], one[0]), default=None)
    losses = [point.loss for point in curve if point.loss is not None]
    few = max(1, len(losses) // 10)
    ends = (losses[:few], losses[-few:]) if losses else ((), ())
    first, last = (math.fsum(part) / len(part) if part else None for part in ends)
    never_back = len(losses) >= FEW and last is not None and min(losses[1:]) > losses[0] and last >= TWICE * losses[0]
    grew = never_back and not (0 in decided and lowest is not None and lowest[1] < decided[0])
    untouched = losses[0] if losses else None
    return Verdict(decided.get(0), decided.get(kept), lowest, first, last, untouched, grew)


class NotTrained(Exception):
    """A training that cannot begin, or could not go on. `reason` is one of `spelling` (options that share a token),
    `architecture` (no such modules to adapt), `diverged` (a loss that is no number), `out_of_memory`, `disk_full`,
    `too_long`, `engine`; the message says what happened, for people, and `help` what to do."""

    def __init__(self, reason: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.help = help

"""The losses of a training as they are told: of each step alone, and their mean over the examples of the epoch so far.

    mean_t = Σ_s n_s · loss_s / Σ_s n_s,   s from the first step of the epoch to t

where n_s is how many examples the batch of step s has, and loss_s its loss with the weights as they were before that
step. What a batch is hangs on seed and epoch alone and a training goes on at the beginning of an epoch, so the means of
one that was interrupted are those of one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditc.ir.training import Progress

from ._batches import Batches

POINTS: Final = 200
"""At most so many points of the single losses stand in a curve, beside the first; steps between them are averaged."""


@dataclass(slots=True)
class Means:
    """The mean over the epoch so far, step by step."""

    batches: Batches
    _sizes: Sequence[int] = ()
    _sum: float = 0.0
    _examples: int = 0

    def note(self, step: int, loss: float) -> tuple[float, int]:
        """The mean after a step, and how many examples the step had. Steps count from 1, and come in order from the
        first of an epoch on."""
        epoch, place = divmod(step - 1, len(self.batches))
        if place == 0 or not self._sizes:
            self._sizes, self._sum, self._examples = self.batches.sizes(epoch), 0.0, 0
        self._sum += self._sizes[place] * loss
        self._examples += self._sizes[place]
        return self._sum / self._examples, self._sizes[place]


def raw(history: Sequence[Mapping[str, Any]]) -> tuple[float, ...]:
    """The loss of each step, out of all that a trainer logged."""
    return tuple(said["loss"] for _, said in _steps(history))


def curve(history: Sequence[Mapping[str, Any]], steps: int, batches: Batches) -> tuple[Progress, ...]:
    """Single losses, of the first step alone and then as the mean over the examples of equal stretches of steps; and
    for each epoch's end the mean over the epoch and the loss on the valid part."""
    losses, means = _steps(history), Means(batches)
    noted = {step: (said, *means.note(step, said["loss"])) for step, said in losses}
    looks = {said["step"]: said for said in history if "eval_loss" in said}
    points = [_stretch([noted[step] for step, _ in part], steps) for part in _parts(losses, steps)]
    for step in sorted({*looks, *(step for step in noted if step % len(batches) == 0)}):
        said = looks.get(step) or noted[step][0]
        mean = noted[step][1] if step in noted else None
        valid = looks[step]["eval_loss"] if step in looks else None
        points.append(Progress(step=step, steps=steps, epoch=said.get("epoch") or 0.0, mean=mean, valid=valid))
    return tuple(sorted(points, key=lambda point: (point.step, point.loss is None)))


def _steps(history: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    return sorted({said["step"]: said for said in history if "loss" in said}.items())


def _parts(losses: Sequence[Any], steps: int) -> list[Sequence[Any]]:
    every = max(1, math.ceil(steps / POINTS))
    return [part for part in (losses[:1], *(losses[at : at + every] for at in range(1, len(losses), every))) if part]


def _stretch(part: Sequence[tuple[Mapping[str, Any], float, int]], steps: int) -> Progress:
    examples = sum(size for _, _, size in part)
    loss = math.fsum(said["loss"] * size for said, _, size in part) / examples
    return Progress(step=part[-1][0]["step"], steps=steps, epoch=part[-1][0]["epoch"], loss=loss)

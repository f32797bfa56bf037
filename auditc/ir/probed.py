"""What a probe brought: cells of one stage that were put to their model twice, with both answers side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """P cells with two answers, K the largest number of options. Of `chosen` cells, all with a first answer, `failed`
    brought no second one and `not_run` were not asked.

    `keys[P]` are those of the first answers. `equal[P]`: the two are the same in every bit. `readings[P, 2]` is what
    was read each time: an option as a position in the order shown, or a code of `ir.answers`; of probabilities, the
    likeliest option. `logprobs[P, 2, K]` are as the model gave them, NaN past a cell's options; None for texts.
    """

    stage: str
    block: str
    model: str
    kind: Literal["score", "converse", "assess"]
    chosen: int
    failed: int
    not_run: int
    keys: tuple[str, ...]
    equal: NDArray[np.bool_]
    readings: NDArray[np.int64]
    logprobs: NDArray[np.float64] | None = None

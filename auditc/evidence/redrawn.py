"""Draws drawn again: how much values vary that jump when draws change, such as those of the most frequent answer.

Leaving one draw out changes nothing where the first answer leads by two, and everything where it leads by one: the
jackknife's variance of such a value does not come near the true one, however many draws there are. Participants are
therefore drawn again with replacement, each with all its answers, and the spread of the values over such samples is
taken in the jackknife's place. It has the same form, rows whose sums of squares are variances, so that everything that
follows treats both alike.
Source: Efron and Tibshirani (1993), An introduction to the bootstrap, 6.2 and 11.7 (the jackknife fails for medians).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditc.ir.canonical import seeded

Array = NDArray[np.float64]

REPETITIONS = 200
"""The standard error is then known to within 5 %."""


def redrawn(choices: NDArray[np.int64], weights: NDArray[np.int64] | Array | None, width: int, who: str) -> Array:
    """Counts of answers `[R, I, K]` of participants drawn again, from `choices[D, I]` (negative: no answer) with
    `weights[D]`. `who` names the participants, and makes the random numbers."""
    size = len(choices)
    generator = np.random.default_rng(seeded("drawn again", who))
    times = generator.multinomial(size, np.full(size, 1 / max(size, 1)), size=REPETITIONS).astype(np.float64)
    if weights is not None:
        times *= weights
    return np.stack([times @ (choices == option).astype(np.float64) for option in range(width)], axis=-1)


def moved_by(values: Array, own: Array, draws: int) -> Array:
    """The influence `[R, I]` of draws on the values `own[I]`, from the values `[R, I]` of participants drawn again.

    An item that a sample leaves without a value is taken to be where it was. The factor is what sampling with
    replacement loses."""
    known = np.isfinite(values) & np.isfinite(own)
    count = np.maximum(known.sum(0), 1)
    middle = np.where(known, values, 0.0).sum(0) / count
    moved = np.where(known, values - middle, 0.0)
    influence: Array = moved * np.sqrt(draws / max(draws - 1, 1) / max(len(values) - 1, 1))
    return influence

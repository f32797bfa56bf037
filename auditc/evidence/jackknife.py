"""The jackknife over draws: values without the bias of a plug-in, and how much each draw moved each of them.

A plug-in distance over a few drawn answers is too large, by an amount that falls as 1/n. Leaving one draw out makes it
larger still by a known multiple, so the bias can be taken off without knowing it (statistics.md 1c):

    θ̃ = n·θ − (n − 1)·mean over draws of θ without that draw

With draws of unequal weight w (a configuration drawn several times is asked once) the bias is proportional to
Σw² / (Σw)²; the multiple is then the one that cancels it exactly, and equals n − 1 for equal weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Evaluate = Callable[[Array], Array]
"""From weighted counts `[..., I, C]` to a value for each item `[..., I]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Jackknifed:
    """`values[I]`, `influence[D, I]` (see `ir.Measurement`), `counts[I, C]` weighted, and `rows[I]` draws that
    answered."""

    values: Array
    influence: Array
    counts: Array
    rows: NDArray[np.int64]


def jackknife(codes: NDArray[np.int64], weights: Array, width: int, evaluate: Evaluate, correct: bool) -> Jackknifed:
    """`codes[D, I]` in 0..width−1, negative where a draw has no answer; `weights[D]`.

    An item that fewer than two draws answered has no value: neither its bias nor its variance can be known.
    """
    held = np.where(codes >= 0, weights[:, None], 0.0)
    counts = np.stack([np.where(codes == code, held, 0.0).sum(0) for code in range(width)], axis=-1)
    return _jackknifed(held, counts, evaluate(counts), _without_one(codes, weights, counts, evaluate), correct)


def jackknife_of_texts(texts: NDArray[np.int64], weights: Array, evaluate: Evaluate) -> Jackknifed:
    """`texts[D, I]` are numbers of whole texts, equal where these are, negative where a draw has none; `evaluate` is
    given how many are different and how many there are, `[..., I, 2]`. Leaving a draw out takes one away from those
    that are different where nobody else said the same, so that nothing larger than the table is made."""
    held = np.where(texts >= 0, weights[:, None], 0.0)
    alone = np.zeros(texts.shape)
    counts = np.zeros((texts.shape[1], 2))
    for item, column in enumerate(texts.T):
        said = np.flatnonzero(column >= 0)
        _, which, times = np.unique(column[said], return_inverse=True, return_counts=True)
        alone[said, item] = times[which] == 1
        counts[item] = len(times), held[said, item].sum()
    without = evaluate(np.stack([counts[:, 0] - alone, counts[:, 1] - held], axis=-1))
    return _jackknifed(held, counts, evaluate(counts), np.where(texts >= 0, without, 0.0), correct=False)


def _jackknifed(held: Array, counts: Array, plain: Array, without: Array, correct: bool) -> Jackknifed:
    """From the plain values `[I]` and those without each draw `[D, I]`; `held[D, I]` are the draws' weights, zero
    without an answer."""
    answered = held > 0
    rows = answered.sum(0)
    total, squares = held.sum(0), (held**2).sum(0)
    usable = (rows >= 2) & np.isfinite(plain)
    spare = np.where(usable, total, 1.0)
    left = np.where(answered & usable, spare - held, 0.0)
    share = left / np.where(usable, spare * np.maximum(rows - 1, 1), 1.0)
    middle = np.where(answered & usable, share * without, 0.0).sum(0)
    values = np.where(usable, plain, np.nan)
    if correct:
        bias = squares / spare**2
        bias_left = (share * (squares - held**2) / np.where(left > 0, left, 1.0) ** 2).sum(0)
        excess = np.where(usable, bias_left - bias, 1.0)
        values = values - bias / np.where(excess > 0, excess, 1.0) * (middle - values)
    moved = np.where(answered & usable, -(left / spare) * (without - middle), 0.0)
    influence = moved * np.sqrt(np.where(usable, rows / np.maximum(rows - 1, 1), 0.0))
    return Jackknifed(values, influence, counts, rows)


def whole(codes: NDArray[np.int64], weights: Array, width: int, evaluate: Evaluate) -> Jackknifed:
    """The values alone, of the same items: no draw is left out, and no influence known."""
    answered = codes >= 0
    held = np.where(answered, weights[:, None], 0.0)
    counts = np.stack([np.where(codes == code, held, 0.0).sum(0) for code in range(width)], axis=-1)
    rows = answered.sum(0)
    return Jackknifed(np.where(rows >= 2, evaluate(counts), np.nan), np.zeros(codes.shape), counts, rows)


def jackknifed_counts(counts: Array, evaluate: Evaluate, correct: bool) -> Array:
    """The same estimator from counts `[..., I, C]` of draws of equal weight: leaving out one of those who gave an
    option has one result for each option. Used for simulated draws, where nobody needs the influence of a single
    one."""
    plain = evaluate(counts)
    if not correct:
        return plain
    n = counts.sum(-1)
    width = counts.shape[-1]
    fewer = np.maximum(counts[..., None, :, :] - np.eye(width)[:, None, :], 0.0)
    without = np.moveaxis(evaluate(fewer), -2, -1)
    middle = np.where(counts > 0, counts * without, 0.0).sum(-1) / np.maximum(n, 1.0)
    return np.where(n >= 2, n * plain - (n - 1) * middle, np.nan)


def _without_one(codes: NDArray[np.int64], weights: Array, counts: Array, evaluate: Evaluate) -> Array:
    """`[D, I]`: each item's plain value without each draw. Draws of one weight and one answer leave the same counts."""
    width = counts.shape[-1]
    without = np.zeros(codes.shape)
    for weight in np.unique(weights):
        fewer = np.maximum(counts - weight * np.eye(width)[:, None, :], 0.0)
        by_code = evaluate(fewer)
        mine = weights == weight
        picked = np.take_along_axis(by_code, np.maximum(codes[mine], 0), axis=0)
        without[mine] = np.where(codes[mine] >= 0, picked, 0.0)
    return without

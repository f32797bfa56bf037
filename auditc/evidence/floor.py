"""Floors and reference lines: what people themselves would score, and what no knowledge and other people would.

A distance from a sample of people is never zero, not even for people. The floor is simulated, never taken from a
formula: as many draws from people's shares as the model gave, through the same estimator; where the model's
probabilities are exact, people's own sampling error alone: people are drawn anew and compared with the shares they
were drawn from. Simulated people answer each item for themselves, since only shares are known: for drawn answers the
range is that of independent items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .jackknife import jackknifed_counts
from .measure import Measured

Array = NDArray[np.float64]

REPETITIONS = 1000
HALVES = 250
"""Enough for a mean; a range is not asked of them."""
CELLS_AT_ONCE = 2_000_000
"""Of what two samples in turns draw: their numbers hang on it."""
BLOCK = 50_000
"""Cells of other arrays: few enough that what is made on the way stays near the processor."""


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What the same metric gives for answers of known origin, item by item: `floor[R, I]` simulated, `lines` by name
    `[I]`; NaN where people's shares are unknown."""

    floor: Array
    lines: dict[str, Array]
    procedure: str


def yardstick(measured: Measured, others: dict[str, Array], seed: int) -> Yardstick | None:
    """Floor and lines of one measurement; `others[name][I, K]` are other people's shares. None for a metric that is not
    about how answers are distributed, without people, and for a part about a group: it compares groups, not the model
    with people."""
    sheet = measured.sheet
    if (
        measured.base is None
        or sheet.people is None
        or sheet.people_n is None
        or measured.part.group
        or not np.any(np.isfinite(sheet.people_n))
    ):
        return None
    generator = np.random.default_rng(seed)
    uniform = sheet.options / sheet.options.sum(-1, keepdims=True)
    known = np.asarray(np.isfinite(sheet.people_n))
    people = np.where(known[:, None], sheet.people, uniform)
    counted = measured.metric.reads == "counts"
    lines: dict[str, Array] = {}
    if measured.drawn:
        floor = np.where(known, _drawn(measured, people, generator), np.nan)
        procedure = "as many draws from people's shares through the same estimator, items independent"
    else:
        floor = np.where(known, _resampled(measured, people, generator), np.nan)
        procedure = "people drawn anew at their number, compared with the shares they were drawn from"
    if counted:
        lines["uniform"] = _drawn(measured, uniform, generator).mean(0)
    else:
        lines["uniform"] = measured.values(uniform)
    for name, shares in others.items():
        if counted:
            asked = np.all(np.isfinite(shares), axis=-1)
            simulated = _drawn(measured, np.where(asked[:, None], shares, uniform), generator).mean(0)
            lines[f"people of {name}"] = np.where(asked, simulated, np.nan)
        else:
            lines[f"people of {name}"] = measured.values(shares)
    if measured.metric.needs_people and not counted and measured.metric.aggregate != "distance":
        lines["split half of people"] = np.where(known, _halves(measured, people, generator), np.nan)
    return Yardstick(floor, lines, procedure)


def _drawn(measured: Measured, shares: Array, generator: np.random.Generator) -> Array:
    """`[R, I]`: draws from `shares[I, K]`, as many for each item as answered it, through the same estimator."""
    n = measured.rows
    width = shares.shape[1]
    parts = []
    for repetitions in _chunks(len(n) * width * (width + 1), REPETITIONS, BLOCK):
        counts = generator.multinomial(n, shares, size=(repetitions, len(n))).astype(np.float64)
        parts.append(jackknifed_counts(counts, measured.from_counts, measured.metric.bias == "jackknife"))
    return np.concatenate(parts)


def _resampled(measured: Measured, shares: Array, generator: np.random.Generator) -> Array:
    """`[R, I]`: people drawn anew, as many as there were, against the shares they were drawn from."""
    samples = _samples(measured, shares, generator, halves=1, at_once=BLOCK)
    return np.concatenate([measured.values(shares, people=people, of=of) for people, of in samples])


def _halves(measured: Measured, shares: Array, generator: np.random.Generator) -> Array:
    """`[I]`: the figure of one random half of people against the other, on average."""
    first = _samples(measured, shares, generator, halves=2, at_once=CELLS_AT_ONCE)
    second = _samples(measured, shares, generator, halves=2, at_once=CELLS_AT_ONCE)
    parts = []
    for (left, _), (right, of) in zip(first, second, strict=True):
        done = 0
        for repetitions in _chunks(shares.size, len(left), BLOCK):
            some = slice(done, done := done + repetitions)
            parts.append(measured.values(left[some], people=right[some], of=of[some]))
    mean: Array = np.concatenate(parts).mean(0)
    return mean


def _samples(
    measured: Measured, shares: Array, generator: np.random.Generator, halves: int, at_once: int
) -> Iterator[tuple[Array, Array]]:
    """Shares `[R, I, K]` of people drawn from `shares`, a whole sample or one half of it, with their number `[R, I]`,
    as many repetitions together as have about `at_once` cells."""
    assert measured.sheet.people_n is not None
    everyone = np.nan_to_num(measured.sheet.people_n, nan=2.0)
    n = np.maximum(everyone // halves, 1).astype(np.int64)
    for repetitions in _chunks(shares.size, REPETITIONS if halves == 1 else HALVES, at_once):
        counts = generator.multinomial(n, shares, size=(repetitions, len(n)))
        yield counts / n[:, None], np.broadcast_to(n.astype(np.float64), counts.shape[:2])


def _chunks(cells: int, repetitions: int, at_once: int) -> Iterator[int]:
    """Repetitions of so many cells, a few at a time, so that no array grows with their number."""
    most = max(1, at_once // max(cells, 1))
    done = 0
    while done < repetitions:
        step = min(most, repetitions - done)
        yield step
        done += step

"""Bounds: how far an item's value could move if refusals and unreadable answers had been answers.

Nobody knows what a refusal would have said, so a claim must survive every allocation of what is missing. For an item
with n answers and r missing, the shares could have been (n·p + r·e)/(n + r) for any distribution e. The extremes are
searched over: all of the missing on one option, for each option, which is where a convex distance is largest; and a
greedy allocation in up to sixteen pieces, which finds the smallest of the separable ones (KL, JSD) to within a piece.
A metric that is not about the distribution of answers takes the ends of its own range for the missing part. Failures
of the engine and cells that were not run are chance, not answers withheld, and are not allocated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditc.ir.measurement import REFUSED, UNPARSABLE

from .jackknife import jackknifed_counts
from .measure import Measured

Array = NDArray[np.float64]

STEPS = 16


Bounds = tuple[Array, Array, NDArray[np.bool_]]


def bounds(measured: Measured) -> Bounds:
    """Least and most value `[I]` of each item, both the value itself where nothing is missing; and of which items
    `[I]` it hangs on the missing answers whether they have a value at all."""
    measurement = measured.measurement
    values = measurement.values
    missing = measurement.status[:, [REFUSED, UNPARSABLE]].sum(1).astype(np.float64)
    none = np.zeros(len(values), dtype=np.bool_)
    if measured.metric.reads in ("status", "mass", "texts") or not missing.any():
        return values, values, none
    answered = measurement.status[:, 0].astype(np.float64)
    if measured.base is None:
        return *_range_of_metric(measured, values, answered, missing), none
    total = np.where(measured.metric.reads == "counts", 1.0, answered[:, None])
    held = np.nan_to_num(measured.base, nan=0.0) * total
    least, most, loose = _allocate(measured, held, missing)
    # Draws of unequal weight are not counts; what that changes is carried over to the extremes.
    shift = np.nan_to_num(values - _figure(measured, held), nan=0.0)
    touched = missing > 0
    low = np.where(touched, np.fmin(least + shift, np.where(np.isnan(values), np.inf, values)), values)
    high = np.where(touched, np.fmax(most + shift, np.where(np.isnan(values), -np.inf, values)), values)
    unknown = touched & ~(np.isfinite(least) & np.isfinite(most))
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high), touched & loose


def _allocate(measured: Measured, held: Array, missing: Array) -> Bounds:
    """Extremes of the figure over where the missing answers could have gone, and whether some of these leave none."""
    options = measured.sheet.options
    width = options.shape[1]
    corners = held + missing[:, None] * np.eye(width)[:, None, :]
    at_corners = np.where(options.T, _figure(measured, corners), np.nan)
    without = np.isnan(at_corners) & options.T
    loose = np.asarray(without.any(0) & np.isfinite(at_corners).any(0))
    found = [at_corners]
    for sign in (1.0, -1.0):
        counts = held
        for step in range(STEPS):
            done, due = missing * step / STEPS, missing * (step + 1) / STEPS
            piece = (np.floor(due) - np.floor(done) if measured.drawn else due - done)[:, None]
            figures = np.where(options.T, sign * _figure(measured, counts + piece * np.eye(width)[:, None, :]), np.inf)
            best = np.nan_to_num(figures, nan=np.inf).argmin(0)
            counts = counts + piece * np.eye(width)[best]
        found.append(_figure(measured, counts)[None])
    every = np.concatenate(found)
    none = np.all(np.isnan(every), axis=0)
    least = np.where(none, np.nan, np.where(np.isnan(every), np.inf, every).min(0))
    most = np.where(none, np.nan, np.where(np.isnan(every), -np.inf, every).max(0))
    return least, most, loose


def _figure(measured: Measured, counts: Array) -> Array:
    """The item's figure at these counts, corrected for bias as the estimate is."""
    if measured.drawn:
        return jackknifed_counts(counts, measured.from_counts, measured.metric.bias == "jackknife")
    return measured.from_counts(counts)


def _range_of_metric(measured: Measured, values: Array, answered: Array, missing: Array) -> tuple[Array, Array]:
    low, high = measured.metric.bounds
    total = np.maximum(answered + missing, 1.0)
    kept = np.where(np.isnan(values), 0.0, values * answered)
    touched = missing > 0
    return (
        np.where(touched, (kept + missing * low) / total, values),
        np.where(touched, (kept + missing * high) / total, values),
    )

"""The answer given most often, for metrics that look at nothing else."""

from __future__ import annotations

from typing import Any

from ._arrays import np

ROUNDING = 1e-9
"""Shares that differ by less of the largest are equal: sums of weights and of probabilities are not exact."""


def modal(shares: Any, options: Any) -> Any:
    """`[..., I, K]` shares or counts to 1 on the option with the most of it, shared out evenly where several have as
    much; NaN in the row of an item without an answer."""
    known = np.where(options, shares, -1.0)
    most = known.max(-1, keepdims=True)
    first = known >= most * (1 - ROUNDING)
    return np.where(most > 0, first / np.maximum(first.sum(-1, keepdims=True), 1), np.nan)

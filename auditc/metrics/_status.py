"""Shares of what was asked, by what became of it."""

from __future__ import annotations

from typing import Any

from ._arrays import np

ANSWERED, REFUSED = 0, 1
"""Columns of the counts: answered, refused, unparsable, failed."""


def share_of_asked(x: Any, column: int) -> Any:
    """`[..., I, 4]` counts to `[..., I]`: the share of one column of all four; NaN where nothing was asked."""
    asked = x.sum(-1)
    return np.where(asked > 0, x[..., column] / np.where(asked > 0, asked, 1.0), np.nan)

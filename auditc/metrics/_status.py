"""Shares of what was asked, by what became of it."""

from __future__ import annotations

from typing import Any

from ._arrays import per

ANSWERED, REFUSED = 0, 1
"""Columns of the counts: answered, refused, unparsable, failed."""


def share_of_asked(x: Any, column: int) -> Any:
    """`[..., I, 4]` counts to `[..., I]`: the share of one column of all four; NaN where nothing was asked."""
    return per(x[..., column], x.sum(-1))

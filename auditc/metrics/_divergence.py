"""The KL divergence of one distribution over options from another; whose shares are smoothed is the metric's affair."""

from __future__ import annotations

from typing import Any

from ._arrays import np


def divergence(x: Any, q: Any, options: Any) -> Any:
    """From `[..., I, K]` shares x and q the sum of x ln(x / q) over an item's options, `[..., I]` in nats: NaN where x
    is, infinite where x says what q does not."""
    said = x > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(said, x * np.log(np.where(said, x, 1.0) / np.where(said, q, 1.0)), 0.0)
    return np.where(options, np.where(np.isnan(x), np.nan, far), 0.0).sum(-1)

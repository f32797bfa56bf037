"""Bits per byte: how many bits a model needs for a byte of the texts.

For a text: −Σ log2 p / B, over its predicted tokens and the B bytes in UTF-8 that they are. For all texts together
−Σ Σ log2 p / Σ B: every byte counts alike. Bytes are the same whatever tokens a text is cut into, so this is the figure
by which models with different tokenizers compare.
"""

from __future__ import annotations

import math
from typing import Any

from auditc.ir.values import Form

from ._arrays import per
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 3]`, sums of log-probabilities, tokens and bytes, to `[..., I]`; NaN where nothing was predicted."""
    return per(-x[..., 0] / math.log(2), x[..., 2])


bits_per_byte = Metric(
    title="Bits per byte",
    params=Params,
    reads="likelihood",
    values=_values,
    scales=frozenset({"nominal"}),
    unit="bits per byte",
    better="lower",
    bounds=(0.0, float("inf")),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Gao et al. (2020), The Pile, 3.1: bits per UTF-8 encoded byte; after Shannon (1951)",
    sizes=lambda x: x[..., 2],
)

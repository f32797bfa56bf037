"""Position bias: how much of the probability moves when the same options are shown in another order.

For an item asked in orders o = 1..m with shares p_o over the options (standing in the survey's own order) and their
mean p̄ over the orders:

    value = mean over o of ½ Σ_j |p_oj − p̄_j|

the mean total-variation distance from the average: 0 when the order changes nothing; 1 − 1/k for a model that puts
everything on one position whatever stands there, when all k rotations are asked. Any dependence on the place counts, on
the last as on the first. It needs at least two orders.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, O, K]` shares to `[..., I]`; orders without an answer are left out, NaN with fewer than two."""
    shares = np.where(sheet.options[..., None, :], x, 0.0)
    known = ~np.any(np.isnan(shares), axis=-1)
    count = np.asarray(known.sum(-1))
    shares = np.where(known[..., None], shares, 0.0)
    middle = shares.sum(-2) / np.maximum(count[..., None], 1)
    moved = np.where(known, np.abs(shares - middle[..., None, :]).sum(-1) / 2, 0.0)
    return np.where(count >= 2, moved.sum(-1) / np.maximum(count, 1), np.nan)


position_bias = Metric(
    title="Position bias",
    params=Params,
    reads="orders",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="probability moved by the order of the options",
    better="lower",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="auditc; cf. Dominguez-Olmedo, Hardt and Mendler-Dünner (2024), Questioning the survey responses of LLMs",
)

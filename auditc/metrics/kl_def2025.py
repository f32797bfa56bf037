"""The paper's KL divergence of a model's answers from people's, for comparison with its tables; `kl` is auditc's.

For an item with model shares p and people's shares s, neither smoothed:

    KL(p ‖ s) = Σ_j p_j · ln(p_j / s_j)

in nats. It is infinite where a model gives an answer that no asked person gave, and where people's shares are missing,
which the paper sets to 0. Every infinite value becomes the largest finite one of all models of the block, plus 1
(taken here for each population and condition by itself). So the figure of one model depends on who else is compared,
and on the most extreme item of any of them. Drawn answers make it too large by about (k − 1)/2 ÷ draws, which is not
taken off. For such a value no interval is known to hold, and none is given.

The paper's eq. 1 says cumulative shares; its code takes each option's own, and so does this.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet
from ._divergence import divergence


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` shares to `[..., I]` nats, infinite ones as they are; NaN where the model gave no answer."""
    if sheet.people is None:
        return np.full(x.shape[:-1], np.nan)
    return divergence(x, np.nan_to_num(sheet.people, nan=0.0), sheet.options)


def _settle(values: Any) -> Any:
    """`[M, I]`: infinite values become the largest finite one + 1; NaN where there is no finite one."""
    finite = values[np.isfinite(values)]
    return np.where(np.isinf(values), finite.max() + 1.0 if finite.size else np.nan, values)


kl_def2025 = Metric(
    title="KL divergence from people, as published in 2025",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="nats",
    better="lower",
    bounds=(0.0, float("inf")),
    needs_people=True,
    bias="none",
    aggregate="dimensions",
    source="Diversity-Enhanced Framework (2025), eq. 1, per option as its code does; for comparison only",
    local=False,
    settle=_settle,
    caution="the paper's variant: nothing is smoothed or corrected, and infinite values are the largest finite one of "
    "all models compared, plus 1: the figure depends on who else is compared",
    instead="kl",
    no_interval="no interval is known to hold where the largest value of all models stands for an infinite one",
)

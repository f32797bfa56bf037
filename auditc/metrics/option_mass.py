"""Option mass: how much of the first token's probability falls on the options at all.

For an item: the mean over orders of Σ_j P(option j), before normalising over the options. Near 1 the model answers by
choosing; where it is low the model would have said something else, and shares normalised over the options are not its
answers.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, O]` probabilities to `[..., I]`; orders that failed are left out, NaN where all did."""
    known = ~np.isnan(x)
    count = known.sum(-1)
    return np.where(count > 0, np.where(known, x, 0.0).sum(-1) / np.maximum(count, 1), np.nan)


option_mass = Metric(
    title="Probability on the options",
    params=Params,
    reads="mass",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="probability",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="auditc; cf. Wang et al. (2024), “My answer is C”: first-token probabilities do not match text answers",
)

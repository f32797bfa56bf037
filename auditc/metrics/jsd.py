"""Likeness of the model's answers to people's, as 1 minus the Jensen–Shannon distance.

For an item with model shares p and people's shares q, and m = (p + q)/2:

    JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m)   in nats, at most ln 2
    value     = 1 − √JSD(p, q)

1 is the same distribution; the least, for distributions with no option in common, is 1 − √(ln 2) = 0.167. The papers
print this figure; note that `scipy.spatial.distance.jensenshannon` is already the square root. People's shares are not
smoothed. The root is steep at zero: small samples of people or of draws lower the value of a model that answers exactly
as people do, so read it beside its floor.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` shares to `[..., I]`, between 1 − √(ln 2) and 1; NaN where either side is unknown."""
    if sheet.people is None:
        return np.full(x.shape[:-1], np.nan)
    people = np.where(sheet.options, sheet.people, 0.0)
    model = np.where(sheet.options, x, 0.0)
    middle = (model + people) / 2
    divergence = (_toward(model, middle) + _toward(people, middle)).sum(-1) / 2
    return 1.0 - np.sqrt(np.maximum(divergence, 0.0))


def _toward(shares: Any, middle: Any) -> Any:
    """The terms shares · ln(shares / middle); zero where a share is zero, NaN where it is unknown."""
    ratio = np.where(shares > 0, shares, 1.0) / np.where(middle > 0, middle, 1.0)
    return np.where(shares > 0, shares * np.log(ratio), 0.0 * (shares + middle))


jsd = Metric(
    title="Likeness to people (1 − Jensen–Shannon distance)",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="1 − √JSD, base e",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=True,
    bias="jackknife",
    aggregate="dimensions",
    source="Cao et al. (2025), Specializing Large Language Models to Simulate Survey Response Distributions for Global "
    "Populations, Table 2 (1 − JSD as printed there is 1 − √JSD base e); Lin (1991), Divergence measures based on the "
    "Shannon entropy",
)

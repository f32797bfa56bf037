"""Earth mover's distance along the answer scale: how far, on average, the model's answers must move to become people's.

For an item whose k options stand in order, with cumulative shares P of the model and Q of people:

    EMD = Σ_{j=1}^{k−1} |P_j − Q_j| ÷ (k − 1)

the Wasserstein-1 distance with the options at positions 0, 1/(k−1), …, 1: 0 is the same distribution, 1 is everyone at
the opposite end. Ordinal and interval items only; where the options have no order, a distance along them means nothing.
People's shares are not smoothed. The figure compares positions; the one printed by Cao et al. compares the two sets of
probabilities and is another quantity.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` shares to `[..., I]`, a share of the scale's length; NaN where either side is unknown."""
    if sheet.people is None:
        return np.full(x.shape[:-1], np.nan)
    surplus = np.where(sheet.options, x, 0.0) - np.where(sheet.options, sheet.people, 0.0)
    steps = np.maximum(sheet.options.sum(-1) - 1, 1)
    carried = np.where(sheet.options, np.abs(np.cumsum(surplus, axis=-1)), 0.0)
    # Past the last option but one nothing is carried: what remains there is rounding of shares that do not sum to 1.
    between = np.arange(x.shape[-1]) < steps[..., None]
    return np.where(between | np.isnan(carried), carried, 0.0).sum(-1) / steps


emd = Metric(
    title="Earth mover's distance from people",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"ordinal", "interval"}),
    unit="share of the scale",
    better="lower",
    bounds=(0.0, 1.0),
    needs_people=True,
    bias="jackknife",
    aggregate="dimensions",
    source="Rubner, Tomasi and Guibas (2000), The earth mover's distance as a metric for image retrieval; positions "
    "scaled to 0..1",
)

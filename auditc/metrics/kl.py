"""KL divergence of the model's answers from people's: how surprised people's shares are by what the model says.

For an item with k options, model shares p and people's shares s from n persons:

    KL(p ‖ q) = Σ_j p_j · ln(p_j / q_j),   q_j = (s_j · n + ½) / (n + k/2)

in nats. The half is added to people's counts, never to their shares, so that an option nobody chose does not make the
figure infinite; the model's side is never smoothed, because that rewards models that always say the same. What people's
own sampling adds is about (k − 1)/2n. Drawn answers make the plain formula too large by about (k − 1)/2 ÷ draws;
`evidence` takes that bias off with a jackknife over draws, so an estimate near zero may come out slightly negative.
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
    """`[..., I, K]` shares to `[..., I]` nats; NaN where the model gave no answer or people's shares are unknown."""
    if sheet.people is None or sheet.people_n is None:
        return np.full(x.shape[:-1], np.nan)
    n = sheet.people_n[..., None]
    size = sheet.options.sum(-1)[..., None]
    people = np.where(sheet.options, (sheet.people * n + 0.5) / (n + size / 2), 1.0)
    return divergence(x, people, sheet.options) + 0.0 * people.sum(-1)


kl = Metric(
    title="KL divergence from people",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="nats",
    better="lower",
    bounds=(0.0, float("inf")),
    needs_people=True,
    bias="jackknife",
    aggregate="dimensions",
    source="Diversity-Enhanced Framework (2025), eq. 1, per option as its code does; people's counts +½ and the "
    "jackknife over draws are auditc's",
)

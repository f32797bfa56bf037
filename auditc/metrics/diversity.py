"""Diversity: how many different answers a model's simulated participants give to one question, beyond the first.

For an item with n drawn answers of which d are different: (d − 1) ÷ n. Its mean over items is the published
(distinct − items) ÷ (draws × items), counted on parsed answers; the paper counts whole response strings, so that mere
rewording is diverse there. With k options and n draws an item reaches at most (min(k, n) − 1) ÷ n: the figure falls as
draws are added, and compares only audits with equal options and draws. The floor beside it is what as many people would
score; more than people is not better. A participant whose configuration was drawn several times counts as often.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import per
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` counts to `[..., I]`; NaN where no answer was drawn."""
    distinct = (x > 0).sum(-1)
    return per(distinct - 1, x.sum(-1))


diversity = Metric(
    title="Diversity of answers",
    params=Params,
    reads="counts",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="different answers beyond the first, for each draw",
    better="neither",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), diversity score; on parsed answers",
)

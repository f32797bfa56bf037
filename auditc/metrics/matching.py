"""Matching: whether the answer that a model gives most often is the one that most people give.

For an item 1 where it is and 0 where it is not. Where several answers are given equally often, by the model (set A) or
by people (set B), the value is the share of pairs of them that agree: |A ∩ B| ÷ (|A|·|B|). Its mean is the share of
items that match; its findings by dimension are the paper's matching profile.

The most frequent of few drawn answers is often not the model's most likely one: with more draws a model that is near
people matches more. The floor beside the figure is what as many people's answers would reach, which is below 1.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet
from ._modal import modal


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def agreement(x: Any, sheet: Sheet) -> Any:
    """`[..., I, K]` shares to `[..., I]`; NaN where the model gave no answer or people's shares are unknown."""
    if sheet.people is None:
        return np.full(x.shape[:-1], np.nan)
    return (modal(x, sheet.options) * modal(sheet.people, sheet.options)).sum(-1)


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    return agreement(x, sheet)


matching = Metric(
    title="Items that match people's most frequent answer",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share of items",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=True,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), matching and mismatching profiles; ties are auditc's",
    share=True,
    smooth=False,
)

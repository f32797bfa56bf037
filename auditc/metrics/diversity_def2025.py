"""The paper's diversity score, for comparison with its tables: different whole texts; `diversity` is auditc's.

For an item with n written answers of which d are different as whole texts, explanation and all: (d − 1) ÷ n. The mean
over items is the published (distinct − items) ÷ (draws × items) where every item has all draws. Two answers with the
same option in other words are two: what is measured is rewording as much as opinion, and longer answers score higher.
A text that no option could be read out of counts as well. A list is answered by one text, which counts once: at the
first of its items, so that the others have no value, nor has a dimension in which no first item lies. A participant
whose configuration was drawn several times says the same text as often.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import per
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 2]` different texts and texts to `[..., I]`; NaN where nothing was written."""
    different, written = x[..., 0], x[..., 1]
    return per(different - 1, written)


diversity_def2025 = Metric(
    title="Diversity of whole texts, as published in 2025",
    params=Params,
    reads="texts",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="different texts beyond the first, for each draw",
    better="neither",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), diversity score, on whole response strings; for comparison only",
    caution="the paper's variant: whole texts are compared, so that rewording counts as diversity",
)

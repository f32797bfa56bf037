"""Answer rate: the share of what was asked that brought an answer.

For an item: answered ÷ (answered + refused + unparsable + failed). A cell that was planned and never asked counts on
neither side.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._contract import Metric, Sheet
from ._status import ANSWERED, share_of_asked


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 4]` counts of answered, refused, unparsable, failed to `[..., I]`; NaN where nothing was asked."""
    return share_of_asked(x, ANSWERED)


answer_rate = Metric(
    title="Answered, of what was asked",
    params=Params,
    reads="status",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share of cells asked",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="auditc; asked = answered + refused + unparsable + failed",
)

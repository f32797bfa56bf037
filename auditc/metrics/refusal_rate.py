"""Refusal rate: the share of what was asked that was declined in so many words.

For an item: refused ÷ (answered + refused + unparsable + failed). What counts as a refusal is the parser's affair, by
lists of phrases in each language; probabilities of options refuse nothing, so it is of written answers alone. A cell
that was planned and never asked counts on neither side.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._contract import Metric, Sheet
from ._status import REFUSED, share_of_asked


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 4]` counts of answered, refused, unparsable, failed to `[..., I]`; NaN where nothing was asked."""
    return share_of_asked(x, REFUSED)


refusal_rate = Metric(
    title="Refused, of what was asked",
    params=Params,
    reads="status",
    written=True,
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share of cells asked",
    better="neither",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="auditc; asked = answered + refused + unparsable + failed; refusals as in docs/parser.md",
)

"""Whether the values that a model prefers can be put into one order.

Kendall's coefficient of consistency ζ, 1 for one order and 0 for as many circular triads as there can be; a triad with
a pair whose win rate has an interval over ½ is undecided, and not circular.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from auditc.ir.values import Form

from ._contract import Metric, not_built


class Params(Form):
    """Nothing to set."""


transitivity = Metric(
    title="Transitivity",
    params=Params,
    reads="choices",
    values=not_built,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="ζ",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Kendall and Babington Smith (1940), On the method of paired comparisons",
    local=True,
    built=False,
)

"""How often a value was chosen where it met another one.

For each pair of values of the framework and each step: the share of meetings that the first one won. The headline of a
value is its mean over the others.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from auditc.ir.values import Form

from ._contract import Metric, not_built


class Params(Form):
    """Nothing to set."""


win_rate = Metric(
    title="Win rate",
    params=Params,
    reads="choices",
    values=not_built,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share",
    better="neither",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Wu et al. (2025), The Staircase of Ethics",
    local=True,
    built=False,
)

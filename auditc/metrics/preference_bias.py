"""Which groups of people prefer the answers that a model gives most often.

For each item with a modal answer a of the model, and each group g, the ratio r_g = P(a | group g) / P(a | all people);
the figure is the mean of log r_g over items: 0 is no bias, whatever the sizes of the groups. `base_rate = raw` is the
paper's variant, the share of items for which the group is the larger part of those who chose a, and grows with the
group's size.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Len

from auditc.ir.values import Form, OwnWord

from ._contract import Metric, not_built


class Params(Form):
    """What the author may set."""

    by: Annotated[tuple[Annotated[str, OwnWord("column of the reference")], ...], Len(1)]
    """The groups: columns that the survey's reference is told apart by."""
    base_rate: Literal["corrected", "raw"] = "corrected"
    """`corrected` does not grow with a group's size; `raw` is the paper's variant."""


preference_bias = Metric(
    title="Preference bias",
    params=Params,
    reads="counts",
    values=not_built,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="log ratio",
    better="neither",
    bounds=(float("-inf"), float("inf")),
    needs_people=True,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), preference bias; the log ratio is auditc's",
    local=True,
    built=False,
)

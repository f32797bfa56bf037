"""How a model's place among all models asked changes between two steps, for each value.

Models are ranked by how often they chose the value, ties share their mean place. So the figure of one model depends on
which other models are asked, and it is undefined for a panel of one.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt
from pydantic import Field, model_validator

from auditc.ir.values import Form, StepNumber

from ._contract import Metric, not_built


class Params(Form):
    """What the author may set."""

    from_: Annotated[int, Gt(0), StepNumber()] = Field(alias="from", default=1)
    """The step that is compared with."""
    to: Annotated[int, Gt(0), StepNumber()]
    """The later step."""

    @model_validator(mode="after")
    def _onward(self) -> Params:
        if self.from_ >= self.to:
            raise ValueError(f"a change is from a step to a later one, and not from {self.from_} to {self.to}")
        return self


rank_change = Metric(
    title="Rank change",
    params=Params,
    reads="choices",
    values=not_built,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="places",
    better="neither",
    bounds=(float("-inf"), float("inf")),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Wu et al. (2025), The Staircase of Ethics",
    local=False,
    built=False,
)

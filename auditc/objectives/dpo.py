"""Direct preference optimisation: of two answers to a prompt, the chosen one is made more likely than the other.

    loss = − mean over pairs of ln σ(β · [ln π(chosen)/π₀(chosen) − ln π(rejected)/π₀(rejected)])

where π₀ is the model that the training began with. The pairs are rows of a table, or two answers to a survey's item:
two options drawn at random, of which a is chosen over b with the probability s_a / (s_a + s_b) of people's shares
(Bradley and Terry, 1952).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from annotated_types import Gt
from pydantic import model_validator

from auditc.ir.training import Job, NotTrained, Progress, Trained
from auditc.ir.values import Columns, Form, ItemSet, Positive, Table, Unit

from ._contract import Objective, Trainee


class Params(Form):
    """What the author may set: a survey or a table, and not both."""

    survey: Annotated[Any, ItemSet()] = None
    """The items whose answers are preferred or not: mostly a part of a survey, `values.train`."""
    comparisons: Positive = 10
    """Pairs of answers to each item for each population."""
    orders: Positive = 1
    """Rotations of the options' order that each item is asked in."""
    pairs: Annotated[Table, Columns(("prompt", "chosen", "rejected"))] | None = None
    """Rows of a prompt, the answer that was chosen and the one that was not."""
    beta: Annotated[float, Unit("number"), Gt(0)] = 0.1
    """How strongly the model is held to where it began."""

    @model_validator(mode="after")
    def _one(self) -> Params:
        if (self.survey is None) == (self.pairs is None):
            raise ValueError('name what is learnt, and once: `survey = values.train` or `pairs = csv("pairs.csv")`')
        return self


def _learns(params: Params) -> Literal["shares", "texts"]:
    return "texts" if params.survey is None else "shares"


def _train(job: Job, params: Params, trainee: Trainee, tell: Callable[[Progress], None]) -> Trained:
    raise NotTrained("engine", "this objective cannot be trained yet")


dpo = Objective(
    title="Direct preference optimisation",
    params=Params,
    learns=_learns,
    source="Rafailov et al. (2023), Direct preference optimization, equation 7",
    train=_train,
    packages=("torch", "transformers", "peft", "trl"),
)

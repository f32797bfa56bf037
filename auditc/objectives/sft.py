"""Supervised fine-tuning on written answers: the likelihood of each answer after its prompt.

    loss = − mean over the tokens of the answers of ln p(token | prompt, tokens before)

The answers are rows of a table, or answers to a survey's items: as many for each item and population as `answers` says,
shared out over the options as people's answers are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import model_validator

from auditc.ir.training import Job, NotTrained, Progress, Trained
from auditc.ir.values import Columns, Form, ItemSet, Positive, Table

from ._contract import Objective, Trainee


class Params(Form):
    """What the author may set: a survey or a table, and not both."""

    survey: Annotated[Any, ItemSet()] = None
    """The items whose answers are learnt: mostly a part of a survey, `values.train`."""
    answers: Positive = 10
    """Answers to each item for each population, shared out over the options as people's are."""
    orders: Positive = 1
    """Rotations of the options' order that each item is asked in."""
    data: Annotated[Table, Columns(("prompt", "answer"))] | None = None
    """Rows of a prompt and its answer."""

    @model_validator(mode="after")
    def _one(self) -> Params:
        if (self.survey is None) == (self.data is None):
            raise ValueError('name what is learnt, and once: `survey = values.train` or `data = csv("answers.csv")`')
        return self


def _learns(params: Params) -> Literal["shares", "texts"]:
    return "texts" if params.survey is None else "shares"


def _train(job: Job, params: Params, trainee: Trainee, tell: Callable[[Progress], None]) -> Trained:
    raise NotTrained("engine", "this objective cannot be trained yet")


sft = Objective(
    title="Supervised fine-tuning",
    params=Params,
    learns=_learns,
    source="Ouyang et al. (2022), Training language models to follow instructions with human feedback, section 3",
    train=_train,
    packages=("torch", "transformers", "peft", "trl"),
)

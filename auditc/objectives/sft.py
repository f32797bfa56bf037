"""Supervised fine-tuning on written answers: the likelihood of each answer after its prompt.

    loss = − mean over the tokens of the answers of ln p(token | prompt, tokens before)

The answers are rows of a table, or answers to a survey's items: as many for each item and population as `answers` says,
shared out over the options as people's answers are. An answer to an item is the option's label alone, as the audit's
opening leads to it (`Answer: (` to `A`); one that a table holds ends with the token that ends a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import model_validator

from auditc.ir.training import Example, Job, Progress, Trained
from auditc.ir.values import Columns, Form, ItemSet, Positive, Table

from ._answers import answers, texts
from ._contract import Objective, Trainee
from ._fit import arguments, fit, present, steady
from ._rows import by_length, rows

PACKAGES: Final = ("torch", "transformers", "peft", "accelerate", "trl")


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
    present(PACKAGES)
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    if params.data is not None:
        learnt, valid = _written(params.data, trainee), []
    else:
        learnt, valid = (_answered(part, params.answers, job, trainee) for part in (job.examples, job.valid))
    kind = steady(SFTTrainer, job, [len(row["input_ids"]) for row in learnt])
    told = {"max_length": None, "packing": False, "label_names": ["labels"]}
    trainer = kind(
        model=trainee.model,
        args=SFTConfig(**{**arguments(job, trainee), **told}),
        train_dataset=Dataset.from_list(learnt),
        eval_dataset=Dataset.from_list(by_length(valid, "input_ids")) if valid else None,
        processing_class=trainee.tokenizer,
    )
    return fit(job, trainee, trainer, tell, PACKAGES, len(job.examples) or len(learnt))


def _answered(examples: Sequence[Example], number: int, job: Job, trainee: Trainee) -> list[dict[str, Any]]:
    """A row for each answer: its option's first spelling that is one token, and the loss on that token alone."""
    found = []
    for example, row in zip(examples, rows(examples, trainee), strict=True):
        for option in answers(example, number, job.settings.seed):
            found.append(_row(list(row["ids"]), [row["options"][option][0]]))
    return found


def _written(table: Table, trainee: Trainee) -> list[dict[str, Any]]:
    return [_row(*ids) for ids in texts(table.column("prompt"), [table.column("answer")], trainee)]


def _row(prompt: list[int], answer: list[int]) -> dict[str, Any]:
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}


sft = Objective(
    title="Supervised fine-tuning",
    params=Params,
    learns=_learns,
    source="Ouyang et al. (2022), Training language models to follow instructions with human feedback, section 3",
    train=_train,
    rows=lambda params: params.answers if params.data is None else 1,
    packages=PACKAGES,
)

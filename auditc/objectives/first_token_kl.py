"""First-token alignment: KL divergence of people's shares from the model's first-token probabilities of the options.

    loss = mean over items of KL(people ‖ model) = Σ_j s_j · ln(s_j / p_j)

where p_j is the softmax over the option letters at the place where the answer begins. An option that has several
spellings has the sum of their probabilities. Only the options' rows of the output head are computed, at one position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from auditc.ir.training import Job, Progress, Trained
from auditc.ir.values import Form, ItemSet, Positive

from ._contract import Objective, Trainee
from ._fit import arguments, fit, present, steady
from ._head import collate, narrowed
from ._rows import by_length, rows

PACKAGES: Final = ("torch", "transformers", "peft", "accelerate")


class Params(Form):
    """What the author may set."""

    survey: Annotated[Any, ItemSet()]
    """The items that are learnt: mostly a part of a survey, `values.train`."""
    orders: Positive = 1
    """Rotations of the options' order that each item is learnt in."""
    per_option: Literal["sum", "mean"] = "sum"
    """`mean` divides the loss of each item by its number of options, as the paper's code does."""


def _train(job: Job, params: Params, trainee: Trainee, tell: Callable[[Progress], None]) -> Trained:
    present(PACKAGES)
    from transformers import Trainer, TrainingArguments

    learnt, valid = rows(job.examples, trainee), by_length(rows(job.valid, trainee))
    causal = trainee.model.get_base_model() if hasattr(trainee.model, "peft_config") else trainee.model
    kind = steady(Trainer, job, [len(row["ids"]) for row in learnt])
    with narrowed(causal, params.per_option == "mean"):
        trainer = kind(
            model=trainee.model,
            args=TrainingArguments(**arguments(job, trainee)),
            train_dataset=learnt,
            eval_dataset=valid or None,
            data_collator=collate,
        )
        return fit(job, trainee, trainer, tell, PACKAGES, len(learnt))


first_token_kl = Objective(
    title="First-token alignment",
    params=Params,
    learns=lambda params: "shares",
    source="Cao et al. (2025), Specializing LLMs to simulate survey response distributions, section 4",
    train=_train,
    packages=PACKAGES,
)

"""First-token alignment: KL divergence of people's shares from the model's first-token probabilities of the options.

    loss = mean over items of KL(people ‖ model) = Σ_j s_j · ln(s_j / p_j)

where p_j is the softmax over the option letters at the place where the answer begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from auditc.ir.training import Job, NotTrained, Progress, Trained
from auditc.ir.values import Form, ItemSet, Positive

from ._contract import Objective, Trainee


class Params(Form):
    """What the author may set."""

    survey: Annotated[Any, ItemSet()]
    """The items that are learnt: mostly a part of a survey, `values.train`."""
    orders: Positive = 1
    """Rotations of the options' order that each item is learnt in."""
    per_option: Literal["sum", "mean"] = "sum"
    """`mean` divides the loss of each item by its number of options, as the paper's code does."""


def _train(job: Job, params: Params, trainee: Trainee, tell: Callable[[Progress], None]) -> Trained:
    raise NotTrained("engine", "this objective cannot be trained yet")


first_token_kl = Objective(
    title="First-token alignment",
    params=Params,
    learns=lambda params: "shares",
    source="Cao et al. (2025), Specializing LLMs to simulate survey response distributions, section 4",
    train=_train,
)

"""Supervised fine-tuning on written answers: the likelihood of each answer after its prompt."""

from __future__ import annotations

from typing import Annotated

from auditc.ir.values import Columns, Form, Table

from ._contract import Objective


class Params(Form):
    """What the author may set."""

    data: Annotated[Table, Columns(("prompt", "answer"))]
    """Rows of a prompt and its answer."""


sft = Objective(
    title="Supervised fine-tuning",
    params=Params,
    learns="texts",
    source="Ouyang et al. (2022), Training language models to follow instructions with human feedback, section 3",
)

"""Direct preference optimisation: of two answers to a prompt, the chosen one is made more likely than the other."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt

from auditc.ir.values import Columns, Form, Table, Unit

from ._contract import Objective


class Params(Form):
    """What the author may set."""

    pairs: Annotated[Table, Columns(("prompt", "chosen", "rejected"))]
    """Rows of a prompt, the answer that was chosen and the one that was not."""
    beta: Annotated[float, Unit("number"), Gt(0)] = 0.1
    """How strongly the model is held to where it began."""


dpo = Objective(
    title="Direct preference optimisation",
    params=Params,
    learns="texts",
    source="Rafailov et al. (2023), Direct preference optimization, equation 7",
)

"""How often answers show that the model did not take the question, the role or the instruction in, as a judge sees it.

A judge model reads a sample of the written answers and looks for six faults: the question not captured, no role
played, the instruction not understood, values in conflict, irrelevant text, false facts. Its own errors are measured on
a file of cases that people judged, and the prevalence is corrected by them (Rogan and Gladen):

    prevalence = (apparent + specificity − 1) / (sensitivity + specificity − 1)

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from annotated_types import Gt

from auditc.ir.values import Columns, Form, RefTo, Share, Table

from ._contract import Metric, not_built

FAULTS = (
    "question_not_captured",
    "no_role",
    "instruction_not_understood",
    "values_in_conflict",
    "irrelevant_text",
    "false_facts",
)
"""The six faults, as cases that people judged name them."""


class Params(Form):
    """What the author may set."""

    faults: ClassVar[tuple[str, ...]] = FAULTS

    judge: Annotated[str, RefTo("model")]
    """The model that judges; best one of another family than those it judges."""
    sample: Annotated[Share, Gt(0)] = 0.01
    """The share of written answers that is judged."""
    calibrate: Annotated[Table, Columns(("text", "fault", "present"))] | None = None
    """Cases that people judged: a text, a fault (`question_not_captured`, `no_role`, `instruction_not_understood`,
    `values_in_conflict`, `irrelevant_text` or `false_facts`), and whether it is there (`yes` or `no`); at least 50 of
    each."""


insensitivity = Metric(
    title="Insensitivity",
    params=Params,
    reads="texts",
    values=not_built,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share",
    better="lower",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), insensitivity; the correction is that of Rogan and Gladen (1978)",
    local=True,
    built=False,
)

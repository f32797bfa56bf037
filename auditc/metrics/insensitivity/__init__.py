"""How often answers show that the model did not take the question, the role or the instruction in, as a judge sees it.

A judge model reads a sample of the written answers and is asked of each, one after the other, whether it has one of six
faults: the question not captured, no role played, the instruction not understood, values in conflict, irrelevant text,
false facts. Answered, refused and unreadable texts are in the sample alike: an answer that forms no value is what is
looked for. The judge's own errors are measured on cases that people judged, asked in the same words about each, and the
prevalence is corrected by them (Rogan and Gladen):

    prevalence = (apparent + specificity − 1) / (sensitivity + specificity − 1)

What the judge says and nobody can read counts neither as yes nor as no, in the sample and in the cases, and is shown.
The paper (DEF, section 5) counts answers in which the judge writes "No" somewhere, and corrects nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Gt, Len

from auditc.ir.case import Case
from auditc.ir.plan import Assess, Converse, Wording
from auditc.ir.values import Columns, Form, RefTo, Share, Table
from auditc.metrics._arrays import np
from auditc.metrics._contract import Metric, Part, Sheet

from .wording import OPENING, OPTIONS, QUESTIONS, WORDING

Fault = Literal[
    "question_not_captured",
    "no_role",
    "instruction_not_understood",
    "values_in_conflict",
    "irrelevant_text",
    "false_facts",
]

FAULTS: tuple[Fault, ...] = (
    "question_not_captured",
    "no_role",
    "instruction_not_understood",
    "values_in_conflict",
    "irrelevant_text",
    "false_facts",
)
"""The six faults, as cases that people judged name them."""

AXIS = "fault"
LONGEST = 12
"""Tokens that a judge may write: a number, and hardly more."""


class Params(Form):
    """What the author may set."""

    known: ClassVar[tuple[str, ...]] = FAULTS
    languages: ClassVar[tuple[str, ...]] = tuple(sorted(WORDING))

    judge: Annotated[str, RefTo("model")]
    """The model that judges; best one of another family than those it judges."""
    sample: Annotated[Share, Gt(0)] = 0.01
    """The share of written answers that is judged; at least one."""
    faults: Annotated[tuple[Fault, ...], Len(1)] = FAULTS
    """The faults that are looked for; the judge is asked about each."""
    calibrate: Annotated[Table, Columns(("text", "fault", "present", "question", "language"))] | None = None
    """Cases that people judged: a text, a fault (`question_not_captured`, `no_role`, `instruction_not_understood`,
    `values_in_conflict`, `irrelevant_text` or `false_facts`), whether it is there (`yes` or `no`), the question that
    the text answers, and the language of both (`en` or `zh`); at least 50 of each fault with it and 50 without. Columns
    that may be there as well say what else the judge is shown of an answer: `country` and `place`, as whom it was
    written; `options`, what could be chosen, with `|` between; `opening`, the words that it was made to begin with."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 3]` apparent shares, sensitivities and specificities to `[..., I]` prevalences, not clipped; NaN where
    the judge tells nothing apart."""
    x = np.asarray(x, dtype=float)
    tells = x[..., 1] + x[..., 2] - 1
    return np.where(tells > 0, (x[..., 0] + x[..., 2] - 1) / np.where(tells > 0, tells, 1.0), np.nan)


def _parts(params: Params, groups: Sequence[Mapping[str, str]]) -> tuple[Part, ...]:
    """One for each fault that is looked for."""
    return tuple(Part({AXIS: fault}, "share", "lower", (0.0, 1.0)) for fault in params.faults)


def _stages(params: Params, name: str, written: Sequence[Converse]) -> tuple[Assess, ...]:
    """One judge reads what all models of a block wrote to what they were asked; controls and ablations are not
    judged."""
    if not written:
        return ()
    conditions = [stage.condition for stage in written]
    judged = [stage for stage in written if stage.condition == ("asked" if "asked" in conditions else conditions[0])]
    first = judged[0]
    return (
        Assess(
            name=f"{first.block}/assess/{name}",
            needs=tuple(sorted(stage.name for stage in judged)),
            origin=first.origin,
            block=first.block,
            model=params.judge,
            of=tuple(stage.name for stage in judged),
            sample=params.sample,
            wording={language: Wording(text=text, opening=OPENING[language]) for language, text in WORDING.items()},
            axis=AXIS,
            questions={fault: QUESTIONS[fault] for fault in params.faults},
            options=OPTIONS,
            labels="numbers",
            cases=tuple(_cases(params)),
            max_new_tokens=LONGEST,
            seed=first.seed,
        ),
    )


def _cases(params: Params) -> list[Case]:
    """The cases of the faults that are looked for; the compiler refuses cases that cannot be read."""
    table = params.calibrate
    if table is None:
        return []
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return [
        Case(
            text=row["text"],
            question=row["question"],
            language=row["language"],
            asks=row["fault"],
            present=row["present"] == "yes",
            country=row.get("country", ""),
            place=row.get("place", ""),
            options=tuple(row["options"].split("|")) if row.get("options") else (),
            opening=row.get("opening", ""),
        )
        for row in rows
        if row["fault"] in params.faults
    ]


insensitivity = Metric(
    title="Insensitivity",
    params=Params,
    reads="assessed",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share",
    better="lower",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), insensitivity; the correction is that of Rogan and Gladen (1978)",
    stages=_stages,
    parts=_parts,
)

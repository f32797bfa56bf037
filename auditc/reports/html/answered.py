"""What was asked and what came back: counts of cells, and whether the answers are the model's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import TRUST, TallyRow

from . import numbers
from .figures import parts_bar, symbol
from .names import Names
from .results import Section, section


@dataclass(frozen=True, slots=True)
class Tally:
    """A row of counts; `share` is how many of the asked cells were answered."""

    row: TallyRow
    block: str
    model: str
    population: str
    symbol: Markup
    condition: str
    share: str
    bar: Markup
    again: bool
    """Whether block and model are those of the row above."""
    counts: tuple[tuple[str, str], ...]


KINDS = ("planned", "asked", "answered", "refused", "unparsable", "failed", "not_run")


def counted(rows: Iterable[TallyRow]) -> tuple[str, ...]:
    """The columns of the table of answers: what a model had to read stands there where one did."""
    at = KINDS.index("answered") + 1
    return (*KINDS[:at], "reread", *KINDS[at:]) if any(row.reread for row in rows) else KINDS


def tallies(names: Names) -> list[Tally]:
    """In the order of blocks, models, populations and conditions; what was not asked at all is told above them."""

    def place(t: TallyRow) -> tuple[object, ...]:
        return (
            names.blocks.index(t.block) if t.block in names.blocks else len(names.blocks),
            names.models.index(t.model) if t.model in names.models else len(names.models),
            names.place(t.population),
            names.variant(t.condition),
        )

    rows = sorted((t for t in names.material.findings.tallies if t.asked), key=place)
    kinds = counted(rows)
    above = [None, *((t.block, t.model) for t in rows)]
    return [
        Tally(
            row=t,
            again=before == (t.block, t.model),
            block=names.block(t.block),
            model=names.model(t.model),
            population=names.heading(t.population),
            symbol=symbol(names.place(t.population), names.variant(t.condition)),
            condition=names.condition(t.condition),
            share=numbers.percent(t.answered, t.asked),
            bar=parts_bar([(kind, getattr(t, kind)) for kind in KINDS[2:]]),
            counts=tuple((kind, numbers.count(getattr(t, kind))) for kind in kinds),
        )
        for t, before in zip(rows, above, strict=False)
    ]


def cells(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The counts of a run, each with its word: what was reused is told apart, where the record does so."""
    told: list[tuple[str, int]] = []
    for kind, n in counts.items():
        if kind == "reused" and "shared" in counts:
            told.append(("stored", n - counts["shared"]))
        else:
            told.append((kind, n))
    return told


def trust(names: Names) -> list[Section]:
    """The metrics that come before all others, for each block that has them."""
    return [
        section(names, block, metric) for metric in TRUST for block in names.blocks if metric in names.metrics[block]
    ]

"""Findings as rows of tables: their own numbers beside the words they are shown in, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import Finding

from . import numbers
from .figures import symbol
from .names import Names


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding as a row of a table: its own numbers beside the words they are shown in."""

    finding: Finding
    anchor: str
    model: str
    short: str
    population: str
    symbol: Markup
    condition: str
    dimension: str
    order: tuple[object, ...]
    """Where the dimension, or another part, comes; equal for rows that stand together."""
    estimate: str
    interval: str
    n: str
    missing: str
    floor: str
    lines: tuple[tuple[str, str], ...]
    level: str
    notes: tuple[tuple[str, str], ...]
    """Each with the language that it is in."""
    cells: str
    items: str
    """The fragment identifier of the table of items behind it."""


def ordered(names: Names, findings: Iterable[Finding]) -> list[Finding]:
    """By dimension, model, population and condition, each in the plan's order; `asked` before its controls."""
    models = names.models

    def place(f: Finding) -> tuple[object, ...]:
        return (
            names.rank(f.axes),
            models.index(f.model) if f.model in models else len(models),
            names.place(f.population),
            names.variant(f.condition),
            f.id,
        )

    return sorted(findings, key=place)


def entry(names: Names, f: Finding) -> Entry:
    words = names.words
    return Entry(
        finding=f,
        anchor=names.anchors[f.id],
        model=names.model(f.model),
        short=names.short(f.model),
        population=names.heading(f.population),
        symbol=symbol(names.place(f.population), names.variant(f.condition))
        if f.population in names.populations
        else Markup(""),
        condition=names.condition(f.condition),
        dimension=names.titled_part(f.axes),
        order=names.rank(f.axes),
        estimate=numbers.figure(f.estimate, f.unit),
        interval=numbers.interval(f.low, f.high, f.unit),
        n=rests_on(names, f),
        missing=missing(names, f),
        floor=f"{numbers.figure(f.floor.estimate, f.unit)} ({numbers.interval(f.floor.low, f.floor.high, f.unit)})"
        if f.floor
        else numbers.NONE,
        lines=tuple((names.line(key), numbers.figure(value, f.unit)) for key, value in f.lines.items()),
        level=numbers.level(f.level),
        notes=tuple(words.said(note) for note in f.notes),
        cells=words("table.cells", answered=numbers.count(f.n.answers), planned=numbers.count(planned(f))),
        items=items_anchor(names, f.block, f.population),
    )


def planned(f: Finding) -> int:
    """Answers to items behind a finding: those that were given and those that are missing."""
    gone = f.missing
    return f.n.answers + gone.refused + gone.unparsable + gone.failed + gone.not_run


def rests_on(names: Names, f: Finding) -> str:
    """`64 items, 50 participants, 3,200 answers, at least 1,012 people`."""
    words, n = names.words, f.n
    parts = [words("count.items", n=n.items)]
    if n.draws is not None:
        parts.append(words("count.participants", n=n.draws))
    parts.append(words("count.answers", n=n.answers))
    if n.people is not None:
        parts.append(words("count.people_nominal" if n.people_nominal else "count.people", n=n.people))
    return words("list.comma").join(parts)


def missing(names: Names, f: Finding) -> str:
    """Reasons with their counts; `none` when nothing is missing."""
    gone = f.missing
    counted = (
        ("refused", gone.refused),
        ("unparsable", gone.unparsable),
        ("failed", gone.failed),
        ("not_run", gone.not_run),
        ("items", gone.items),
    )
    parts = [names.words(f"missing.{reason}", n=n) for reason, n in counted if n]
    return names.words("list.comma").join(parts) or names.words("missing.none")


def items_anchor(names: Names, block: str, population: str) -> str:
    if block not in names.blocks or population not in names.populations:
        return "items"
    return f"items-{names.blocks.index(block)}-{names.place(population)}"

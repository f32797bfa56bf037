"""A framework out of its data file: values, named and described in every language, and whose list it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auditc.diagnostics import Label, Sink, Span
from auditc.ir.framework import Framework, Value
from auditc.spec.tokens import RESERVED

from .bodies import fill, keys
from .datafiles import DataFile
from .declarations import Framework as FrameworkForm
from .mistakes import POISON, Poison, listing, report
from .resolve import Declaration
from .scope import Scope
from .tables import MANY, Grid, refuse_others, require

FEWEST: Final = 2
"""Values are weighed against each other."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedFramework:
    """A framework, and where each of its values stands: the rows of its file, by the values' identifiers."""

    framework: Framework
    places: dict[str, Span]


def framework(declaration: Declaration, scope: Scope) -> CheckedFramework | Poison:
    """A framework block with its file."""
    filled = fill(declaration.block, keys(FrameworkForm), scope)
    file: DataFile | None = filled.values.get("values")
    if file is None or not ungrouped(file, scope.sink):
        return POISON
    found = _values(file.grid, scope.sink)
    if isinstance(found, Poison) or filled.poisoned:
        return POISON
    values, places = found
    return CheckedFramework(Framework(values=values, digests={file.path: scope.files.digests[file.path]}), places)


def ungrouped(file: DataFile, sink: Sink) -> bool:
    """Whether a file is named without `by`, which tells shares apart and nothing else."""
    if file.by is not None:
        report(sink, "AC309", file.span, "`by` has no meaning here", remedy="Leave it out.")
    return file.by is None


def complete(grid: Grid, needed: tuple[str, ...], sink: Sink) -> bool:
    """Whether a table has just these columns, and text in each of their cells."""
    good = require(grid, needed, sink)
    refuse_others(grid, needed, sink)
    empty = [(row, column) for row in range(len(grid.rows)) for column in needed if not grid.cell(row, column)]
    for row, column in empty[:MANY] if good else ():
        report(sink, "AC025", grid.row(row), f"`{column}` is empty")
    return good and not empty


def _values(grid: Grid, sink: Sink) -> tuple[tuple[Value, ...], dict[str, Span]] | Poison:
    languages = sorted({*grid.languages("name"), *grid.languages("description")}) or ["en"]
    worded = tuple(f"{stem}.{language}" for stem in ("name", "description") for language in languages)
    good = complete(grid, ("value", *worded, "source"), sink)
    if len(grid.rows) < FEWEST:
        report(sink, "AC361", grid.row(0), "the only value", remedy="Add the values that it is weighed against.")
        good = False
    for row in range(len(grid.rows)):
        name = grid.cell(row, "value")
        if name and (not name.isidentifier() or name in RESERVED):
            remedy = "Write letters, digits and `_`, a letter first: `self_direction`."
            report(sink, "AC362", grid.place(row, "value"), f"`{name}` cannot be used in a spec", remedy=remedy)
            good = False
    for column in ("value", *(f"name.{language}" for language in languages)):
        good = _different(grid, column, sink) and good
    if not good:
        return POISON
    values = tuple(_value(grid, row, languages) for row in range(len(grid.rows)))
    return values, {value.id: grid.row(row) for row, value in enumerate(values)}


def _value(grid: Grid, row: int, languages: list[str]) -> Value:
    return Value(
        id=grid.cell(row, "value"),
        name={language: grid.cell(row, f"name.{language}") for language in languages},
        description={language: grid.cell(row, f"description.{language}") for language in languages},
        source=grid.cell(row, "source"),
    )


def _different(grid: Grid, column: str, sink: Sink) -> bool:
    """Whether no two rows say the same in a column; what is empty has been reported."""
    first: dict[str, Span] = {}
    good = True
    for row in range(len(grid.rows)):
        cell = grid.cell(row, column)
        if cell and cell in first:
            related = (Label(first[cell], "here first"),)
            label = f"{listing([cell])} stands in `{column}` already"
            report(sink, "AC360", grid.place(row, column), label, related=related)
            good = False
        first.setdefault(cell, grid.place(row, column))
    return good

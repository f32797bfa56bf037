"""The functions that name a data file: `csv("shares.csv", by = [country, sex])`, `jsonl("dilemmas.jsonl")`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from auditc.diagnostics import Sink, Source, Span
from auditc.ir.values import Columns, Table
from auditc.spec.syntax import Argument, Call, Expression, Items, Text, Word

from .declarations import Grid as GridMark
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .tables import MANY, Grid, read_csv, read_jsonl, require
from .wants import Want, called

READERS: Final[dict[str, Callable[[Source, Sink], Grid | Poison]]] = {"csv": read_csv, "jsonl": read_jsonl}
"""The language's functions that read a file."""

NUMBER: Final = re.compile(r"[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?|[0-9]+\.")
"""A number of at least 0, as a data file may write it."""

HEAVIEST: Final = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class DataFile:
    """A data file and what its call says of it; columns are named by words, in the places where they stand."""

    grid: Grid
    path: str
    by: tuple[Word, ...] | None
    weight: Word | None
    span: Span


def data_file(call: Call, want: Want, scope: Scope) -> DataFile | Poison:
    """The file that a call names, read; columns that it names are there."""
    if not isinstance(call.of, Word) or call.of.name.text not in READERS:
        name = call.of.span.text
        remedy = close(name, READERS) or f'A data file is {listing(READERS)}: `csv("table.csv")`.'
        return report(scope.sink, "AC214", call.of.span, f"no function here is called `{name}`", remedy=remedy)
    allowed = ("by",) if want.mark(GridMark) else ("weight", "by")
    arguments = _arguments(call, allowed, scope)
    if isinstance(arguments, Poison):
        return POISON
    path, named = arguments
    source = scope.files.data(path.value, scope.module.name, path.span)
    if isinstance(source, Poison):
        return POISON
    grid = scope.files.grid(source, READERS[call.of.name.text])
    if isinstance(grid, Poison):
        return POISON
    by = _words(named["by"], scope) if "by" in named else None
    weight = _word(named["weight"], scope) if "weight" in named else None
    if isinstance(by, Poison) or isinstance(weight, Poison):
        return POISON
    for word in (*(by or ()), *((weight,) if weight else ())):
        if not grid.has(word.name.text):
            remedy = close(word.name.text, grid.columns) or f"The columns are {listing(grid.columns)}."
            report(scope.sink, "AC022", word.span, f"`{source.name}` has no column `{word.name.text}`", remedy=remedy)
            return POISON
    return DataFile(grid, source.name, by, weight, call.span)


def table(file: DataFile, want: Want, scope: Scope) -> Table | Poison:
    """The rows of a file as a value; every cell that must hold something does."""
    grid, columns = file.grid, want.mark(Columns)
    needed = tuple(_expanded(columns, grid, scope)) if columns else ()
    good = require(grid, needed, scope.sink)
    bad = 0
    for row in range(len(grid.rows)):
        for column in needed:
            if grid.has(column) and not grid.cell(row, column):
                good = False
                bad += 1
                if bad <= MANY:
                    report(scope.sink, "AC025", grid.row(row), f"`{column}` is empty")
    weight = file.weight.name.text if file.weight else ""
    if not good or (weight and not _weights(grid, weight, scope.sink)):
        return POISON
    by = tuple(word.name.text for word in file.by or ())
    digest = scope.files.digests[file.path]
    return Table(path=file.path, digest=digest, columns=grid.columns, rows=grid.rows, weight=weight, by=by)


def _weights(grid: Grid, column: str, sink: Sink) -> bool:
    bad = 0
    for row in range(len(grid.rows)):
        cell = grid.cell(row, column)
        if not NUMBER.fullmatch(cell) or float(cell) > HEAVIEST:
            report(sink, "AC026", grid.place(row, column), "a number such as 5024279 is expected")
            bad += 1
            if bad > MANY:
                break
    if not bad and not any(float(grid.cell(row, column)) for row in range(len(grid.rows))):
        report(sink, "AC026", grid.head, f"every weight in `{column}` is 0")
        return False
    return not bad


def _expanded(columns: Columns, grid: Grid, scope: Scope) -> Iterator[str]:
    """The columns that are needed; `name.*` stands for one column in each language that is asked in."""
    for name in columns.names:
        if not name.endswith(".*"):
            yield name
            continue
        stem = name.removesuffix(".*")
        for language in scope.languages or grid.languages(stem) or ("en",):
            yield f"{stem}.{language}"


def _arguments(call: Call, allowed: tuple[str, ...], scope: Scope) -> tuple[Text, dict[str, Expression]] | Poison:
    """The path, and the named arguments."""
    named: dict[str, Expression] = {}
    path: Text | None = None
    for argument in call.arguments:
        name = argument.name
        if name is None and path is None and isinstance(argument.value, Text):
            path = argument.value
        elif name is not None and name.text in allowed and name.text not in named:
            named[name.text] = argument.value
        else:
            _misfit(argument, allowed, named, scope)
            return POISON
    if path is None:
        return report(
            scope.sink, "AC309", call.span, "the name of the file is missing", remedy='For example: `csv("table.csv")`.'
        )
    return path, named


def _misfit(argument: Argument, allowed: tuple[str, ...], named: dict[str, Expression], scope: Scope) -> None:
    remedy = (
        f'For example: `csv("table.csv", {allowed[0]} = {"residents" if allowed[0] == "weight" else "[country]"})`.'
    )
    if argument.name is None:
        label = f"one text, the name of the file, is expected, and this is {called(argument.value)}"
        report(scope.sink, "AC309", argument.span, label, remedy=remedy)
    elif argument.name.text in named:
        report(scope.sink, "AC309", argument.span, f"`{argument.name.text}` is given already", remedy="Leave it out.")
    else:
        hint = close(argument.name.text, allowed) or remedy
        report(scope.sink, "AC309", argument.name.span, f"there is no argument `{argument.name.text}`", remedy=hint)


def _words(expression: Expression, scope: Scope) -> tuple[Word, ...] | Poison:
    if isinstance(expression, Word):
        return (expression,)
    if isinstance(expression, Items) and all(isinstance(entry, Word) for entry in expression.values):
        return tuple(entry for entry in expression.values if isinstance(entry, Word))
    label = f"names of columns are expected, and this is {called(expression)}"
    return report(scope.sink, "AC301", expression.span, label, remedy="For example: `[country, sex]`.")


def _word(expression: Expression, scope: Scope) -> Word | Poison:
    if isinstance(expression, Word):
        return expression
    label = f"the name of a column is expected, and this is {called(expression)}"
    return report(scope.sink, "AC301", expression.span, label, remedy="For example: `weight = residents`.")

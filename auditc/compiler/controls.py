"""Controls that a claim may map to, and whether those it names exist.

A control is written `body: identifier`, as in `nist-ai-rmf: measure 2.11`; capital letters and the width of spaces do
not count. Those of the standard library are always known; a body adds its own by a `controls` block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from auditc.diagnostics import Label, Sink, Source, Span
from auditc.spec.syntax import Attribute, Items, Text, Word

from .bodies import fill, keys
from .datafiles import DataFile
from .declarations import Controls as ControlsForm
from .frameworks import complete, ungrouped
from .mistakes import Poison, close, listing, report
from .packages import SHIPPED
from .resolve import Declaration
from .scope import Scope
from .tables import Grid, read_csv

STANDARD = "std-1/controls.csv"
"""In the library that comes with auditc."""

_COLUMNS = ("framework", "control", "title", "source")


@dataclass(frozen=True, slots=True)
class Control:
    """What a body asks for, in a line; `source` says where it stands."""

    body: str
    id: str
    title: str
    source: str


def control(written: str) -> Control | None:
    """The control of the standard library that a text such as `nist-ai-rmf: measure 2.11` names."""
    body, _, identifier = written.partition(":")
    return _standard().get((_plain(body), _plain(identifier)))


def look_up_controls(scope: Scope) -> None:
    """Warn of every claim that maps to something which no table of controls lists."""
    known = [key for declared in scope.names.every("controls") for key in _listed(declared, scope)]
    mapped = [found for claim in scope.names.every("claim") for found in _mapped(claim, scope)]
    if not mapped:
        return
    known += _standard()
    for text, at in mapped:
        _look_up(text, at, known, scope.sink)


def _look_up(text: str, at: Span, known: list[tuple[str, str]], sink: Sink) -> None:
    written, colon, rest = text.partition(":")
    body, identifier = _plain(written), _plain(rest)
    bodies = list(dict.fromkeys(listed for listed, _ in known))
    if not colon or not body or not identifier:
        label = "a body, a colon and the identifier of a control are expected"
        report(sink, "AC365", at, label, remedy='For example: `"nist-ai-rmf: measure 2.11"`.')
    elif body not in bodies:
        own = 'A body of your own lists its controls in a table: `controls ours { table = csv("ours.csv") }`.'
        remedy = close(body, bodies) or f"Known are {listing(bodies)}. {own}"
        report(sink, "AC364", at, f"no body is known as `{body}`", remedy=remedy)
    elif (body, identifier) not in known:
        there = [listed for other, listed in known if other == body]
        remedy = close(identifier, there) or f"Known of `{body}` are {listing(there)}."
        report(sink, "AC364", at, f"no control of `{body}` is known as `{identifier}`", remedy=remedy)


def _mapped(claim: Declaration, scope: Scope) -> Iterator[tuple[str, Span]]:
    """The controls that a claim names and where; what is no text has been reported with the claim."""
    constants = scope.names.constants[claim.module.name]
    for part in claim.block.body:
        if isinstance(part, Attribute) and part.name.text == "maps_to" and isinstance(part.value, Items):
            for entry in part.value.values:
                constant = constants.get(entry.name.text) if isinstance(entry, Word) else None
                meant = constant.value if constant else entry
                if isinstance(meant, Text):
                    yield meant.value, entry.span


def _listed(declaration: Declaration, scope: Scope) -> list[tuple[str, str]]:
    """The controls of a block's table; what is wrong with it is reported."""
    filled = fill(declaration.block, keys(ControlsForm), scope.within(declaration.module))
    file: DataFile | None = filled.values.get("table")
    if file is None or not ungrouped(file, scope.sink):
        return []
    return list(_table(file.grid, scope.sink))


def _table(grid: Grid, sink: Sink) -> dict[tuple[str, str], Control]:
    found: dict[tuple[str, str], Control] = {}
    first: dict[tuple[str, str], Span] = {}
    if not complete(grid, _COLUMNS, sink):
        return found
    for row in range(len(grid.rows)):
        body, identifier, title, source = (grid.cell(row, column) for column in _COLUMNS)
        key = (_plain(body), _plain(identifier))
        if key in found:
            related = (Label(first[key], "here first"),)
            report(sink, "AC363", grid.row(row), f"`{body}: {identifier}` is there already", related=related)
        found.setdefault(key, Control(*key, title, source))
        first.setdefault(key, grid.row(row))
    return found


@cache
def _standard() -> dict[tuple[str, str], Control]:
    sink = Sink()
    grid = read_csv(Source("std@1/controls.csv", (SHIPPED / STANDARD).read_text(encoding="utf-8")), sink)
    assert not isinstance(grid, Poison), sink.sorted()  # a test reads the file as well
    return _table(grid, sink)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()

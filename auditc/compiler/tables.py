"""Reads data files into grids of text that remember their places, so that a mistake in a cell is shown in the cell.

A cell is text and is never evaluated, whatever sign it begins with.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from auditc.diagnostics import Sink, Source, Span

from .mistakes import POISON, Poison, close, listing, remedies, report

MANY: Final = 100
"""Faulty rows of one file after which its other rows are not looked at: more would not be read either."""

_CELL = re.compile(r'"(?:[^"]|"")*"|[^,\r\n]*')


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The rows of a data file; `starts` and `ends` are where each row stands in the text."""

    source: Source
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    _index: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._index.update((column, index) for index, column in enumerate(self.columns))

    @property
    def head(self) -> Span:
        """The first line."""
        end = self.source.text.find("\n")
        return Span(self.source, 0, len(self.source.text) if end < 0 else end)

    def has(self, column: str) -> bool:
        return column in self._index

    def cell(self, row: int, column: str) -> str:
        """The text of a cell; empty where the table has no such column."""
        return self.rows[row][self._index[column]] if column in self._index else ""

    def row(self, row: int) -> Span:
        """Where a row stands."""
        return Span(self.source, self.starts[row], self.ends[row])

    def place(self, row: int, column: str) -> Span:
        """Where a cell stands; its whole row where that cannot be told."""
        whole = self.row(row)
        if column not in self._index or whole.text.startswith("{"):
            return whole
        position = whole.start
        for _ in range(self._index[column]):
            found = _CELL.match(self.source.text, position, whole.end)
            position = found.end() + 1 if found else whole.end
        found = _CELL.match(self.source.text, position, whole.end)
        return Span(self.source, position, found.end()) if found and found.end() > position else whole

    def languages(self, stem: str) -> tuple[str, ...]:
        """The languages of the columns `stem.en`, `stem.zh` and so on, sorted."""
        return tuple(sorted(c.removeprefix(f"{stem}.") for c in self.columns if c.startswith(f"{stem}.")))


def read_csv(source: Source, sink: Sink) -> Grid | Poison:
    """The grid of a CSV file with a head; rows without any text are passed over."""
    lines = _line_starts(source.text)
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    places: list[tuple[int, int]] = []
    bad = 0
    while True:
        begun = reader.line_num
        try:
            row = next(reader, None)
        except csv.Error as error:
            start, end = _stretch(source, lines, begun, begun + 1)
            return report(sink, "AC020", Span(source, start, end), _why(error), remedy=_QUOTING)
        if row is None:
            break
        if not any(cell.strip() for cell in row):
            continue
        start, end = _stretch(source, lines, begun, reader.line_num)
        if rows and len(row) != len(rows[0]):
            label = f"{len(row)} cells, and the head has {len(rows[0])}"
            report(sink, "AC020", Span(source, start, end), label, remedy=_QUOTING)
            bad += 1
            if bad > MANY:
                break
        rows.append(tuple(_clean(cell) for cell in row))
        places.append((start, end))
    if not rows:
        return report(sink, "AC024", Span(source, 0, len(source.text)), "the file is empty")
    return _grid(source, rows, places, sink) if not bad else POISON


_QUOTING = 'Put a cell that holds a comma, a line break or a quote in quotes, `"a, b"`, and double a quote in it.'


def _why(error: csv.Error) -> str:
    words = str(error)
    if "unexpected end" in words:
        return "a quote is opened here and never closed"
    if "field larger" in words:
        return "a cell here is longer than 131,072 characters; is a quote left open?"
    return "something stands between a closing quote and the next comma"


def _grid(source: Source, rows: list[tuple[str, ...]], places: list[tuple[int, int]], sink: Sink) -> Grid | Poison:
    head = rows[0]
    span = Span(source, *places[0])
    if len(set(head)) < len(head):
        twice = sorted(column for column, times in Counter(head).items() if times > 1)
        return report(sink, "AC020", span, f"{listing(twice)} stands twice in the head")
    if len(rows) == 1:
        return report(sink, "AC024", span, "nothing stands below the head")
    starts, ends = zip(*places[1:], strict=True)
    return Grid(source, head, tuple(rows[1:]), starts, ends)


def read_jsonl(source: Source, sink: Sink) -> Grid | Poison:
    """The grid of a JSON-lines file: one flat object on each line, all with the same keys."""
    rows: list[dict[str, str]] = []
    places: list[tuple[int, int]] = []
    offset = 0
    for line in source.text.split("\n"):  # and nowhere else: a text within a line may hold any other break
        span = Span(source, offset, offset + len(line.rstrip("\r")))
        offset += len(line) + 1
        if not line.strip():
            continue
        found = _object(span, sink)
        if isinstance(found, Poison):
            return POISON
        if rows and set(found) != set(rows[0]):
            other = listing(sorted(set(found) ^ set(rows[0])))
            return report(sink, "AC021", span, f"the keys are not those of the first line: {other}")
        rows.append(found)
        places.append((span.start, span.end))
    if not rows:
        return report(sink, "AC024", Span(source, 0, len(source.text)), "the file is empty")
    columns = tuple(rows[0])
    starts, ends = zip(*places, strict=True)
    return Grid(source, columns, tuple(tuple(row[c] for c in columns) for row in rows), starts, ends)


def _object(span: Span, sink: Sink) -> dict[str, str] | Poison:
    try:
        value = json.loads(span.text)
    except (ValueError, RecursionError):
        return report(sink, "AC021", span, "this line is not JSON")
    if not isinstance(value, dict) or any(isinstance(cell, list | dict) for cell in value.values()):
        return report(sink, "AC021", span, 'each line holds one flat object: {"id": "1", "text": "…"}')
    cells = {key: _clean(cell if isinstance(cell, str) else json.dumps(cell)) for key, cell in value.items()}
    if any("\ud800" <= sign <= "\udfff" for pair in cells.items() for text in pair for sign in text):
        return report(sink, "AC021", span, "an escape here is half of a character, such as `\\ud83d` alone")
    return cells


def require(grid: Grid, names: Iterable[str], sink: Sink) -> bool:
    """Whether the table has all these columns; reports those that are missing."""
    missing = [name for name in names if not grid.has(name)]
    for name in missing:
        remedy = close(name, grid.columns) or f"The columns are {listing(grid.columns)}."
        if len(grid.columns) == 1 and re.search(r"[;\t]", grid.columns[0]):
            remedy = "Put commas between the cells."
        report(sink, "AC022", grid.head, f"there is no column `{name}`", remedy=remedy)
    return not missing


def refuse_others(grid: Grid, known: Iterable[str], sink: Sink, hint: str = "") -> None:
    """Report the columns that nothing would read: a misspelt one must not be dropped in silence."""
    names = tuple(dict.fromkeys(known))
    there = frozenset(names)
    for column in grid.columns:
        if column not in there:
            remedy = remedies(close(column, names), hint) or f"The columns are {listing(names)}."
            start = grid.source.text.find(column, grid.head.start, grid.head.end)
            span = Span(grid.source, start, start + len(column)) if column and start >= 0 else grid.head
            report(sink, "AC023", span, f"nothing reads `{column}`", remedy=remedy)


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip().replace("\r\n", "\n"))


def _line_starts(text: str) -> list[int]:
    """Where each line begins, with one entry past the last; lines end as the csv module ends them."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text)), len(text)]


def _stretch(source: Source, lines: list[int], first: int, last: int) -> tuple[int, int]:
    """From the beginning of a 0-based line to the end of line `last` - 1, without its line break."""
    start = lines[min(first, len(lines) - 1)]
    end = lines[min(max(last, first + 1), len(lines) - 1)]
    return start, start + len(source.text[start:end].rstrip("\r\n"))

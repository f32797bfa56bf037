"""The mistakes found in one text: each code's fixed message, one diagnostic for a place, and a limit to how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from auditc.diagnostics import Diagnostic, Label, Sink, Source, Span

MOST: Final = 500  # a text with more mistakes than this is not a spec, and reading on helps nobody

MESSAGES: Final = {
    "AC001": "The file is not UTF-8 text",
    "AC002": "The file is too large for a spec",
    "AC003": "The file holds NUL characters",
    "AC101": "Something else is expected here",
    "AC102": "A `}` is missing",
    "AC103": "This bracket closes nothing",
    "AC104": "A list or a parenthesis is not closed",
    "AC105": "A text has no closing quote",
    "AC106": 'A long text has no closing `"""`',
    "AC107": "A long text ends in four quotes",
    "AC108": "This escape is unknown",
    "AC109": "A typographic or full-width character stands for code",
    "AC110": "This character has no meaning here",
    "AC111": "A text stands in double quotes",
    "AC112": "A comment begins with `#`",
    "AC113": "Attributes and blocks need no separator",
    "AC114": "A value is given with `=`",
    "AC115": "An `=` is missing",
    "AC116": "A value is missing",
    "AC117": "A comma is missing",
    "AC118": "A block needs its braces",
    "AC119": "Braces need a kind before them",
    "AC120": "A number is written in plain digits",
    "AC121": "A number and its unit stand together",
    "AC122": "Comparisons do not chain",
    "AC123": "A range has two ends",
    "AC124": "The language has no such operator",
    "AC125": "A word of the language cannot be a name",
    "AC126": "A switch is `on` or `off`",
    "AC127": "The nesting is too deep",
    "AC128": "An import is incomplete",
    "AC129": "This belongs to another level",
    "AC130": "Text needs quotes",
    "AC131": "The name of an attribute stands without quotes",
    "AC132": "A comparison is written with `==`",
    "AC133": "A name is one word",
    "AC134": "Several values stand in brackets",
    "AC135": "A character makes the text look other than it is",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` of the text, and what to say about them."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A mistake before it is tied to its source."""

    code: str
    mark: Mark
    help: str
    related: tuple[Mark, ...] = ()


@dataclass(slots=True)
class Notes:
    """Collects the notes of one text. Of two at one place the first stays; past MOST nothing is added."""

    source: Source
    _by_start: dict[int, Note] = field(default_factory=dict)
    _lines: set[int] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self._by_start) >= MOST

    def add(self, note: Note) -> None:
        if not self.full and note.mark.start not in self._by_start:
            self._by_start[note.mark.start] = note
            self._lines.add(self._line_start(note.mark.start))

    def on_line_of(self, offset: int) -> bool:
        """Whether the line of this offset has a note already: then a second one there is likely its echo."""
        return self._line_start(offset) in self._lines

    def within(self, start: int, end: int) -> bool:
        return any(start <= place < end for place in self._by_start)

    def report(self, sink: Sink) -> None:
        for _, note in sorted(self._by_start.items()):
            primary, *related = (self._label(mark) for mark in (note.mark, *note.related))
            sink.report(Diagnostic(note.code, MESSAGES[note.code], primary, note.help, tuple(related)))

    def _label(self, mark: Mark) -> Label:
        return Label(Span(self.source, mark.start, mark.end), mark.text)

    def _line_start(self, offset: int) -> int:
        return self.source.text.rfind("\n", 0, offset) + 1


def excerpt(text: str, longest: int = 40) -> str:
    """A piece of an author's text, short enough for a sentence, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def quoted(words: Sequence[str]) -> str:
    """`a`, `b` and `c`."""
    marked = [f"`{word}`" for word in words]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} and {marked[-1]}"

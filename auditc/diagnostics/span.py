"""A place in a source text: what every diagnostic and every origin points at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """A text and the name an author knows it by: a path relative to the workspace, never an absolute one."""

    name: str
    text: str = field(repr=False)
    _starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def _line_starts(self) -> list[int]:
        """Where each line begins; found at the first question, for a text with many mistakes is asked often."""
        if not self._starts:
            starts = [0]
            while place := self.text.find("\n", starts[-1]) + 1:
                starts.append(place)
            self._starts.extend(starts)
        return self._starts

    def line_of(self, offset: int) -> int:
        """1-based line of a character offset."""
        return bisect_right(self._line_starts(), offset)

    def column_of(self, offset: int) -> int:
        """1-based column of a character offset, in characters."""
        return offset - self._line_starts()[self.line_of(offset) - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line without its line break; empty past the end."""
        starts = self._line_starts()
        if not 0 < line <= len(starts):
            return ""
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (included) to `end` (not included) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_of(self.start)

    @property
    def column(self) -> int:
        return self.source.column_of(self.start)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other, in the same source."""
        return Span(self.source, self.start, other.end)

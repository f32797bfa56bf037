"""Characters of a text to lines and units of the protocol, and back.

A client counts in UTF-16 units unless it has agreed on bytes (UTF-8) or characters (UTF-32). Lines end at LF, CRLF or
CR and nowhere else: a line separator inside a text is a character like any other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from lsprotocol.types import Position, Range

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A text, where its lines begin, and the units in which its client counts."""

    text: str
    encoding: Encoding = "utf-16"
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        starts = (0, *(found.end() for found in _BREAK.finditer(self.text)))
        object.__setattr__(self, "starts", starts)

    def position(self, offset: int) -> Position:
        """Where a character stands; the end of the text for one beyond it."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        return Position(line, self._units(self.text[self.starts[line] : offset]))

    def offset(self, position: Position) -> int:
        """The character at a position; past the end of a line, its end."""
        if position.line >= len(self.starts):
            return len(self.text)
        start = self.starts[position.line]
        end = self.starts[position.line + 1] if position.line + 1 < len(self.starts) else len(self.text)
        written = self.text[start:end].rstrip("\r\n")
        if self.encoding == "utf-32" or written.isascii():
            return start + min(position.character, len(written))
        units = 0
        for index, character in enumerate(written):
            if units >= position.character:
                return start + index
            units += self._units(character)
        return start + len(written)

    def range(self, start: int, end: int) -> Range:
        """From one character to another."""
        return Range(self.position(start), self.position(end))

    def _units(self, text: str) -> int:
        if self.encoding == "utf-32" or text.isascii():
            return len(text)
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)

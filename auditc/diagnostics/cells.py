"""Text as a terminal shows it: nothing that could steer the terminal, and how many columns each character takes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# CSI sequences, OSC sequences and two-character escapes: an author's text must not colour or move anything.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])?|\x9b[0-?]*[ -/]*[@-~]?")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@cache
def _shown(character: str) -> bool:
    return unicodedata.category(character) not in _HIDDEN


@cache
def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def clean(text: str) -> str:
    """On one line, without escape sequences, control characters and invisible characters."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPE.sub("", text)
    return "".join(" " if c in "\t\r\n" else c for c in text if c in "\t\r\n" or _shown(c))


def columns(text: str) -> int:
    """How many terminal columns a text takes."""
    return len(text) if text.isascii() else sum(_width(c) for c in text)


def cells(line: str, tab: int = 4) -> list[str]:
    """For each character of a line what is shown in its place: itself, the spaces of a tab, or nothing."""
    if line.isascii() and line.isprintable():
        return list(line)
    shown: list[str] = []
    hidden = (
        {i for match in _ESCAPE.finditer(line) for i in range(*match.span())}
        if "\x1b" in line or "\x9b" in line
        else ()
    )
    column = 0
    for position, character in enumerate(line):
        if character == "\t":
            cell = " " * (tab - column % tab)
        elif position in hidden or not _shown(character):
            cell = ""
        else:
            cell = character
        column += columns(cell)
        shown.append(cell)
    return shown

"""The values of strings and heredocs, from how they are written and back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from .characters import HIDING, hiding
from .notes import Mark, Note

_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_WRITTEN: Final = {value: f"\\{letter}" for letter, value in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(?:u\{([^}\r\n]*)\}|(.))")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")  # part of ordinary words in Persian and Hindi, and of emoji


def string_value(written: str) -> str:
    """What a string in quotes says. An unknown escape stands for itself; `string_notes` reports it."""
    inner = written[1:-1]
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(lambda match: _escaped(match) or match.group(), inner)


def string_notes(written: str, start: int) -> Iterator[Note]:
    """A note for each escape of a string, beginning at `start`, that is unknown or stands for a control character."""
    if "\\" not in written:
        return
    for match in _ESCAPE.finditer(written, 1, len(written) - 1):
        value = _escaped(match)
        if value is not None and match[1] is not None and value < "\u2000" and HIDING.match(value):
            advice = "Remove it: in a terminal or a report it would change what stands around it."
            yield Note("AC135", Mark(start + match.start(), start + match.end(), hiding(value)), advice)
        if value is None:
            mark = Mark(start + match.start(), start + match.end(), "not an escape of the language")
            yield Note("AC108", mark, _advice(match))


def _advice(match: re.Match[str]) -> str:
    if match[1] is not None:
        return r"Write one to six hexadecimal digits of a Unicode character, as in `\u{4e2d}`."
    if match[2] == "u":
        return r"Write the digits in braces, as in `\u{4e2d}`."
    return r"Write `\\` for a backslash; the escapes are `\n`, `\t`, `\"`, `\\` and `\u{...}`."


def _escaped(match: re.Match[str]) -> str | None:
    digits: str | None = match[1]
    if digits is None:
        return _ESCAPES.get(match[2])
    if not re.fullmatch(r"[0-9A-Fa-f]{1,6}", digits):
        return None
    number = int(digits, 16)
    return None if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


def write_string(value: str) -> str:
    """A string in quotes that says the value; what cannot be seen is written as an escape."""
    return '"' + "".join(_WRITTEN.get(c) or (c if _visible(c) else f"\\u{{{ord(c):x}}}") for c in value) + '"'


def _visible(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _INVISIBLE


def heredoc_value(written: str) -> str:
    r"""What a heredoc says.

    On one line: all between the quotes. On several: line breaks are `\n`; the indentation that all lines share is
    taken away, as are the line break after the opening quotes and the one before closing quotes on their own line.
    A line of blanks is empty. Nothing is an escape, so that templates keep their backslashes.
    """
    lines = written[3:-3].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1:
        return lines[0]
    first = lines[0].lstrip(" \t")
    rest = [line if line.strip(" \t") else "" for line in lines[1:]]
    shared = len(_indentation(rest))
    rest = [line[shared:] for line in rest]
    if not rest[-1]:
        rest.pop()
    return "\n".join([first, *rest] if first else rest)


def _indentation(lines: list[str]) -> str:
    """The blanks that all lines with text begin with: what the first and the last in order share, all share."""
    full = [line for line in lines if line]
    low, high = (min(full), max(full)) if full else ("", "")
    shared = 0
    while shared < min(len(low), len(high)) and low[shared] == high[shared] and low[shared] in " \t":
        shared += 1
    return low[:shared]


def write_heredoc(value: str, indent: str) -> str:
    """A heredoc that says the value: on one line if the value is, else its lines indented."""
    if "\n" not in value and not value.endswith('"'):
        return f'"""{value}"""'
    lines = [f"{indent}{line}" if line else "" for line in value.split("\n")]
    return "\n".join(['"""', *lines, f'{indent}"""'])

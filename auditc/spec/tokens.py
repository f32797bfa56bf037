"""Words and signs of a mended text, for looking at what stands round a mistake; the grammar has its own lexer."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

RESERVED: Final = frozenset({"import", "on", "off", "not", "and", "or"})

# All that is not ASCII counts as a letter here: mending has already refused what no name may hold.
# Written as what they are not, for that makes them quick to compile.
LETTER: Final = r"[^\x00-@\[-\^`{-\x7f]"
WORD: Final = r"[^\x00-/:-@\[-\^`{-\x7f]"
TEXT: Final = r'"(?:[^"\\\r\n]|\\[^\r\n])*"'

_TOKEN = re.compile(
    rf"""
      (?P<HEREDOC> \"\"\"[\s\S]*?\"\"\")
    | (?P<STRING>  {TEXT})
    | (?P<NUMBER>  [0-9]+(?:\.[0-9]+)?(?:%|[A-Za-z]+)?)
    | (?P<NAME>    {LETTER}{WORD}*)
    | (?P<SIGN>    \.\.|[<>=!]=|[^\s])
    """,
    re.VERBOSE,
)

UNIT_WORDS: Final = {
    **dict.fromkeys(("second", "seconds", "sec", "secs"), "s"),
    **dict.fromkeys(("minute", "minutes", "mins"), "min"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("percent", "pct"), "%"),
    **dict.fromkeys(("thousand", "K"), "k"),
    **dict.fromkeys(("million", "millions"), "M"),
    **dict.fromkeys(("billion", "billions"), "B"),
    **dict.fromkeys(("dollar", "dollars"), "usd"),
    **dict.fromkeys(("euro", "euros"), "eur"),
    **dict.fromkeys(("yuan", "rmb"), "cny"),
}
"""Words that people write for a unit, and the unit as the language writes it."""

COMPARES: Final = frozenset({"<", ">", "<=", ">=", "==", "!="})
ARITHMETIC: Final = frozenset({"+", "-", "*", "/"})
OPENERS: Final = {"{": "}", "[": "]", "(": ")"}
CLOSERS: Final = {"}": "{", "]": "[", ")": "("}


class Token(NamedTuple):
    """A named tuple and no dataclass: a spec has tens of thousands. A sign's kind is the sign itself."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup or ""
        word = match.group()
        found.append(Token(word if kind == "SIGN" else kind, word, match.start(), match.end()))
    return found


def same_line(text: str, a: int, b: int) -> bool:
    return text.find("\n", a, b) < 0

"""Characters that do not belong into code: what each stands for in other languages or on other keyboards."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from .tokens import LETTER, WORD

ASCII_ODD: Final = ";:%&|^~?@$`'\\"

# An opening quote that is not `"`, and what closes it.
QUOTES: Final = {
    "'": "'",
    "“": '”“"',
    "”": '”“"',
    "„": '“”"',
    "‟": '”"',
    "«": "»",
    "»": "«»",
    "‘": "’‘",
    "’": "’",
    "‚": "‘’",
    "「": "」",
    "『": "』",
    "＂": "＂",
    "＇": "＇",
}

_TWINS: Final = {
    "、": ",",
    "。": ".",
    "｡": ".",
    "､": ",",
    "【": "[",
    "】": "]",
    "〔": "[",
    "〕": "]",
    "–": "-",
    "—": "-",
    "−": "-",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "―": "-",
    "×": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "…": "..",
    "‥": "..",
    "¬": "not",
    "∧": "and",
    "∨": "or",
}
_STAND_INS: Final = {"<=": "<", ">=": ">", "!=": "<", "..": ".", "not": "-", "and": "+", "or": "+"}
HIDING: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What makes a text look other than it is: controls of a terminal, and of the order in which characters are shown."""

_AFTER_NUMBER = re.compile(r"[0-9.]+[A-Za-z]*[ \t]*$")
_VALUE_AHEAD = re.compile(rf"[ \t]*(?:[0-9(]|{LETTER}{WORD}*+[ \t]*+(?![={{])|{LETTER}{WORD}*[ \t]*==)")


@dataclass(frozen=True, slots=True)
class Odd:
    """What to say about a character, up to where it reaches, and what stands in for it."""

    code: str
    end: int
    label: str
    help: str
    stand_in: str = " "


def twin_of(character: str) -> str | None:
    """The ASCII spelling of a full-width or typographic character; None for any other."""
    if character in _TWINS:
        return _TWINS[character]
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return None


def hiding(character: str) -> str:
    """What to say about one of HIDING."""
    if character > "\u2000":
        return f"U+{ord(character):04X} changes the order in which characters are shown"
    return f"the control character U+{ord(character):04X}"


def odd_character(text: str, place: int) -> Odd:
    """What to say about a character outside ASCII that no name may hold."""
    character = text[place]
    twin = twin_of(character)
    if twin in (":", ";"):
        meant = ("=", "Write `=` between a name and its value.") if twin == ":" else (" ", "Remove it.")
        return Odd("AC109", place + 1, f"the full-width `{twin}`", meant[1], meant[0])
    if twin is not None:
        ranges = twin == "-" and text[place - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit()
        advice = "Write `..` between the ends of a range, `-` to subtract." if ranges else f"Write `{twin}`."
        return Odd("AC109", place + 1, f"looks like `{twin}`", advice, _STAND_INS.get(twin, twin))
    category = unicodedata.category(character)
    if category == "Zs":
        return Odd("AC109", place + 1, "not the ordinary space", "Write an ordinary space.")
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return Odd("AC109", place + 1, f"stands for `{digit}`", f"Write `{digit}`.", str(digit))
    end = place + 1
    while end < len(text) and text[end] > "\x7f" and not f"a{text[end]}".isidentifier() and twin_of(text[end]) is None:
        end += 1
    if category in ("Cc", "Cf", "Zl", "Zp", "Cn", "Co", "Cs"):
        return Odd("AC110", place + 1, f"the invisible character U+{ord(character):04X}", "Remove it.")
    return Odd("AC110", end, "", "Put it in quotes if it is text; a name holds letters, digits and `_`.")


def odd_ascii(text: str, place: int) -> Odd:
    """What to say about an ASCII character that the language does not use."""
    character = text[place]
    if character == ";":
        return Odd("AC113", place + 1, "", "Remove it; a line break or blanks are enough.")
    if character == ":":
        return _colon(text, place)
    if character == "%":
        return _percent(text, place)
    doubled = place + 2 if text.startswith(character * 2, place) else place + 1
    if character in "&|!~":
        word = {"&": "and", "|": "or", "!": "not", "~": "not"}[character]
        stand_in = "-" if word == "not" else "+"
        return Odd("AC124", doubled if character in "&|" else place + 1, "", f"Write `{word}`.", stand_in)
    if character == "^":
        return Odd("AC124", place + 1, "", "The operators of arithmetic are `+`, `-`, `*` and `/`.", "*")
    if character == "$":
        return Odd(
            "AC110", place + 1, "", 'Write the amount alone; a secret comes from the environment by `env("NAME")`.'
        )
    return Odd("AC110", place + 1, "", "Remove it, or put it in quotes if it is part of a text.")


def _colon(text: str, place: int) -> Odd:
    end = place + 2 if text.startswith("=", place + 1) else place + 1
    before = text[:place].rstrip(" \t")[-1:] if place < 2_000 else text[place - 2_000 : place].rstrip(" \t")[-1:]
    if before and (before.isalnum() or before in '_"'):
        return Odd("AC114", end, "", "Write `=` between a name and its value.", "=")
    return Odd("AC110", end, "", "Remove it, or put it in quotes if it is part of a text.")


def _percent(text: str, place: int) -> Odd:
    number = _AFTER_NUMBER.search(text, max(0, place - 100), place)
    if number and not _VALUE_AHEAD.match(text, place + 1):
        start = number.group().rstrip()
        return Odd("AC121", place + 1, "away from its number", f"Write `{start}%` without a space.")
    advice = "The operators of arithmetic are `+`, `-`, `*` and `/`; `%` is a unit, as in `5%`."
    return Odd("AC124", place + 1, "", advice, "*")

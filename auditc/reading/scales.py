"""Numbered scales: options that are the numbers they are shown under, as 1 to 10; people answer them as marks."""

from __future__ import annotations

import re
import unicodedata

_OUT_OF = re.compile(r"\s*(?:/|out of|of|on a scale (?:of|from) 1 (?:to|-)|\(?,?满分(?:是|为)?)\s*", re.IGNORECASE)
_GIVEN = re.compile(
    r"^[\s(\[*_\"'#]*(?:(?:an?|rating|rate|score|mark|level|it|this|that|about me|of"
    r"|i(?:'d| would|'ll)? (?:give|rate|score|mark|put)|打|给|评|我会|我|会|打分|评分|分数)(?![a-z])[\s:*]*)+(?=\d)",
    re.IGNORECASE,
)
"""Words that lead up to a mark."""


def is_scale(options: tuple[str, ...]) -> bool:
    """Whether at least three options are the numbers 1, 2, … in this order, with or without words: "1 (never)"."""
    starts = (re.match(r"\s*(\d+)(?!\d)", unicodedata.normalize("NFKC", option)) for option in options)
    return len(options) > 2 and all(start and int(start[1]) == place + 1 for place, start in enumerate(starts))


def as_number(answer: str, options: tuple[str, ...]) -> str:
    """An answer on a scale without what makes a mark of its number: "7/10", "7 out of 10", "7分" and "a 7" become "7".

    The mark out of another number than the scale has ("7/5", "3 out of 100") is left as it is.
    """
    last = len(options)
    marked = re.sub(
        rf"(?<![\d.])(\d+)\s*分?{_OUT_OF.pattern}{last}(?!\d|\.\d)\s*分?\)?", r"\1", answer, flags=re.IGNORECASE
    )
    marked = re.sub(r"(?<![\d.])(\d+)\s*(?:分(?!之)|points?\b)", r"\1", marked, flags=re.IGNORECASE)
    return _GIVEN.sub("", marked)

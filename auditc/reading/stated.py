"""What a text states before it explains, and the words that may lead up to a label. Every reader of answers uses it."""

from __future__ import annotations

import re
import unicodedata

from .refusal import plain

EDGES = " \t.。,;:!?\"'“”‘’()[]【】*_-—"
"""What may stand around an answer and is no part of it."""

LEAD = re.compile(
    r"(?:[\s(\[*_\"'#]|(?:option|choice|number|answer|no\.|is|would be|it is|it's|my|the|so|well,"
    r"|i(?:'d| would)? (?:choose|pick|select|say|go with|prefer)"
    r"|选项|选择|选|我会|我|答案|回答|应该|是|为|第)(?![a-z]))*",
    re.IGNORECASE,
)
"""What may stand before a label that answers."""

_EXPLANATION = re.compile(r"explanation\s*:|解释\s*:|理由\s*:|说明\s*:", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-z][a-z0-9]{0,9}\s*/?>", re.IGNORECASE)
_OPENING = re.compile(r"^\s*(?:answer|答案|回答|选择)\s*(?:is|是|为)?\s*:\s*", re.IGNORECASE)


def before_explanation(text: str) -> str:
    """What stands between the words "Answer:" and "Explanation:", without tags, in NFKC: full-width signs
    become plain ones."""
    bare = _MARKUP.sub("", unicodedata.normalize("NFKC", text))
    stated = _OPENING.sub("", bare, count=1)
    return _EXPLANATION.split(stated, maxsplit=1)[0]


def first_line(text: str) -> str:
    """The first line that holds more than signs."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line.strip(EDGES)), "")


def words_of(option: str) -> str:
    """An option's words as they are compared: see `plain`, and nothing around them."""
    return plain(option).strip(EDGES)

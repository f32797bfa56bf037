"""Answers that are none: how publishers write that somebody did not know, did not say or was not asked."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"[;/,:()]| - | or | and ")
_NONE: Final = frozenset(
    [
        "don't know",
        "dont know",
        "do not know",
        "dk",
        "no answer",
        "refused",
        "refused to answer",
        "refusal",
        "missing",
        "other missing",
        "not asked",
        "not asked in survey",
        "not applicable",
        "not applicable for other reasons",
        "inapplicable",
        "not available",
    ]
)
_ASIDE: Final = frozenset(
    ["unknown", "multiple answers mail", "evs", "vol", "vol.", "volunteered", "spontaneous", "do not read"]
)
"""What is added to one of these and says nothing by itself."""


def says_nothing(option: str) -> bool:
    """Whether an option stands for no answer: `DK/Refused`, `"Dont know"`, `Missing; Not available`.

    Every part of it must be known to: `Refused entry` and `Missing persons` are answers, and so is what people came up
    with themselves (`Neither (VOL)`, `Hard to say`).
    """
    plain = option.replace("’", "'").replace("´", "'").casefold()
    parts = [part for found in _PARTS.split(plain) if (part := found.strip(' "'))]
    return bool(parts) and parts[0] in _NONE and all(part in _NONE or part in _ASIDE for part in parts)

"""Text from specs, data and models as it may stand in a page: without control, direction or invisible characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from markupsafe import Markup

_HIDDEN = re.compile(
    "[\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Marks that turn the direction of what follows, and characters that nobody sees."""


def clean(text: str) -> str:
    """`text` without what could hide, reorder or break it; line breaks and tabs stay."""
    if text.isprintable():
        return text  # none of these is
    visible = _HIDDEN.sub("", text)
    return "".join(c for c in visible if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Cn"})


def finalize(value: Any) -> Any:
    """What every expression of a template passes through before it is escaped; markup of ours is left as it is."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def anchor(prefix: str, text: str) -> str:
    """A fragment identifier that needs no escaping anywhere: letters, digits, `.`, `_` and `-`."""
    return prefix + "-" + re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-")


def anchors(prefix: str, texts: list[str]) -> dict[str, str]:
    """One fragment identifier for each text, all different, the same for the same texts."""
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        candidate, n = anchor(prefix, text), 1
        while candidate in taken:
            n += 1
            candidate = f"{anchor(prefix, text)}-{n}"
        taken.add(candidate)
        chosen[text] = candidate
    return chosen

"""Refusals by a versioned list of phrases for each language; what is not on the list is never called a refusal."""

from __future__ import annotations

import functools
import importlib.resources
import unicodedata


@functools.cache
def _phrases(language: str) -> tuple[str, ...]:
    file = importlib.resources.files(__package__) / f"refusals.{language}.txt"
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(plain(line) for line in lines if line.strip() and not line.startswith("#"))


def plain(text: str) -> str:
    """NFKC, lower case, typographic apostrophes made straight, runs of white space made one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())


def is_refusal(text: str, language: str) -> bool:
    """Whether `text` holds a refusal phrase of `language`, or of English, in which models often refuse anyway."""
    words = plain(text)
    return any(phrase in words for known in dict.fromkeys((language, "en")) for phrase in _phrases(known))

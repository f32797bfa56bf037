"""Refusals by a versioned list of phrases for each language; what is not on the list is never called a refusal."""

from __future__ import annotations

import functools
import importlib.resources
import re
import unicodedata


@functools.cache
def _phrases(language: str) -> re.Pattern[str] | None:
    file = importlib.resources.files(__package__) / f"refusals.{language}.txt"
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    phrases = [re.escape(plain(line)) for line in lines if line.strip() and not line.startswith("#")]
    # Where words are parted by spaces a phrase is whole words: "has an aim" does not say "as an ai".
    edge = r"\b" if language == "en" else ""
    return re.compile(f"{edge}(?:{'|'.join(phrases)}){edge}")


def plain(text: str) -> str:
    """NFKC, lower case, typographic apostrophes made straight, runs of white space made one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())


def is_refusal(text: str, language: str, options: tuple[str, ...] = ()) -> bool:
    """Whether `text` holds a refusal phrase of `language`, or of English, in which models often refuse anyway.

    An option's own words are set aside first: who chooses "No answer", where that was shown, has answered.
    """
    words = plain(text)
    for option in sorted((plain(option) for option in options), key=len, reverse=True):
        words = words.replace(option, " ") if option else words
    patterns = (_phrases(known) for known in dict.fromkeys((language, "en")))
    return any(pattern.search(words) for pattern in patterns if pattern is not None)

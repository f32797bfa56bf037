"""Refusals by a versioned list of phrases for each language; what is not on the list is never called a refusal.

In the lists `^` marks a phrase that refuses at the beginning of a text only, and `~` one that does unless the text
begins with an option: "Not much. I'm not able to trust strangers" is an answer.
What stands between slashes is a pattern: who refuses words it in many ways, out of few words.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import unicodedata


@functools.cache
def _phrases(language: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """What refuses wherever it stands, and what refuses only where nothing has been answered yet."""
    file = importlib.resources.files(__package__) / f"refusals.{language}.txt"
    if not file.is_file():
        return None
    always: list[str] = []
    weak: list[str] = []
    first: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        said = line.strip().lstrip("~^")
        if said and not line.startswith("#"):
            kind = first if line.startswith("^") else weak if line.startswith("~") else always
            kind.append(said[1:-1] if said.startswith("/") else re.escape(plain(said)))
    # Where words are parted by spaces a phrase is whole words: "has an aim" does not say "as an ai".
    edge = r"\b" if language == "en" else ""
    begins, anywhere, unanswered = (f"(?:{'|'.join(kind) or '(?!)'}){edge}" for kind in (first, always, weak))
    return re.compile(rf"^\W*{begins}|{edge}{anywhere}"), re.compile(edge + unanswered)


def plain(text: str) -> str:
    """NFKC, lower case, typographic apostrophes made straight, runs of white space made one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())


def is_refusal(text: str, language: str, options: tuple[str, ...] = (), *, answered: bool = False) -> bool:
    """Whether `text` holds a refusal phrase of `language`, or of English, in which models often refuse anyway.

    An option's own words are set aside first: who chooses "No answer", where that was shown, has answered. With
    `answered`, the text begins with an option: then only phrases count that refuse wherever they stand.
    """
    words = plain(text)
    for option in sorted((plain(option) for option in options), key=len, reverse=True):
        words = words.replace(option, " ") if option else words
    for known in dict.fromkeys((language, "en")):
        patterns = _phrases(known)
        if patterns and (patterns[0].search(words) or (not answered and patterns[1].search(words))):
            return True
    return False

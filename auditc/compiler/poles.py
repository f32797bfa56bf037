"""Whether the options of an item stand in the same order in two languages, as far as their words tell.

Figures are compared by position: an item whose Chinese options begin at the other end brings a difference that no
people and no model have. Numbers at the beginning of options tell their order for sure. Words tell it where the
first and the last option plainly say opposite ends ("very" and "not at all", `非常` and `完全不`); of all others
nothing is said.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NO: Final = {
    "en": re.compile(r"\b(?:not?|never|none|nothing|hardly|disagree|oppose|against|bad|worse|dis\w+|un(?!der)\w+)\b"),
    "zh": re.compile(r"不|没|無|无|从未|很少|反对|否|坏|差"),
}
_YES: Final = {
    "en": re.compile(
        r"\b(?:very|strongly|fully|completely|always|often|great deal|a lot|agree|yes|support|good|better)\b"
    ),
    "zh": re.compile(r"非常|十分|完全|很|总是|经常|大量|同意|赞成|支持|是|好|会"),
}
_NUMBER: Final = re.compile(r"\s*\(?(\d+)")


def turned_round(options: dict[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """Two languages in which the options plainly begin at opposite ends, or None."""
    known = {language: end for language, words in options.items() if (end := _begins(words, language))}
    for language, end in known.items():
        for other, its in known.items():
            if language < other and end == -its:
                return language, other
    return None


def _begins(words: tuple[str, ...], language: str) -> int:
    """1 where the first option is the upper end and the last the lower, -1 the other way round, 0 where nobody knows; 2
    and -2 by numbers, which say nothing of what is the upper end."""
    numbers = [_NUMBER.match(unicodedata.normalize("NFKC", word)) for word in words]
    if all(numbers) and len(words) > 2:
        values = [int(number[1]) for number in numbers if number]
        return 2 if values == sorted(values, reverse=True) else -2 if values == sorted(values) else 0
    first, last = (_pole(word, language) for word in (words[0], words[-1]))
    return first if first and last == -first else 0


def _pole(word: str, language: str) -> int:
    if language not in _NO:
        return 0
    plain = unicodedata.normalize("NFKC", word).casefold()
    if _NO[language].search(plain):
        return -1
    return 1 if _YES[language].search(plain) else 0

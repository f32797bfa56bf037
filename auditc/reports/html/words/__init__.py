"""The fixed words of the report, one file for each language; a word that is missing is an error, never a gap."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Words:
    """`words("summary.title")`, `words("count.items", n=3)`: the words of one language by dotted key."""

    language: str
    table: dict[str, str]
    sayings: tuple[tuple[str, re.Pattern[str]], ...] = ()
    """Keys of sentences that the evidence says in English, each with the pattern that knows it; none for English."""

    def __call__(self, key: str, **values: object) -> str:
        """Raises KeyError for a key that the language lacks. `n` equal to 1 takes `key.one` where there is one."""
        if values.get("n") == 1 and f"{key}.one" in self.table:
            key = f"{key}.one"
        return self.table[key].format(**values) if values else self.table[key]

    def known(self, key: str, otherwise: str) -> str:
        """The word, or `otherwise`: for names of things from a shelf that this report has not heard of."""
        return self.table.get(key, otherwise)

    def has(self, key: str) -> bool:
        return key in self.table

    def said(self, text: str) -> tuple[str, str]:
        """A sentence of the evidence in this language, and the language that it is in: English for one not known."""
        for key, pattern in self.sayings:
            match = pattern.fullmatch(text)
            if match:
                values = {k: self.said(v)[0] if k == "inner" else v for k, v in match.groupdict().items()}
                return self.table[key].format(**values), self.table["language.tag"]
        return text, "en"

    def listed(self, parts: Sequence[str]) -> str:
        """`a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return self("list.comma").join(parts[:-1]) + self("list.and") + parts[-1]

    def date(self, text: str) -> str:
        """An ISO date in words; anything else as it is."""
        try:
            day = datetime.fromisoformat(text)
        except ValueError:
            return text
        return self("date.form", day=day.day, month=self(f"date.month.{day.month}"), year=day.year)


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested tables of words as one table with dotted keys."""
    table: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            table |= flat(value, f"{prefix}{key}.")
        else:
            table[prefix + key] = str(value)
    return table


def words(language: str) -> Words:
    """The words of `language`. Raises KeyError for a language that the report is not written in."""
    if language not in LANGUAGES:
        raise KeyError(language)
    table = _read(language)
    if language == "en":
        return Words(language, table)
    known = {key: text for key, text in _read("en").items() if key.startswith("said.")}
    return Words(language, table, tuple((key, _pattern(text)) for key, text in known.items()))


def _read(language: str) -> dict[str, str]:
    return flat(tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8")))


def _pattern(template: str) -> re.Pattern[str]:
    """Matches what `template` can become when its fields are filled in."""
    parts = string.Formatter().parse(template)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in parts))

"""Options in another order in another language, where their words or numbers show it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from auditc.compiler.poles import turned_round

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("en", "zh", "turned"),
    [
        ("Very important|Rather|Not at all", "非常重要|比较重要|完全不重要", False),
        ("Very important|Rather|Not at all", "完全不重要|比较重要|非常重要", True),
        ("Strongly agree|Agree|Disagree|Strongly disagree", "非常不同意|不同意|同意|非常同意", True),
        ("Strongly agree|Agree|Disagree|Strongly disagree", "非常同意|同意|不同意|非常不同意", False),
        ("1 (never)|2|3 (always)", "3（总是）|2|1（从不）", True),
        ("1 (never)|2|3 (always)", "1（从不）|2|3（总是）", False),
        ("Yes|No", "不会|会", True),
        ("Would choose it|Would not choose it", "会选择|不会选择", False),
        ("A town|A village", "乡村|城镇", False),
        ("Often|Sometimes|Never", "从不|有时|经常", True),
    ],
)
def test_opposite_ends_are_noticed_where_the_words_say_so(en: str, zh: str, turned: bool) -> None:
    found = turned_round({"en": tuple(en.split("|")), "zh": tuple(zh.split("|"))})
    assert (found is not None) is turned


def test_no_item_of_an_example_is_suspected() -> None:
    for file in sorted(EXAMPLES.glob("*/items.csv")):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            options = {key[8:]: tuple(words.split("|")) for key, words in row.items() if key.startswith("options.")}
            assert turned_round(options) is None, (file, row["id"])


def test_a_language_without_a_list_of_words_is_left_alone() -> None:
    assert turned_round({"en": ("Yes", "No"), "fr": ("Non", "Oui")}) is None

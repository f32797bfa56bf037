"""Suggestions: only when close, and always the same one."""

from __future__ import annotations

import pytest

from auditc.diagnostics.suggest import distance, suggest

KINDS = ("audit", "claim", "def_survey", "first_token", "model", "persona", "population", "report", "survey")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("modle", "model"),
        ("Model", "model"),
        ("populaton", "population"),
        ("def-survey", "def_survey"),
        ("frist_token", "first_token"),
        ("surveys", "survey"),
        ("perona", "persona"),
        ("x", None),
        ("", None),
        ("citizen", None),
        ("模型", None),
        ("m" * 10_000, None),
    ],
)
def test_suggest(word: str, meant: str | None) -> None:
    assert suggest(word, KINDS) == meant


def test_never_the_word_itself() -> None:
    assert suggest("model", ["model"]) is None


def test_short_words_need_a_letter_in_common() -> None:
    assert suggest("us", ["cn", "uk"]) == "uk"
    assert suggest("a", ["b"]) is None


def test_order_of_candidates_does_not_matter() -> None:
    assert suggest("kla", ["klb", "klc"]) == suggest("kla", ["klc", "klb"]) == "klb"


@pytest.mark.parametrize(("a", "b", "apart"), [("ab", "ba", 1), ("abc", "abc", 0), ("", "abc", 3), ("ca", "abc", 3)])
def test_distance(a: str, b: str, apart: int) -> None:
    assert distance(a, b) == distance(b, a) == apart

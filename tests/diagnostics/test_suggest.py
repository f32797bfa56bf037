"""Suggestions: only when close, and always the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.text("abcd_", max_size=8), st.text("abcd_", max_size=8), st.integers(0, 4))
def test_stopping_early_changes_nothing(a: str, b: str, far: int) -> None:
    assert (distance(a, b, far) > far) == (distance(a, b) > far)


@given(st.text("abc_", min_size=1, max_size=6), st.lists(st.text("abc_", min_size=1, max_size=6), max_size=6))
def test_looking_at_fewer_candidates_changes_nothing(word: str, candidates: list[str]) -> None:
    near = [c for c in sorted(set(candidates)) if c != word and distance(word.replace("-", "_"), c) <= allowed(word, c)]
    close = [c for c in near if distance(word, c) < min(len(word), len(c))]
    best = min(close, key=lambda c: (distance(word, c), c), default=None)
    assert suggest(word, candidates) == best


def allowed(a: str, b: str) -> int:
    return max(1, max(len(a), len(b)) // 3)


def test_very_many_candidates_are_not_looked_at() -> None:
    assert suggest("model", [f"model{i}" for i in range(2_000)]) is None

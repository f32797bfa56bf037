"""What the reader makes of answers to questions where several options may be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditc.reading import label, read_choices

QUALITIES = ("Thrift", "Hard work", "Faith", "Imagination", "Hard work at school")
QUALITIES_ZH = ("节俭", "勤奋", "宗教信仰", "想象力", "在校勤奋")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (" 1, 3 and 5\nExplanation: 2 would be", (0, 2, 4)),
        ("1;3;5.", (0, 2, 4)),
        ("5, 3, 3", (2, 4)),
        ("2", (1,)),
        ("1) Thrift, 3) Faith", (0, 2)),
        ("1. Thrift\n2. Hard work\nExplanation: so", (0, 1)),
        ("- Thrift\n- Faith", (0, 2)),
        ("**1**, **3**", (0, 2)),
        ("Options 1 and 4", (0, 3)),
        ("I choose 1 and 3 because 's", (0, 2)),
        ("1, 3. These matter most", (0, 2)),
        ("1, 3\n\nThese matter most", (0, 2)),
        ("thrift, hard work and faith", (0, 1, 2)),
        ("Hard work at school, Faith", (2, 4)),
        ("Thrift & 3", (0, 2)),
        ("1 (Thrift), 2 (Hard work)", (0, 1)),
        ("１、３", (0, 2)),
    ],
)
def test_a_list_is_read_entry_by_entry(text: str, options: tuple[int, ...]) -> None:
    reading = read_choices(text, QUALITIES, "en", "numbers", 0, 5)
    assert (reading.options, reading.reason, reading.rule) == (options, "answered", "list")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1、3、5", (0, 2, 4)),
        ("1，3和5。解释：因为", (0, 2, 4)),
        ("选项1和选项3", (0, 2)),
        ("第1项、第3项", (0, 2)),
        ("节俭、宗教信仰", (0, 2)),
        ("1. 节俭\n4. 想象力", (0, 3)),
        ("我选择节俭和在校勤奋", (0, 4)),
        ("1、3，因为这很重要", (0, 2)),
    ],
)
def test_lists_in_chinese(text: str, options: tuple[int, ...]) -> None:
    assert read_choices(text, QUALITIES_ZH, "zh", "numbers", 0, 5).options == options


@pytest.mark.parametrize(
    ("text", "language", "options"),
    [
        ("A) Thrift, C) Faith", "en", (0, 2)),
        ("A, C and D", "en", (0, 2, 3)),
        ("(B) and (D)", "en", (1, 3)),
        ("ACD", "zh", (0, 2, 3)),
        ("A、C", "zh", (0, 2)),
        ("ACD", "en", None),
        ("A person needs C", "en", None),
        ("I think so", "en", None),
    ],
)
def test_letters(text: str, language: str, options: tuple[int, ...] | None) -> None:
    shown = QUALITIES_ZH if language == "zh" else QUALITIES
    assert read_choices(text, shown, language, "letters", 0, 5).options == options


@pytest.mark.parametrize(
    ("text", "language", "options", "rule"),
    [
        ("None of these", "en", (), "nothing"),
        ("none.", "en", (), "nothing"),
        ("None of the above\nExplanation: 1", "en", (), "nothing"),
        ("都不选", "zh", (), "nothing"),
        ("以上都不是。", "zh", (), "nothing"),
        ("All of the above", "en", (0, 1, 2, 3, 4), "all"),
        ("全部", "zh", (0, 1, 2, 3, 4), "all"),
        ("None but 1", "en", None, "elsewhere"),
        ("Nothing comes to mind", "en", None, "none"),
    ],
)
def test_none_and_all(text: str, language: str, options: tuple[int, ...] | None, rule: str) -> None:
    shown = QUALITIES_ZH if language == "zh" else QUALITIES
    reading = read_choices(text, shown, language, "numbers", 0, 5)
    assert (reading.options, reading.rule) == (options, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        ("Explanation: 1", "empty"),
        ("1, 2, 3, 4", "too many"),
        ("All of them", "too many"),
        ("1", "too few"),
        ("None", "too few"),
        ("1, 7", "outside"),
        ("1, 0", "outside"),
        ("1 or 3", "conflict"),
        ("1-3", "conflict"),
        ("1 and 2, not 3", "conflict"),
        ("1. Faith, 2. Thrift", "conflict"),
        ("Thrift and faith because Imagination is worse", "conflict"),
        ("1 and 2. 4 is worse", "none"),
        ("As an AI I would say 2", "conflict"),
        ("not 2", "elsewhere"),
        ("2 children and 3 houses", "conflict"),
        ("2 children", "none"),
        ("50% of people", "elsewhere"),
        ("Thrift, and being kind", "none"),
        ("Thrift, Faith. Hard", "none"),
        ("Thrift\n- kindness", "none"),
        ("Both have merit", "none"),
    ],
)
def test_what_is_no_list_is_unparsable_and_never_guessed(text: str, rule: str) -> None:
    reading = read_choices(text, QUALITIES, "en", "numbers", 2, 3)
    assert (reading.options, reading.reason, reading.rule) == (None, "unparsable", rule)


@pytest.mark.parametrize(("text", "language"), [("I cannot answer that.", "en"), ("抱歉，我不能回答。", "zh")])
def test_refusals(text: str, language: str) -> None:
    shown = QUALITIES_ZH if language == "zh" else QUALITIES
    assert read_choices(text, shown, language, "numbers", 0, 5).reason == "refused"


WORDS = "Thrift|hard work|节俭|none|all|of these|都不选|not|or|and|和|Answer:|Explanation:|because|I cannot answer"
PIECES = st.sampled_from([*"0123456789ABC,、.)(-% \n", *WORDS.split("|")])


@given(
    st.one_of(st.text(), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("".join)),
    st.sampled_from([QUALITIES, QUALITIES_ZH, ("1 (never)", "2", "3 (always)"), (), ("", "x")]),
    st.sampled_from(["en", "zh"]),
    st.sampled_from(["letters", "numbers"]),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_any_text_gives_a_reading_within_the_bounds(
    text: str, shown: tuple[str, ...], language: str, labels: str, at_least: int, at_most: int
) -> None:
    reading = read_choices(text, shown, language, labels, at_least, at_most)  # type: ignore[arg-type]
    assert (reading.options is None) == (reading.reason != "answered")
    if reading.options is not None:
        assert list(reading.options) == sorted(set(reading.options))
        assert all(0 <= option < len(shown) for option in reading.options)
        assert at_least <= len(reading.options) <= at_most


@given(st.sets(st.integers(0, 4), min_size=1), st.sampled_from(["letters", "numbers"]), st.booleans())
def test_every_list_that_can_be_chosen_is_read(chosen: set[int], labels: str, worded: bool) -> None:
    named = [label(place, labels) + (f". {QUALITIES[place]}" if worded else "") for place in chosen]  # type: ignore[arg-type]
    text = f" {', '.join(named)}\nExplanation: so"
    assert read_choices(text, QUALITIES, "en", labels, 0, 5).options == tuple(sorted(chosen))  # type: ignore[arg-type]

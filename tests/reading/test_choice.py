"""What the reader of written answers makes of texts that models really write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditc.reading import label, read_choice

AGREE = ("Agree strongly", "Agree", "Disagree")
AGREE_ZH = ("非常同意", "同意", "不同意")
SCALE = ("1 (never)", "2", "3", "4 (always)")


@pytest.mark.parametrize(
    ("text", "option", "rule"),
    [
        (" 2\nExplanation: because", 1, "label"),
        (" 2.", 1, "label"),
        ("2) Agree", 1, "label"),
        ("option 3", 2, "label"),
        ("**1**", 0, "label"),
        ("Answer: 3", 2, "label"),
        ("２。", 1, "label"),
        ("2 2", 1, "label"),
        ("I choose 3", 2, "label"),
        ("My answer is 1", 0, "label"),
        ("Agree (2)", 1, "label"),
        ("Agree. I think so", 1, "words"),
        ("agree strongly", 0, "words"),
        ("\n\n  Disagree\n", 2, "words"),
    ],
)
def test_an_answer_in_the_format_is_read(text: str, option: int, rule: str) -> None:
    reading = read_choice(text, AGREE, "en", "numbers")
    assert (reading.option, reading.reason, reading.rule) == (option, "answered", rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        ("Explanation: 2", "empty"),
        ("1；2；3；1；4", "several"),
        ("1 or 2", "several"),
        ("34", "outside"),
        ("0", "outside"),
        ("-2", "outside"),
        ("2.5", "outside"),
        ("2. Disagree", "conflict"),
        ("As an AI I would say 2", "conflict"),
        ("disagree a lot", "none"),
        ("Both have merit", "none"),
        ("50% of people", "none"),
        ("Neither 1 nor", "elsewhere"),
        ("not 2", "elsewhere"),
        ("I do not choose 1", "elsewhere"),
        ("In 2 days 2 people", "elsewhere"),
        ("Disagree (2)", "conflict"),
    ],
)
def test_what_is_not_a_choice_is_unparsable_and_never_guessed(text: str, rule: str) -> None:
    reading = read_choice(text, AGREE, "en", "numbers")
    assert (reading.option, reading.reason, reading.rule) == (None, "unparsable", rule)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I cannot answer that question.", "en"),
        ("I’m unable to answer", "en"),
        ("As an AI language model, I don't have opinions", "en"),
        ("作为人工智能，我没有个人观点。", "zh"),
        ("抱歉，我不能回答。", "zh"),
        ("I can't choose", "zh"),
    ],
)
def test_a_refusal_is_a_refusal_in_both_languages(text: str, language: str) -> None:
    options = AGREE_ZH if language == "zh" else AGREE
    assert read_choice(text, options, language, "numbers").reason == "refused"


def test_words_that_are_not_refusals() -> None:
    shown = ("Agree", "Disagree", "No answer", "I am not able to say")
    assert read_choice(" 3 (No answer)", shown, "en", "numbers").option == 2
    assert read_choice(" No answer", shown, "en", "numbers").option == 2
    assert read_choice(" 4. I am not able to say", shown, "en", "numbers").option == 3
    assert read_choice(" 2. It has an aim for all", shown, "en", "numbers").option == 1
    assert read_choice(" It has an air of fairness", shown, "en", "numbers").reason == "unparsable"
    assert read_choice(" No answer", AGREE, "en", "numbers").reason == "refused"


@pytest.mark.parametrize("text", ["不是1", "不选2", "大约3年"])
def test_a_chinese_label_where_none_can_answer(text: str) -> None:
    assert read_choice(text, AGREE_ZH, "zh", "numbers").option is None


@pytest.mark.parametrize(
    ("text", "option"),
    [("2。解释：因为", 1), ("选项3", 2), ("３", 2), ("同意。", 1), ("非常同意", 0), ("1、非常同意", 0)],
)
def test_chinese_answers(text: str, option: int) -> None:
    assert read_choice(text, AGREE_ZH, "zh", "numbers").option == option


@pytest.mark.parametrize(
    ("text", "option"),
    [("(B) Agree", 1), ("C", 2), ("A. Agree strongly", 0), ("A", 0), ("(A)", 0), ("I would say B", 1), ("b", None)],
)
def test_letters(text: str, option: int | None) -> None:
    assert read_choice(text, AGREE, "en", "letters").option == option


def test_an_english_article_is_not_the_letter_a() -> None:
    assert read_choice("A person there might agree", AGREE, "en", "letters").option is None


@pytest.mark.parametrize(("text", "option"), [("4 (always)", 3), ("1 (never)", 0), ("3", 2), ("1 (always)", None)])
def test_options_that_hold_numbers(text: str, option: int | None) -> None:
    assert read_choice(text, SCALE, "en", "numbers").option == option


TEN = ("1 (never justified)", *map(str, range(2, 10)), "10 (always justified)")
TEN_ZH = ("1（从不正当）", *map(str, range(2, 10)), "10（总是正当）")


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("7/10", 6),
        ("7 / 10.", 6),
        ("7 out of 10", 6),
        ("7 of 10", 6),
        ("10/10", 9),
        ("a 7", 6),
        ("I would give it a 7", 6),
        ("I'd rate this 7 out of 10", 6),
        ("Rating: 7", 6),
        ("7 points", 6),
        ("7 on a scale of 1 to 10", 6),
        ("10 (always justified)", 9),
        ("7 (7)", 6),
        ("7/5", None),
        ("7 out of 100", None),
        ("7.5/10", None),
        ("7.5", None),
        ("7 or 8 out of 10", None),
        ("7-8", None),
        ("11/10", None),
        ("7%", None),
        ("1 (always justified)", None),
        ("a 7 year old child", None),
    ],
)
def test_a_mark_on_a_scale_is_its_number(text: str, option: int | None) -> None:
    assert read_choice(text, TEN, "en", "numbers").option == option


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("7分", 6),
        ("7分（满分10分）", 6),
        ("我给7分", 6),
        ("我会打7分。", 6),
        ("7/10", 6),
        ("10分", 9),
        ("10（总是正当）", 9),
        ("7到8分", None),
        ("7分之一", None),
        ("7.5分", None),
        ("12分", None),
    ],
)
def test_a_mark_on_a_scale_in_chinese(text: str, option: int | None) -> None:
    assert read_choice(text, TEN_ZH, "zh", "numbers").option == option


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (" 1. Yes\n2. No\n3. Perhaps", "several"),
        (" 1 (so)\n2 (so)", "several"),
        (" 1.\n\nAnswer: 3.", "several"),
        (" 2 (2)\n\nSo much for that.\nAnswer: 3", "several"),
        (" 2 (Disagree entirely)", "conflict"),
        (" 2 (I would disagree)", "conflict"),
        (" 3 (both agree and disagree)", "conflict"),
        (" 1 point", "elsewhere"),
        (" 2nd", "none"),
        (" 3 years from now", "elsewhere"),
    ],
)
def test_what_takes_a_label_back(text: str, rule: str) -> None:
    reading = read_choice(text, AGREE, "en", "numbers")
    assert (reading.option, reading.rule) == (None, rule)


@pytest.mark.parametrize(
    ("text", "option"),
    [
        (" 2. Agree\n\nReasons:\n1. Work\n2. Life", 1),
        (" 2\n1. because", 1),
        (" 2\n\nAnswer: 2", 1),
        (" 2 (Agree)\n\nExplanation: others disagree", 1),
        (" 2 (I agree)", 1),
        (" 2 (so do many)", 1),
        (" <strong>3</strong>", 2),
        (" 3. I'm not able to trust them", 2),
        (" Disagree. I'm not able to trust them", 2),
    ],
)
def test_what_does_not_take_a_label_back(text: str, option: int) -> None:
    assert read_choice(text, AGREE, "en", "numbers").option == option


def test_a_part_of_another_options_words_takes_a_label_back() -> None:
    shown = ("肯定应当", "大概应当", "大概不应当", "肯定不应当")
    assert read_choice("2 (不应当)", shown, "zh", "numbers").rule == "conflict"
    assert read_choice("4 (不应当)", shown, "zh", "numbers").option == 3
    assert read_choice("2 (大概)", shown, "zh", "numbers").option == 1


def test_a_mark_is_none_where_there_is_no_scale() -> None:
    assert read_choice("2/3", AGREE, "en", "numbers").option is None
    assert read_choice("a 2", AGREE, "en", "numbers").option is None


@given(st.text(), st.sampled_from(["en", "zh"]), st.sampled_from(["letters", "numbers"]))
def test_any_text_gives_a_reading(text: str, language: str, labels: str) -> None:
    for options in (AGREE, TEN):
        reading = read_choice(text, options, language, labels)  # type: ignore[arg-type]
        assert (reading.option is None) == (reading.reason != "answered")
        assert reading.option is None or 0 <= reading.option < len(options)


@given(st.integers(0, 8), st.sampled_from(["letters", "numbers"]))
def test_every_label_that_is_shown_reads_as_its_option(position: int, labels: str) -> None:
    options = tuple(
        f"choice number {word}" for word in ("one", "two", "three", "four", "five", "six", "seven", "ten", "x")
    )
    text = label(position, labels)  # type: ignore[arg-type]
    assert read_choice(f" {text}.\nExplanation: so", options, "en", labels).option == position  # type: ignore[arg-type]

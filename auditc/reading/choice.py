"""Reads which of the options a text chooses, when they were shown under letters or numbers.

The answer is what stands before the explanation, on the first line that is not empty; on a numbered scale a mark is a
number (`scales`). The rules, in order; the first
that applies decides, and its name is kept with the reading:

`empty`      nothing stands there.
`conflict`   a label and the words of another option stand together, or a refusal and an answer: unparsable.
`refusal`    a phrase of the refusal list, and no label: refused.
`several`    more than one label: unparsable ("1; 2; 3" is no choice). So is a list that goes on in the next line, and
             "Answer:" once more with another label.
`outside`    a number or a lone letter that was not shown: unparsable.
`elsewhere`  a label, but not where one stands as an answer: unparsable ("not 2", "in 2 days").
`label`      one label that was shown, at the beginning or after words such as "option" or "I choose".
`words`      the words of exactly one option, alone or at the beginning.
`none`       anything else: unparsable.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from auditc.ir.reading import Reading

from .contradictions import answers_again, goes_on, names_another
from .refusal import is_refusal
from .scales import as_number, is_scale
from .stated import EDGES, LEAD, before_explanation, first_line, words_of

Labels = Literal["letters", "numbers"]

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w%]|\.\d)")
_NUMBER_ZH = re.compile(r"(?<![\d.])-?\d+(?:\.\d+)?(?![\d%]|\.\d)")
_COUNTS = re.compile(
    r"\s*(?:(?:years?|months?|weeks?|days?|hours?|minutes?|points?|people|persons?|men|women|children|times|percent|dollars"
    r"|hundred|thousand|million|billion)\b|st\b|nd\b|rd\b|th\b|个|年|月|日|天|岁|人|次|种|倍|元|万|亿|分之)",
    re.IGNORECASE,
)
"""What makes a number one that counts something."""
_LETTER = re.compile(r"(?<![A-Za-z'])([A-Z])(?![A-Za-z'])")


def label(position: int, labels: Labels) -> str:
    """What the option at a 0-based position is shown under: `A`, `B`, … or `1`, `2`, …"""
    return chr(ord("A") + position) if labels == "letters" else str(position + 1)


def read_choice(text: str, options: tuple[str, ...], language: str, labels: Labels) -> Reading:
    """The 0-based position of the option that `text` chooses, out of `options` in the order shown, or a reason.

    Total: any text gives a reading. `text` is what the model wrote after the words it was made to begin with.
    """
    stated = before_explanation(text)
    answer = first_line(stated)
    if labels == "numbers" and is_scale(options):
        answer = as_number(answer, options)
    found = _labels_in(answer, options, language, labels)
    by_words = _by_words(answer, options)
    # Who has answered may say "I'm not able to" of anything; who has not yet says it of answering.
    begun = by_words is not None or (len(set(found)) == 1 and _begins(answer, found[0]))
    if is_refusal(answer, language, options, answered=begun):
        return Reading(None, "unparsable", "conflict") if found or begun else Reading(None, "refused", "refusal")
    if found:
        reading = _by_label(answer, found, by_words, options, labels)
        if reading.option is not None and (goes_on(stated, found[0]) or answers_again(text, found[0])):
            return Reading(None, "unparsable", "several")
        return reading
    if by_words is not None:
        return Reading(by_words, "answered", "words")
    if is_refusal(text[:300], language, options):
        return Reading(None, "refused", "refusal")
    return Reading(None, "unparsable", "none" if answer else "empty")


def _labels_in(answer: str, options: tuple[str, ...], language: str, labels: Labels) -> list[str]:
    """All labels, shown or not, in the order met. An option's own words may hold numbers: they are set aside first."""
    rest = answer
    for option in sorted((unicodedata.normalize("NFKC", o) for o in options), key=len, reverse=True):
        if any(c.isdigit() for c in option) and not option.strip().isdigit():
            rest = rest.replace(option, " " + _leading(option, labels) + " ")
    pattern = _NUMBER_ZH if language == "zh" else _NUMBER
    if labels == "numbers":
        return pattern.findall(rest)
    letters = _LETTER.findall(rest)
    # "A" and "I" are English words: they count only where a label can stand, at the start or in brackets.
    if language == "en":
        letters = [m for m in letters if m not in "AI" or _stands_as_label(rest, m)]
    return letters


def _leading(option: str, labels: Labels) -> str:
    match = re.match(r"\s*(\d+)\b", option)
    return match.group(1) if match and labels == "numbers" else ""


def _stands_as_label(answer: str, letter: str) -> bool:
    start = answer.lstrip("( \t*\"'")
    return bool(re.match(rf"{letter}(?:[).:,]|\s*$)", start)) or f"({letter})" in answer


def _by_label(answer: str, found: list[str], by_words: int | None, options: tuple[str, ...], labels: Labels) -> Reading:
    distinct = set(found)
    if len(distinct) > 1:
        return Reading(None, "unparsable", "several")
    name = distinct.pop()
    shown = {label(position, labels): position for position in range(len(options))}
    position = shown.get(name)
    if position is None:
        return Reading(None, "unparsable", "outside")
    words = by_words
    if _begins(answer, name):
        bare = tuple(_LABEL_EDGE.sub("", option) for option in options)
        if names_another(answer[answer.index(name) + len(name) :], position, bare):
            return Reading(None, "unparsable", "conflict")
        words = _by_words(_LABEL_EDGE.sub("", answer), bare)
    elif by_words is None:
        return Reading(None, "unparsable", "elsewhere")
    if words is not None and words != position:
        return Reading(None, "unparsable", "conflict")
    return Reading(position, "answered", "label")


def _begins(answer: str, name: str) -> bool:
    """Whether a label stands where one answers, and counts nothing."""
    lead = LEAD.match(answer)
    begins = answer[lead.end() if lead else 0 :]
    return begins.startswith(name) and not _COUNTS.match(begins, len(name))


_LABEL_EDGE = re.compile(
    r"^[\s(\[*\"']*(?:option|choice|选项|选择|第)?\s*(?:\d+|[A-Z](?![a-z]))\s*(?:项|个)?[\s)\].。:,、*-]*",
    re.IGNORECASE,
)


def _by_words(answer: str, options: tuple[str, ...]) -> int | None:
    """The option whose words the answer is, or begins with before a stop; the longest wins.

    What goes on without a stop is not that option: "disagree a lot" is no answer where only "disagree" was shown.
    """
    words = words_of(answer)
    known = [(words_of(option), position) for position, option in enumerate(options)]
    for option, position in sorted(known, key=lambda pair: -len(pair[0])):
        after = words[len(option) :].lstrip()[:1]
        if option and words.startswith(option) and (not after or after in EDGES):
            return position
    return None

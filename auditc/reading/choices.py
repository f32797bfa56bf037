"""Reads which of the options a text chooses where several may be chosen: a list of labels, of words, or of both.

The list stands before the explanation and is read entry by entry ("1, 3 and 5", "A) Thrift, C) Faith").
It has to be understood up to its end: what is half a list is no answer. The rules, in order; the first that applies
decides, and its name is kept with the reading:

`empty`      nothing stands there.
`refusal`    a phrase of the refusal list, and no label: refused.
`conflict`   a refusal and a label; a label and the words of another option; another label in the rest.
`nothing`    "none of these", where nothing may be chosen: answered, with no option.
`all`        "all of these": answered, with every option.
`outside`    a number or a letter that was not shown.
`too few`, `too many`  fewer or more options than were asked for.
`list`       the options of the list: answered.
`elsewhere`  a label, but not where a list begins: unparsable ("not 2").
`none`       anything else: unparsable.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from auditc.ir.reading import Choices

from .choice import Labels, label
from .refusal import is_refusal
from .stated import LEAD, before_explanation, first_line

_AND = r"(?:and|plus|also|as well as)\b|以及|还有|和|与|及|跟"
_SEPARATORS = re.compile(rf"(?:[\s,;、。.|/&+)\]*\"'”’」》]|{_AND})*", re.IGNORECASE)
"""What may stand between two entries. "or" is not here: "1 or 3" is not a choice of both."""
_PREFIX = re.compile(
    r"(?:[\s(\[*_\"'“‘「《#]|[-•·]\s|(?:options?|choices?|numbers?|no\.|选项|编号|第)(?![a-z]))*", re.IGNORECASE
)
"""What may stand before an entry."""
_AFTER_WORDS = rf"(?=\s*(?:$|[,;、。.|/&+)\]*\"'”’」》:!\n-]|(?:because|since)\b|{_AND}))"
"""What may follow an option's words: who goes on without a stop has not named that option."""
_AFTER_LABEL = re.compile(r"(?:项|号)?[\s)\].:、*_—-]*")
_NUMBER = re.compile(r"\d+(?![\d%]|\.\d)")
_LETTER = re.compile(r"[A-Z](?![A-Za-z'])")
_LETTERS = re.compile(r"[A-Z]{2,}(?![A-Za-z'])")
_ANY = {"numbers": re.compile(r"(?<![\d.])\d+"), "letters": re.compile(r"(?<![A-Za-z'])[B-HJ-Z](?![A-Za-z'])")}
"""A label wherever it stands. "A" and "I" are English words."""
_STOP = re.compile(r"[.。;!]\s*$")
_BECAUSE = re.compile(r"\s*(?:because|since|as|for|因为|由于)(?![a-z])", re.IGNORECASE)
_THESE = r"of (?:these|those|them|the (?:\w+ )?(?:above|options))"
_NOTHING = {
    "en": re.compile(rf"(?:none|neither|nothing)(?: {_THESE})?", re.IGNORECASE),
    "zh": re.compile(r"(?:以上|这些)?(?:(?:全都|都|什么都|一个[也都]|一项[也都])(?:不选|不是|没有)|都不|无|没有)"),
}
_ALL = {
    "en": re.compile(rf"all (?:\w+ )?{_THESE}|all(?= *[.,;]| *$)", re.IGNORECASE),
    "zh": re.compile(r"(?:以上|这些)?(?:全部(?:都?选择?)?|全选|都选|都是)"),
}


@dataclass(slots=True)
class _List:
    """What was read of a list so far: where it ends, the options, whether words alone named the last, and what is wrong
    with it."""

    at: int
    options: list[int] = field(default_factory=list)
    worded: bool = False
    wrong: str = ""


def read_choices(
    text: str, options: tuple[str, ...], language: str, labels: Labels, at_least: int, at_most: int
) -> Choices:
    """The 0-based positions of the options that `text` chooses, out of `options` in the order shown, or a reason.

    Total: any text gives a reading. `text` is what the model wrote after the words it was made to begin with. Of
    `options` at least `at_least` and at most `at_most` may be chosen; with `at_least` 0, none as well.
    """
    answer = before_explanation(text).strip()
    line = first_line(answer)
    if not line:
        return Choices(None, "refused", "refusal") if is_refusal(text[:300], language, options) else _no("empty")
    lead = LEAD.match(answer)
    read = _list(answer, lead.end() if lead else 0, options, language, labels)
    if is_refusal(line, language, options, answered=bool(read.options)):
        labelled = read.options or _ANY[labels].search(_without(line, options))
        return _no("conflict") if labelled else Choices(None, "refused", "refusal")
    if read.wrong:
        return _no(read.wrong)
    if not read.options:
        return _of_all(line, options, language, labels, at_least, at_most)
    chosen = tuple(sorted(set(read.options)))
    rest = answer[read.at :]
    if _mentions_another(rest.splitlines()[0] if rest else "", chosen, options, labels):
        return _no("conflict")
    if not _ends(answer, rest, read.worded):
        return _no("none")
    return _within(chosen, "list", at_least, at_most)


def _no(rule: str) -> Choices:
    return Choices(None, "unparsable", rule)


def _within(chosen: tuple[int, ...], rule: str, at_least: int, at_most: int) -> Choices:
    if len(chosen) < at_least:
        return _no("too few")
    return _no("too many") if len(chosen) > at_most else Choices(chosen, "answered", rule)


def _of_all(line: str, options: tuple[str, ...], language: str, labels: Labels, at_least: int, at_most: int) -> Choices:
    """No entry begins the answer: it may choose none or all of the options."""
    lead = LEAD.match(line)
    said = line[lead.end() if lead else 0 :]
    if _ANY[labels].search(_without(line, options)):
        return _no("elsewhere")
    for known, rule, chosen in ((_NOTHING, "nothing", ()), (_ALL, "all", tuple(range(len(options))))):
        match = known.get(language, known["en"]).match(said)
        if match and _ends(said, _SEPARATORS.sub("", said[match.end() :], count=1), worded=True):
            return _within(chosen, rule, at_least, at_most)
    return _no("none")


def _list(answer: str, start: int, options: tuple[str, ...], language: str, labels: Labels) -> _List:
    """The entries of the list that begins at `start`, and where it ends."""
    read = _List(start)
    # The longest words first: an option's words may begin with another's.
    worded = sorted(
        ((_pattern(option), place) for place, option in enumerate(options)), key=lambda one: -len(one[0].pattern)
    )
    shown = {label(place, labels): place for place in range(len(options))}
    at = start
    while not read.wrong:
        prefix = _PREFIX.match(answer, at)
        begin = prefix.end() if prefix else at
        end = _entry(answer, begin, read, worded, shown, language, labels)
        if end == begin:
            break
        separators = _SEPARATORS.match(answer, end)
        at = read.at = separators.end() if separators else end
    return read


def _entry(
    answer: str,
    at: int,
    read: _List,
    worded: list[tuple[re.Pattern[str], int]],
    shown: dict[str, int],
    language: str,
    labels: Labels,
) -> int:
    """Takes the entry at `at` into `read` and returns where it ends; `at` itself where none stands there."""
    end, by_words = _words(answer, at, worded)
    if by_words is not None:
        read.options.append(by_words)
        read.worded = True
        return end
    if labels == "letters" and language == "zh" and (run := _LETTERS.match(answer, at)):
        # Exams in Chinese are answered so: "ACD".
        places = [shown.get(letter) for letter in run.group()]
        known = [place for place in places if place is not None]
        if len(known) == len(places) and known == sorted(set(known)):
            read.options += known
            read.worded = False
            return run.end()
        return at
    match = (_NUMBER if labels == "numbers" else _LETTER).match(answer, at)
    if match is None:
        return at
    edge = _AFTER_LABEL.match(answer, match.end())
    end = edge.end() if edge else match.end()
    after, by_words = _words(answer, end, worded)
    name = match.group()
    if language == "en" and name in ("A", "I") and by_words is None and not _as_label(answer, match.end()):
        return at
    place = shown.get(name)
    if place is None:
        read.wrong = "outside"
    elif by_words is not None and by_words != place:
        read.wrong = "conflict"
    else:
        read.options.append(place)
        read.worded = False
        # The sign that ends the list may be the one after its last label: it is left to `_ends`.
        return after if by_words is not None else match.end() + (answer[match.end() : match.end() + 1] in tuple("项号"))
    return at


def _words(answer: str, at: int, worded: list[tuple[re.Pattern[str], int]]) -> tuple[int, int | None]:
    for pattern, place in worded:
        if match := pattern.match(answer, at):
            return match.end(), place
    return at, None


def _pattern(option: str) -> re.Pattern[str]:
    """An option's words, whatever their case and spaces, up to a stop. A bare number or letter is a label, no words."""
    words = unicodedata.normalize("NFKC", option).strip(" .。").split()
    bare = len(words) <= 1 and (not words or words[0].isdigit() or (len(words[0]) == 1 and words[0].isascii()))
    said = r"\s+".join(re.escape(word).replace("'", "['’]") for word in words)
    return re.compile(r"(?!)" if bare else said + _AFTER_WORDS, re.IGNORECASE)


def _as_label(answer: str, end: int) -> bool:
    return bool(re.match(r"[).:,;、*\]]|\s*(?:$|\n|(?:and|plus|&)\b)", answer[end:]))


def _ends(answer: str, rest: str, worded: bool) -> bool:
    """Whether what was read is the whole list: nothing follows, a reason does, or a new line or sentence.

    After words a new sentence on the same line is no end: "Thrift. Hard work" may go on with words not understood.
    """
    before = answer[: len(answer) - len(rest)]
    gap = before[len(before.rstrip(" \t\r\n.。,;!、*)\"'")) :]
    if not rest or "\n" in gap:
        return not re.match(r"[-•*·]\s", rest)
    return bool(_BECAUSE.match(rest)) or (not worded and bool(_STOP.search(gap)))


def _mentions_another(rest: str, chosen: tuple[int, ...], options: tuple[str, ...], labels: Labels) -> bool:
    known = {label(place, labels) for place in chosen}
    if any(name not in known for name in _ANY[labels].findall(rest)):
        return True
    others = (unicodedata.normalize("NFKC", option) for place, option in enumerate(options) if place not in chosen)
    said = (re.escape(option.strip()) for option in others if len(option.strip()) > 1 and not option.strip().isdigit())
    return any(re.search(rf"(?<![A-Za-z]){words}(?![A-Za-z])", rest, re.IGNORECASE) for words in said)


def _without(line: str, options: tuple[str, ...]) -> str:
    for option in sorted(options, key=len, reverse=True):
        line = line.replace(option, " ") if option and not option.strip().isdigit() else line
    return line

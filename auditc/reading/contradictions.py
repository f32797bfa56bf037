"""What takes back a label at the beginning: a list that goes on, a second answer, the words of another option."""

from __future__ import annotations

import re
import unicodedata

from .refusal import plain
from .stated import EDGES, LEAD, words_of

_ENTRY = re.compile(r"[\s*_#\"'(\[]*(\d+|[A-Z](?![A-Za-z']))\s*([.)\],:、(]|(?=\s))")
"""A label at the beginning of a line, and the sign after it."""
_AGAIN = re.compile(r"(?:\banswer|答案|回答)(?: is|是|为)?\s*:", re.IGNORECASE)
_NAMED = re.compile(r"(\d+|[A-Z](?![A-Za-z']))(?![\d%]|\.\d)")
_BRACKETED = re.compile(r"[^\w(]*\(([^)]*)")


def goes_on(text: str, name: str) -> bool:
    """Whether the line after the first one goes on with a list, under another label than `name` and the same sign.

    `text` is what stands before the explanation. A label alone on its line begins no list: nothing says that it does.
    """
    lines = [line for line in text.splitlines() if line.strip(EDGES)]
    entries = [_ENTRY.match(line) for line in lines[:2]]
    if len(entries) < 2 or entries[0] is None or entries[1] is None:
        return False
    return entries[0][1] == name != entries[1][1] and bool(entries[0][2]) and entries[0][2] == entries[1][2]


def answers_again(text: str, name: str) -> bool:
    """Whether "Answer:" stands once more anywhere in `text`, with another label than `name`."""
    normal = unicodedata.normalize("NFKC", text)
    for match in _AGAIN.finditer(normal):
        after = normal[match.end() :].lstrip()
        lead = LEAD.match(after)
        found = _NAMED.match(after, lead.end() if lead else 0)
        if found and found[1] != name:
            return True
    return False


def names_another(after: str, position: int, options: tuple[str, ...]) -> bool:
    """Whether the brackets right after a label say what another option than the one at `position` says.

    `after` is what follows the label. The brackets do where they hold the words of another option ("2 (it would choose
    it)"), or a part of another's words that is no part of its own ("2 (不应当)" where 2 was 大概应当).
    """
    match = _BRACKETED.match(after)
    said = words_of(match[1]) if match else ""
    if not said:
        return False
    known = sorted(((words_of(option), place) for place, option in enumerate(options)), key=lambda one: -len(one[0]))
    rest = said
    for words, place in known:
        if len(words) > 1 and not words.isdigit() and re.search(_whole(words), rest):
            if place != position:
                return True
            rest = re.sub(_whole(words), " ", rest)
    if len(said) < 2 or said.isdigit() or re.search(_whole(said), words_of(options[position])):
        return False
    return any(re.search(_whole(said), words) for words, _ in known)


def _whole(words: str) -> str:
    """Words as they stand in a text: in Latin letters never a piece of a longer word."""
    return rf"(?<![a-z]){re.escape(plain(words))}(?![a-z])"

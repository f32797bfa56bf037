"""The first look at a text: takes comments out, reports what is wrong with single characters, and mends it.

A mended text has the same length as the text it stands for, so that every place in one is the same place in the
other; each mistake is replaced by what was likely meant or by something harmless. The parser therefore goes on past
a full-width comma or an unclosed string, and one run shows them all.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .characters import ASCII_ODD, HIDING, QUOTES, hiding, odd_ascii, odd_character, twin_of
from .notes import Mark, Note, Notes, excerpt
from .strings import string_notes
from .tokens import CLOSERS, LETTER, OPENERS, WORD

_INTERESTING = re.compile(
    rf"""
      (?P<comment>  \#[^\r\n]*)
    | (?P<heredoc>  \"\"\")
    | (?P<string>   "(?:[^"\\\r\n]|\\[^\r\n]?)*"?)
    | (?P<number>   (?<!{WORD})(?<![0-9]\.)[0-9]\w*(?:\.[0-9]\w*)?(?:(?<=[0-9][eE])[+-][0-9]+)?%?)
    | (?P<address>  ://[^\s"]*)
    | (?P<slashes>  //[^\r\n]*)
    | (?P<starred>  /\*)
    | (?P<foreign>  [^\x00-\x7f]+)
    | (?P<odd>      [{re.escape(ASCII_ODD)}]|!(?!=))
    | (?P<control>  [\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+|\r(?!\n))
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:%|[A-Za-z]+)?")
_EXPONENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)[eE]([+-]?[0-9]{1,2})")
_LONGEST_NUMBER: Final = 40
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.]*$")
_BLOCK_AT_MARGIN = re.compile(
    rf'^(?:\}}|{LETTER}{WORD}*(?:[ \t]+[^\s{{}}="]+|[ \t]+"[^"\n]*")?[ \t]*\{{)', re.MULTILINE
)
_REMARK = re.compile(r"[ \t]+#[ \t]")
_ASCII_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
_NOT_BREAKS = re.compile(r"[^\r\n]")


@dataclass(frozen=True, slots=True)
class Mended:
    """A text without comments and without single wrong characters, and where the comments were."""

    text: str
    comments: tuple[tuple[int, int], ...]


def mend(text: str, notes: Notes) -> Mended:
    """Stops early, with the rest as it is, when there are too many mistakes to go on."""
    return _Mender(text, notes).run()


@dataclass(slots=True)
class _Mender:
    text: str
    notes: Notes
    comments: list[tuple[int, int]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    copied: int = 0
    unmatched_star: bool = False
    odd_quotes: bool | None = None
    hides: bool | None = None

    def run(self) -> Mended:
        steps: dict[str | None, Callable[[re.Match[str]], int]] = {
            "comment": self._comment,
            "heredoc": self._heredoc,
            "string": self._string,
            "number": self._number,
            "address": self._address,
            "slashes": self._slashes,
            "starred": self._starred,
            "foreign": self._foreign,
            "odd": self._odd,
            "control": self._control,
        }
        position = 0
        while not self.notes.full and (match := _INTERESTING.search(self.text, position)):
            position = max(steps[match.lastgroup](match), match.start() + 1)
        self.pieces.append(self.text[self.copied :])
        return Mended("".join(self.pieces), tuple(self.comments))

    def _replace(self, start: int, end: int, mended: str) -> int:
        """Puts `mended`, padded with blanks to the same length, in the place of the characters."""
        self.pieces += (self.text[self.copied : start], mended[: end - start].ljust(end - start))
        self.copied = end
        return end

    def _blank(self, start: int, end: int) -> int:
        return self._replace(start, end, _NOT_BREAKS.sub(" ", self.text[start:end]))

    def _note(self, code: str, start: int, end: int, label: str, advice: str) -> None:
        self.notes.add(Note(code, Mark(start, end, label), advice))

    def _look_for_hiding(self, start: int, end: int, advice: str) -> None:
        """Report what makes a text or a comment look other than it is: a spec is read by people, in a diff too."""
        if self.hides is None:
            self.hides = HIDING.search(self.text) is not None
        if self.hides:
            for match in HIDING.finditer(self.text, start, end):
                control = match[0] < "\u2000"
                self._note("AC135", match.start(), match.end(), hiding(match[0]), "Remove it." if control else advice)

    def _line_end(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    def _comment(self, match: re.Match[str]) -> int:
        self._look_for_hiding(*match.span(), "Remove it.")
        self.comments.append((match.start(), match.start() + len(match.group().rstrip())))
        return self._blank(*match.span())

    def _heredoc(self, match: re.Match[str]) -> int:
        start = match.start()
        close = self.text.find('"""', start + 3)
        if close < 0 or (self._odd_quotes() and _BLOCK_AT_MARGIN.search(self.text, start, close)):
            margin = _BLOCK_AT_MARGIN.search(self.text, self._line_end(start))
            end = margin.start() if margin else len(self.text)
            self._note("AC106", start, start + 3, "opened here", 'Write `"""` where the text ends.')
            return self._replace(start, end, '""' + _NOT_BREAKS.sub(" ", self.text[start + 2 : end]))
        end = close + 3
        self._look_for_hiding(start, end, 'Remove it, or write its escape in a text in `"`.')
        if not self.text.startswith('"', end):
            return end
        extra = end + len(self.text[end : end + 3]) - len(self.text[end : end + 3].lstrip('"'))
        self._note("AC107", close, extra, "", 'Begin a new line before the closing `"""`.')
        return self._blank(end, extra)

    def _odd_quotes(self) -> bool:
        """Whether one triple quote of the text is too few: then the first with a block in it is the unclosed one."""
        if self.odd_quotes is None:
            self.odd_quotes = self.text.count('"""') % 2 == 1
        return self.odd_quotes

    def _string(self, match: re.Match[str]) -> int:
        written = match.group()
        start, end = match.span()
        if len(written) > 1 and written.endswith('"') and not _ends_in_escape(written[:-1]):
            for note in string_notes(written, start):
                self.notes.add(note)
            self._look_for_hiding(start, end, "Remove it, or write it as an escape, which can be seen.")
            return end
        remark = _REMARK.search(written)
        written = written[: remark.start()] if remark else written
        body = written[: len(written) - self._code_after(start, written)]
        curly = next((i for i, c in enumerate(body) if i and c in "”“„＂"), None)
        if curly is not None:
            advice = 'Write the straight quote `"` at both ends.'
            self._note("AC109", start + curly, start + curly + 1, "not the quote that opened the text", advice)
            body = written[: curly + 1]
        else:
            self._note(
                "AC105",
                start,
                start + len(body),
                "opened here",
                'Write `"` where the text ends; a text over several lines stands in `"""`.',
            )
        return self._replace(start, start + len(body), _stand_in(len(body)))

    def _code_after(self, start: int, written: str) -> int:
        """How many characters at the end of an unclosed text are code: brackets that its own line left open."""
        tail = written[len(written.rstrip(" \t)]},")) :][-100:]
        opened: list[str] = []
        for character in self.text[max(self.text.rfind("\n", 0, start) + 1, start - 1_000) : start]:
            if character in OPENERS:
                opened.append(character)
            elif character in CLOSERS and opened:
                opened.pop()
        wanted = "".join(OPENERS[character] for character in reversed(opened))
        while tail and not wanted.startswith("".join(c for c in tail if c in CLOSERS)):
            tail = tail[1:]
        return len(tail)

    def _number(self, match: re.Match[str]) -> int:
        written = match.group()
        start, end = match.span()
        if _NUMBER.fullmatch(written) and len(written) <= _LONGEST_NUMBER:
            return end
        self._note("AC120", start, end, "", _number_advice(written))
        return self._replace(start, end, "1" * (end - start))

    def _address(self, match: re.Match[str]) -> int:
        scheme = _SCHEME.search(self.text, max(self.copied, match.start() - 12), match.start())
        start = scheme.start() if scheme else match.start()
        written = self.text[start : match.end()].rstrip(",)]}")
        end = start + len(written)
        self._note("AC130", start, end, "an address", f'Write `"{excerpt(written, 60)}"`.')
        return self._replace(start, end, _stand_in(end - start))

    def _slashes(self, match: re.Match[str]) -> int:
        self._note("AC112", match.start(), match.start() + 2, "", "Write `#` in its place.")
        return self._blank(*match.span())

    def _starred(self, match: re.Match[str]) -> int:
        start = match.start()
        close = -1 if self.unmatched_star else self.text.find("*/", start + 2)
        self.unmatched_star = close < 0
        end = self._line_end(start) if close < 0 else close + 2
        self._note("AC112", start, start + 2, "", "Begin each line of the comment with `#`.")
        return self._blank(start, end)

    def _foreign(self, match: re.Match[str]) -> int:
        """Letters of any script make names; of all else outside ASCII the first character is dealt with here."""
        start, end = match.span()
        after_letter = self._in_name(start)
        run = match.group()
        wrong = 0
        while wrong < len(run) and _may_name(run[wrong], after_letter or wrong > 0):
            wrong += 1
        if wrong == len(run):
            return end
        place = start + wrong
        if run[wrong] in QUOTES:
            return self._quote(place, "AC109")
        if run[wrong] == "\ufeff" and place == 0:  # a byte order mark
            return self._blank(0, 1)
        odd = odd_character(self.text, place)
        self._note(odd.code, place, odd.end, odd.label, odd.help)
        if odd.stand_in == "#":
            return self._blank(place, self._line_end(place))
        return self._replace(place, odd.end, odd.stand_in)

    def _in_name(self, start: int) -> bool:
        """Whether what stands before a character is a name, which a mark may go on, and not a number or a sign."""
        begin = start
        while begin > 0 and self.text[begin - 1] in _ASCII_WORD:
            begin -= 1
        if begin < start and not self.text[begin].isdigit():
            return True
        return begin > 0 and not self.text[begin - 1].isascii() and _may_name(self.text[begin - 1], True)

    def _odd(self, match: re.Match[str]) -> int:
        if match.group() == "'":
            return self._quote(match.start(), "AC111")
        odd = odd_ascii(self.text, match.start())
        self._note(odd.code, match.start(), odd.end, odd.label, odd.help)
        return self._replace(match.start(), odd.end, odd.stand_in)

    def _control(self, match: re.Match[str]) -> int:
        label = f"the control character U+{ord(match.group()[0]):04X}"
        self._note("AC110", match.start(), match.end(), label, "Remove it.")
        return self._blank(*match.span())

    def _quote(self, start: int, code: str) -> int:
        """A text in quotes that are not `"`; or one such quote alone."""
        line_end = self._line_end(start)
        ends = [self.text.find(c, start + 1, line_end) for c in QUOTES[self.text[start]]]
        close = min((place for place in ends if place > 0), default=-1)
        if close < 0:
            sign = self.text[start]
            advice = 'Write the straight quote `"` at both ends of a text.'
            self._note(code, start, start + 1, f"`{sign}`, where code is expected", advice)
            return self._blank(start, start + 1)
        inner = self.text[start + 1 : close]
        self._note(code, start, close + 1, "not straight double quotes", f'Write `"{excerpt(inner)}"`.')
        return self._replace(start, close + 1, f'"{inner.replace(chr(34), " ").replace(chr(92), " ")}"')


def _may_name(character: str, after_letter: bool) -> bool:
    """Whether a name may hold it: a letter of any script, but not the full-width twin of an ASCII character."""
    if twin_of(character) is not None:
        return False
    return (f"a{character}" if after_letter else character).isidentifier()


def _ends_in_escape(written: str) -> bool:
    return (len(written) - len(written.rstrip("\\"))) % 2 == 1


def _stand_in(length: int) -> str:
    return "0" if length < 2 else f'"{"x" * (length - 2)}"'


def _number_advice(written: str) -> str:
    exponent = _EXPONENT.fullmatch(written)
    if exponent and abs(int(exponent[2])) <= 15:
        return f"Write `{_plain(exponent[1], int(exponent[2]))}`; there are no exponents."
    if len(written) > _LONGEST_NUMBER:
        return f"Write at most {_LONGEST_NUMBER} digits."
    if "_" in written and re.fullmatch(r"[0-9][0-9_]*(?:\.[0-9]+)?[A-Za-z%]*", written):
        return f"Write `{written.replace('_', '')}`."
    if re.fullmatch(r"0[xXbBoO][0-9A-Fa-f]+", written):
        return (
            f"Write `{int(written, 0)}`."
            if re.fullmatch(r"0[xX][0-9A-Fa-f]+", written)
            else "Write it in decimal digits."
        )
    return "A number is digits and a unit, as in `20M` or `5%`; a name begins with a letter; text stands in quotes."


def _plain(digits: str, power: int) -> str:
    whole, _, fraction = digits.partition(".")
    moved = whole + fraction
    point = len(whole) + power
    if point <= 0:
        return f"0.{'0' * -point}{moved}"
    if point >= len(moved):
        return moved.ljust(point, "0").lstrip("0") or "0"
    return f"{moved[:point].lstrip('0') or '0'}.{moved[point:]}"

"""The usual slips inside a value: operators, numbers and units, lists, text without quotes, nothing at all."""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import pairwise
from typing import Final

from .notes import Mark
from .situation import TEXTS, VALUES, Situation, Slip, between, note, over, text_over
from .tokens import ARITHMETIC, CLOSERS, COMPARES, OPENERS, UNIT_WORDS, Token

_ENDS: Final = VALUES | {"]", ")", "}"}
# Only these, that a spelling such as `5 a` in a list is a missing comma.
_UNITS: Final = frozenset(
    ("k", "K", "M", "G", "B", "T", "s", "ms", "min", "h", "d", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB")
)


def chain(s: Situation) -> Slip | None:
    """A second comparison or a second `..` where an expression could have ended."""
    sign = s.at(0)
    if s.wants_value or sign.kind not in COMPARES | {".."}:
        return None
    before = _same_expression(s, {sign.kind} if sign.kind == ".." else COMPARES)
    if before is None or "EQUAL" in s.expects:
        return None
    related = Mark(before.start, before.end, "the first one")
    if sign.kind == "..":
        said = note("AC123", sign, "a second `..`", "Write `low..high`, both ends included.", related)
    else:
        said = note("AC122", sign, "a second comparison", "Write `a < b and b < c`.", related)
    return Slip(said, over(sign, "+"))


def _same_expression(s: Situation, signs: Set[str]) -> Token | None:
    """The last of some signs in the expression that parsing stopped in, outside the brackets within it."""
    depth = 0
    for token in reversed(s.tokens[: s.index]):
        if token.kind in CLOSERS:
            depth += 1
        elif token.kind in OPENERS:
            depth -= 1
        if depth < 0 or (depth == 0 and token.kind in ("=", ",")):
            return None
        if depth == 0 and token.kind in signs:
            return token
    return None


def operator(s: Situation) -> Slip | None:
    """Operators of other languages that are two signs here: `<>`, `**`, `//`, `=>`, `==` in the place of `=`."""
    first, second = s.at(-1), s.at(0)
    if second.kind == "==" and s.wants_value and s.in_body:
        return Slip(note("AC114", second, "", "Write `=` between a name and its value."), over(second, "="))
    if second.kind in ARITHMETIC and s.at(1).kind == "=" and s.touching(second, s.at(1)) and not s.wants_value:
        both = Token("", "", second.start, s.at(1).end)
        return Slip(note("AC114", both, "", "Write `=`; a value is given once."), over(both, "="))
    if not s.touching(first, second) or not s.wants_value:
        return None
    pair = first.kind + second.kind
    both = Token("", pair, first.start, second.end)
    if pair == "<>":
        return Slip(note("AC124", both, "", "Write `!=`."), over(both, "!="))
    if pair == "**":
        return Slip(note("AC124", both, "", "The operators of arithmetic are `+`, `-`, `*` and `/`."), over(both, "*"))
    if pair == "...":
        return Slip(note("AC123", both, "three dots", "Write `low..high`, both ends included."), over(both, ".. "))
    if pair in ("=>", "=<", "==="):
        advice = "Write `=` between a name and its value; comparisons are `<=`, `>=` and `==`."
        return Slip(note("AC114", both, "", advice), over(both, "="))
    return None


def unit(s: Situation) -> Slip | None:
    """`20 M`, `10 minutes`: read as a number and the beginning of something else, noticed one to three words later."""
    for back in range(0, 4):
        unit, number = s.at(-back), s.at(-back - 1)
        short = unit.text if unit.text in _UNITS else UNIT_WORDS.get(unit.text.lower())
        if unit.kind != "NAME" or number.kind != "NUMBER" or short is None or not s.together(number, unit):
            continue
        after = s.at(-back + 1)
        if number.text[-1].isdigit() and not s.touching(number, unit) and after.kind not in ("=", "{"):
            both = Token("", "", number.start, unit.end)
            said = note("AC121", both, "", f"Write `{number.text}{short}` without a space.")
            return Slip(said, over(unit, ""))
    return None


def number(s: Situation) -> Slip | None:
    """`.5`, `5.`, `1,000`, `1.2.3`, `5%2`."""
    here, before, after = s.at(0), s.at(-1), s.at(1)
    if here.kind == "." and s.wants_value and after.kind == "NUMBER" and s.touching(here, after):
        both = Token("", "", here.start, after.end)
        return Slip(note("AC120", both, "", f"Write `0.{after.text}`."), over(both, "1" * 40))
    if before.kind == "." and s.at(-2).kind == "NUMBER" and s.touching(s.at(-2), before):
        if here.kind == "NUMBER" and s.touching(before, here):
            both = Token("", "", s.at(-2).start, here.end)
            return Slip(
                note("AC130", both, "neither a number nor a name", f'Write `"{s.written(both)}"`.'), text_over(both)
            )
        both = Token("", "", s.at(-2).start, before.end)
        return Slip(note("AC120", both, "", f"Write `{s.at(-2).text}`."), over(before, ""))
    if (
        here.kind == ","
        and not s.in_list
        and before.kind == "NUMBER"
        and after.kind == "NUMBER"
        and s.touching(here, after)
    ):
        both = Token("", "", before.start, after.end)
        return Slip(note("AC120", both, "", _without_comma(before.text, after.text)), over(both, "1" * 40))
    if here.kind == "=" and s.kinds(-3, -1) == ["NUMBER", ".", "NAME"] and s.touching(s.at(-3), s.at(-2)):
        both = Token("", "", s.at(-3).start, s.at(-2).end)
        return Slip(note("AC120", both, "", f"Write `{s.at(-3).text}`."), over(s.at(-2), ""))
    if here.kind == "NUMBER" and before.kind == "NUMBER" and before.text.endswith("%"):
        sign = Token("", "", before.end - 1, before.end)
        advice = "The operators of arithmetic are `+`, `-`, `*` and `/`; `%` is a unit, as in `5%`."
        return Slip(note("AC124", sign, "", advice), over(sign, "*"))
    return None


def comma(s: Situation) -> Slip | None:
    here, before = s.at(0), s.at(-1)
    if not s.in_list or "COMMA" not in s.expects or here.kind not in VALUES | {"["}:
        return None
    if before.kind not in VALUES | {"]", ")", "}"} or here.text in ("and", "or"):
        return None
    said = note("AC117", here, "a new value", f"Write `,` after `{s.written(before)}`.")
    return Slip(said, between(s, before, here, ","))


def several(s: Situation) -> Slip | None:
    """`of = a, b`, or two texts one after the other."""
    here, before, after = s.at(0), s.at(-1), s.at(1)
    equal = _last_equal(s) if s.in_body and not s.wants_value else None
    if equal is None or before.kind not in _ENDS:
        return None
    if not s.together(s.tokens[equal], s.tokens[equal + 1]):
        return forgotten(s, equal)
    value = [token for token in s.tokens[equal + 1 : s.index] if token.text not in ("and", "or", "not")]
    if any(a.kind in _ENDS and b.kind in VALUES for a, b in pairwise(value)):
        return None  # something else has begun since
    labelled = s.at(2).kind in ("NAME", "STRING") and s.at(3).kind == "{" and s.together(after, s.at(2))
    begins_entry = s.at(2).kind in ("=", "{") or labelled
    if here.kind == "," and after.kind in VALUES | {"["} and not begins_entry:
        second, repairs = after, over(here, "+")
    elif here.kind in TEXTS | {"NUMBER"} and (s.together(before, here) or {before.kind, here.kind} <= TEXTS):
        second, repairs = here, between(s, before, here, "+")
    else:
        return None
    name, first = s.tokens[equal - 1], Token("", "", s.tokens[equal + 1].start, before.end)
    advice = f"Write `{s.written(name)} = [{s.written(first)}, {s.written(second)}]`."
    said = note("AC134", second, "a second value", advice)
    return Slip(said, repairs)


def forgotten(s: Situation, equal: int) -> Slip:
    """An `=` at the end of its line, and the next attribute or block after it."""
    sign, name = s.tokens[equal], s.tokens[equal - 1]
    said = note("AC116", sign, "nothing follows on this line", f"Write a value after `{s.written(name)} =`.")
    return Slip(said, between(s, sign, s.tokens[equal + 1], "0"))


def _last_equal(s: Situation) -> int | None:
    """Where the attribute begins its value that parsing stopped behind."""
    depth = 0
    for index in range(s.index - 1, 0, -1):
        kind = s.tokens[index].kind
        depth += (kind in CLOSERS) - (kind in OPENERS)
        if depth < 0:
            return None
        if depth == 0 and kind == "=":
            return index
    return None


def group(s: Situation) -> Slip | None:
    """`x = ("a.csv", by = b)`: parentheses with arguments, and no function before them."""
    here = s.at(0)
    if s.enclosing is None or s.enclosing.kind != "(" or "COMMA" in s.expects or here.kind not in (",", "="):
        return None
    advice = "Write the name of a function before `(`, or `[ ]` round a list."
    return Slip(note("AC101", here, "parentheses alone hold one value", advice))


def missing(s: Situation) -> Slip | None:
    """Nothing where a value should be."""
    here, before = s.at(0), s.at(-1)
    if not s.wants_value or before.start < 0:
        return None
    if before.kind in ("(", "[", ",") and here.kind == ",":
        return Slip(note("AC116", here, "nothing before it", "Write a value, or remove the comma."), over(here, " "))
    if before.kind == "=" or before.kind in COMPARES | ARITHMETIC | {"..", "("} or before.text in ("not", "and", "or"):
        of = f"{s.written(s.at(-2))} =" if before.kind == "=" and s.at(-2).kind == "NAME" else before.text
        said = note("AC116", before, "nothing follows", f"Write a value after `{of}`.")
        return Slip(said, between(s, before, here, "0"))
    return None


def prose(s: Situation) -> Slip | None:
    """`title = Values across cultures`: words after the first read as a new block."""
    end = s.index if s.at(0).kind == "NAME" and s.together(s.at(-1), s.at(0)) else s.index - 1
    first = end
    while (
        first > 0
        and end - first < 12
        and s.tokens[first - 1].kind in ("NAME", "NUMBER")
        and s.together(s.tokens[first - 1], s.tokens[end])
    ):
        first -= 1
    if end >= len(s.tokens) or end - first < 1 or first < 2 or s.tokens[first - 1].kind != "=":
        return None
    equal, name = s.tokens[first - 1], s.tokens[first - 2]
    if not s.together(equal, s.tokens[first]) or s.tokens[end].kind not in ("NAME", "NUMBER"):
        return None
    last = end
    while (
        last + 1 < len(s.tokens)
        and s.tokens[last + 1].kind in ("NAME", "NUMBER")
        and s.together(s.tokens[first], s.tokens[last + 1])
    ):
        last += 1
    if last + 1 < len(s.tokens) and s.tokens[last + 1].kind in ("=", "{", "STRING", ".."):
        return None
    words = Token("", "", s.tokens[first].start, s.tokens[last].end)
    said = note("AC130", words, "", f'Write `{s.written(name)} = "{s.written(words)}"`.')
    return Slip(said, text_over(words))


def _without_comma(whole: str, rest: str) -> str:
    """What to write for `20,000` and for `0,85`: a comma may part thousands, or stand for the decimal point."""
    digits = re.match(r"[0-9]*", rest)
    if digits and len(digits[0]) == 3 and not whole.startswith("0"):
        return f"Write `{whole}{rest}`; for a fraction `{whole}.{rest}`, with a point."
    return f"Write `{whole}.{rest}`: a fraction has a point."

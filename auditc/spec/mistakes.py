"""The usual slips of grammar, each recognised by what stands round the place where parsing stops.

Most slips are noticed a word or more after they were made, so the rules look back as well as at the place itself.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Final

from .notes import Mark, Note
from .situation import VALUES, Situation, Slip, between, note, over, text_over
from .tokens import CLOSERS, OPENERS, RESERVED, Token

_COMPARES: Final = frozenset({"<", ">", "<=", ">=", "==", "!="})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/"})
_TEXTS: Final = frozenset({"STRING", "HEREDOC"})
# Only these, that a spelling such as `5 a` in a list is a missing comma.
_UNITS: Final = frozenset(
    ("k", "K", "M", "G", "B", "T", "s", "ms", "min", "h", "d", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB")
)


_Rule = Callable[[Situation], "Slip | None"]


def explain(situation: Situation) -> Slip:
    """The first rule that knows the situation speaks; the last one always does."""
    for rule in _RULES:
        slip = rule(situation)
        if slip is not None:
            return slip
    return _unexpected(situation)


def _import(s: Situation) -> Slip | None:
    begin = max((i for i in range(max(0, s.index - 3), s.index) if s.tokens[i].text == "import"), default=-1)
    advice = 'Write `import "file.audit" as name`, at the beginning of a line.'
    if s.enclosing is None and begin >= 0 and s.tokens[begin].kind == "NAME" and "EQUAL" not in s.expects:
        return Slip(note("AC128", s.tokens[begin], "", advice))
    if s.in_body and s.kinds(-2, -1) == ["NAME", "STRING"] and s.at(-2).text == "import":
        return Slip(note("AC129", s.at(-2), "inside a block", "Move the import out of the block."))
    return None


def _reserved(s: Situation) -> Slip | None:
    """`on = 3` inside parentheses or after a value or a block, where the word is read as itself."""
    word = s.at(0) if s.at(1).kind == "=" and not s.wants_value else s.at(-1)
    if "=" not in (s.at(0).kind, s.at(1).kind) or word.kind != "NAME" or word.text not in RESERVED:
        return None
    said = note("AC125", word, "a word of the language", f"Choose another name, such as `{word.text}_`.")
    return Slip(said, over(word, "_" * len(word.text)))


def _chain(s: Situation) -> Slip | None:
    """A second comparison or a second `..` where an expression could have ended."""
    sign = s.at(0)
    if s.wants_value or sign.kind not in _COMPARES | {".."}:
        return None
    before = _same_expression(s, {sign.kind} if sign.kind == ".." else _COMPARES)
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


def _operator(s: Situation) -> Slip | None:
    """Operators of other languages that are two signs here: `<>`, `**`, `//`, `=>`, `==` in the place of `=`."""
    first, second = s.at(-1), s.at(0)
    if second.kind == "==" and s.wants_value and s.in_body:
        return Slip(note("AC114", second, "", "Write `=` between a name and its value."), over(second, "="))
    if second.kind in _ARITHMETIC and s.at(1).kind == "=" and s.touching(second, s.at(1)) and not s.wants_value:
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


def _unit(s: Situation) -> Slip | None:
    """`20 M`: read as a number and the beginning of something else, noticed one to three words later."""
    for back in range(0, 4):
        unit, number = s.at(-back), s.at(-back - 1)
        if unit.kind != "NAME" or number.kind != "NUMBER" or unit.text not in _UNITS or not s.together(number, unit):
            continue
        after = s.at(-back + 1)
        if number.text[-1].isdigit() and not s.touching(number, unit) and after.kind not in ("=", "{"):
            both = Token("", "", number.start, unit.end)
            said = note("AC121", both, "", f"Write `{number.text}{unit.text}` without a space.")
            return Slip(said, over(unit, ""))
    return None


def _number(s: Situation) -> Slip | None:
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
        return Slip(note("AC120", both, "", f"Write `{before.text}{after.text}`."), over(both, "1" * 40))
    if here.kind == "=" and s.kinds(-3, -1) == ["NUMBER", ".", "NAME"] and s.touching(s.at(-3), s.at(-2)):
        both = Token("", "", s.at(-3).start, s.at(-2).end)
        return Slip(note("AC120", both, "", f"Write `{s.at(-3).text}`."), over(s.at(-2), ""))
    if here.kind == "NUMBER" and before.kind == "NUMBER" and before.text.endswith("%"):
        sign = Token("", "", before.end - 1, before.end)
        advice = "The operators of arithmetic are `+`, `-`, `*` and `/`; `%` is a unit, as in `5%`."
        return Slip(note("AC124", sign, "", advice), over(sign, "*"))
    return None


def _comma(s: Situation) -> Slip | None:
    here, before = s.at(0), s.at(-1)
    if not s.in_list or "COMMA" not in s.expects or here.kind not in VALUES | {"["}:
        return None
    if before.kind not in VALUES | {"]", ")", "}"} or here.text in ("and", "or"):
        return None
    said = note("AC117", here, "a new value", f"Write `,` after `{s.written(before)}`.")
    return Slip(said, between(s, before, here, ","))


def _several(s: Situation) -> Slip | None:
    """`of = a, b`, or two texts one after the other."""
    here, before, after = s.at(0), s.at(-1), s.at(1)
    equal = _last_equal(s) if s.in_body and not s.wants_value else None
    if equal is None or before.kind not in VALUES | {"]", ")", "}"}:
        return None
    begins_entry = s.at(2).kind in ("=", "{") or (s.at(2).kind in ("NAME", "STRING") and s.at(3).kind == "{")
    if here.kind == "," and after.kind in VALUES | {"["} and not begins_entry:
        second, repairs = after, over(here, "+")
    elif here.kind in _TEXTS | {"NUMBER"} and s.together(before, here):
        second, repairs = here, between(s, before, here, "+")
    else:
        return None
    name, first = s.tokens[equal - 1], Token("", "", s.tokens[equal + 1].start, before.end)
    advice = f"Write `{s.written(name)} = [{s.written(first)}, {s.written(second)}]`."
    said = note("AC134", second, "a second value", advice)
    return Slip(said, repairs)


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


def _separator(s: Situation) -> Slip | None:
    here, before = s.at(0), s.at(-1)
    if here.kind != "," or s.in_list or s.wants_value:
        return None
    if before.kind == "NAME" and {"EQUAL", "LBRACE"} & s.expects and s.at(-2).kind != "=":
        return None
    return Slip(note("AC113", here, "", "Remove it; a line break or blanks are enough."), over(here, " "))


def _quoted_name(s: Situation) -> Slip | None:
    name = s.at(0)
    if name.kind != "STRING" or s.at(1).kind != "=" or s.wants_value or s.in_list:
        return None
    bare = name.text.strip('"')
    advice = f"Write `{bare} =`." if bare.isidentifier() else "Write a name of letters, digits and `_`."
    return Slip(note("AC131", name, "", advice), over(name, "_" * (name.end - name.start)))


def _at_equal(s: Situation) -> Slip | None:
    """An `=` in the wrong place."""
    here, name, before = s.at(0), s.at(-1), s.at(-2)
    if here.kind != "=":
        return None
    if name.kind != "NAME":
        if name.kind in ("NUMBER", "STRING", "]", ")") and not s.wants_value:
            return Slip(note("AC132", here, "", "Write `==` to compare."), over(here, "+"))
        return None
    if s.at(1).kind == ">" and s.touching(here, s.at(1)):
        both = Token("", "", here.start, s.at(1).end)
        return Slip(note("AC124", both, "", "Write `>=`."), over(both, ">="))
    if before.kind == "=":
        if s.together(before, name):
            return Slip(note("AC132", here, "a second `=`", "Write `==` to compare."), over(here, "+"))
        advice = f"Write a value after `{s.written(s.at(-3))} =`."
        return Slip(note("AC116", before, "nothing follows on this line", advice), between(s, before, name, "0"))
    if before.kind in _COMPARES | _ARITHMETIC | {"..", ","} and s.in_body:
        return Slip(
            note("AC116", before, "nothing follows", f"Write a value after `{before.text}`."),
            between(s, before, name, "0"),
        )
    if s.enclosing is None and before.kind != "NAME":
        advice = f"Write it inside a block: `kind name {{ {s.written(name)} = ... }}`."
        return Slip(note("AC129", name, "an attribute outside a block", advice))
    if before.kind == "NAME" and s.together(before, name):
        both = Token("", "", before.start, name.end)
        advice = f"Write `{before.text}_{name.text}`, if this is one name."
        return Slip(note("AC133", both, "", advice), over(both, "_" * (both.end - both.start)))
    if before.kind == "NAME":
        return Slip(
            note("AC115", before, "neither `=` nor a block follows", f"Write `{before.text} = ...`."),
            over(before, ""),
        )
    return None


def _at_brace(s: Situation) -> Slip | None:
    """A `{` without its kind, and templates outside of texts."""
    here, before = s.at(0), s.at(-1)
    if here.kind != "{":
        return None
    if s.at(1).kind == "{" and s.touching(here, s.at(1)):
        both = Token("", "", here.start, s.at(1).end)
        return Slip(note("AC130", both, "a template outside a text", 'Write it in quotes: `"{{ ... }}"`.'))
    if before.kind == "=":
        name = s.written(s.at(-2))
        advice = f"Write `{name} = kind {{ ... }}`, or the block `{name} {{ ... }}`."
        return Slip(note("AC119", here, "no kind before it", advice), over(before, " "))
    if s.wants_value:
        return Slip(note("AC119", here, "no kind before it", "Write `kind { ... }`."))
    if before.kind in ("", "{", "}"):
        return Slip(note("AC119", here, "no kind before it", "Write the kind of the block before its `{`."))
    return None


def _value(s: Situation) -> Slip | None:
    """Nothing where a value should be."""
    here, before = s.at(0), s.at(-1)
    if not s.wants_value or before.start < 0:
        return None
    if before.kind in ("(", "[", ",") and here.kind == ",":
        return Slip(note("AC116", here, "nothing before it", "Write a value, or remove the comma."), over(here, " "))
    if (
        before.kind == "="
        or before.kind in _COMPARES | _ARITHMETIC | {"..", "("}
        or before.text in ("not", "and", "or")
    ):
        of = f"{s.written(s.at(-2))} =" if before.kind == "=" and s.at(-2).kind == "NAME" else before.text
        said = note("AC116", before, "nothing follows", f"Write a value after `{of}`.")
        return Slip(said, between(s, before, here, "0"))
    return None


def _prose(s: Situation) -> Slip | None:
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


def _unfinished(s: Situation) -> Slip | None:
    """A kind, or a kind and its label, and then neither `=` nor `{`."""
    here, last, before = s.at(0), s.at(-1), s.at(-2)
    if not {"LBRACE", "DOTS"} & s.expects:
        return None
    labelled = last.kind in ("NAME", "STRING", "NUMBER") and before.kind == "NAME" and "EQUAL" not in s.expects
    head = before if labelled else last
    if labelled and here.kind in ("NAME", "STRING") and s.at(1).kind == "{" and s.together(last, here):
        words = Token("", "", last.start, here.end)
        advice = f"Give the block one name, such as `{head.text} {_joined(last)}_{_joined(here)} {{`."
        return Slip(note("AC133", words, "two names", advice), over(words, "_" * (words.end - words.start)))
    leading = s.at(-3) if labelled else before
    if head.kind != "NAME" or leading.kind in _COMPARES | _ARITHMETIC | {"=", "..", ".", ",", "(", "["}:
        return None
    both = Token("", "", head.start, last.end)
    if s.enclosing is None:
        said = note("AC118", both, "no `{` follows", f"Write `{s.written(both)} {{ ... }}`.")
        return Slip(said)
    if not labelled and here.kind in VALUES | {"[", "(", "-"}:
        advice = (
            f"Write `{s.written(last)} = {s.written(here)}`."
            if here.kind in VALUES
            else f"Write `=` after `{last.text}`."
        )
        return Slip(note("AC115", last, "no `=` follows", advice), between(s, last, here, "="))
    if last.kind == "NUMBER" and here.kind == "{":
        advice = f"Write a range such as `{head.text} 1..5 {{`, a name, or a text in quotes."
        return Slip(note("AC101", last, "a number as a name", advice), over(last, "_" * (last.end - last.start)))
    if labelled and last.kind in ("STRING", "NUMBER"):
        advice = f"Write `{head.text} = {s.written(last)}`."
        return Slip(note("AC115", head, "no `=` follows", advice), between(s, head, last, "="))
    if labelled and s.together(before, last):
        advice = f"Write `{head.text} = {last.text}`, or `{head.text} {last.text} {{ }}` for a block."
        return Slip(note("AC115", head, "no `=` follows", advice), between(s, head, last, "="))
    advice = f"Write `{head.text} = ...`, or `{head.text} {{ }}` for a block."
    return Slip(note("AC115", head, "neither `=` nor a block follows", advice), over(head, ""))


def _joined(token: Token) -> str:
    return "_".join(token.text.strip('"').split()) or "name"


def _unexpected(s: Situation) -> Slip:
    here, last = s.at(0), s.at(-1)
    if last.start >= 0 and not s.together(last, here) and (s.wants_value or s.expects == {"NAME"}):
        return Slip(note("AC101", last, "something has to follow on this line", _wanted(s)))
    if here.start < 0:
        mark = Mark(last.start, last.end, "the text ends after this") if last.start >= 0 else Mark(0, 0)
        return Slip(Note("AC101", mark, _wanted(s)))
    return Slip(note("AC101", here, f"`{s.written(here)}` does not belong here", _wanted(s)))


def _wanted(s: Situation) -> str:
    """What the grammar would take, in an author's words."""
    if s.expects == {"NAME"}:
        return "Write a name: letters, digits and `_`, beginning with a letter."
    if s.wants_value:
        return "Write a value: a number, a text in quotes, a name, a list in `[ ]`, `on` or `off`."
    if "EQUAL" in s.expects and "LBRACE" in s.expects:
        return "After a name comes `= value` or, for a block, `{ ... }`."
    if "LBRACE" in s.expects:
        return "A block goes on with `{ ... }`."
    if s.in_list and s.enclosing is not None:
        more = "`,` and another value" if "COMMA" in s.expects else "an operator"
        return f"Write {more}, or `{OPENERS[s.enclosing.kind]}`."
    if s.expects == {"DOTS"}:
        return "Write a range as `1..5`."
    if s.in_body:
        return "Write an attribute `name = value`, a block `kind name { ... }`, or `}`."
    return "Write a block `kind name { ... }`, or an import."


_RULES: Final[tuple[_Rule, ...]] = (
    _import,
    _reserved,
    _chain,
    _operator,
    _unit,
    _number,
    _comma,
    _several,
    _separator,
    _quoted_name,
    _at_equal,
    _at_brace,
    _value,
    _prose,
    _unfinished,
)

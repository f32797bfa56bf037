"""The usual slips of grammar, each recognised by what stands round the place where parsing stops.

A slip is a note and, where the text can be mended at no change of length, the repairs that let parsing go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .notes import Mark, Note, excerpt
from .tokens import CLOSERS, OPENERS, RESERVED, Token, same_line

_END: Final = Token("", "", -1, -1)
_COMPARES: Final = frozenset({"<", ">", "<=", ">=", "==", "!="})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/"})
_VALUES: Final = frozenset({"NAME", "NUMBER", "STRING", "HEREDOC"})
_TEXTS: Final = frozenset({"STRING", "HEREDOC"})
# Only these, that a spelling such as `5 a` in a list is a missing comma.
_UNITS: Final = frozenset(
    ("k", "K", "M", "G", "B", "T", "s", "ms", "min", "h", "d", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB")
)


@dataclass(frozen=True, slots=True)
class Situation:
    """Where parsing stopped: at `tokens[index]`, or at the end; what the grammar would have taken there."""

    text: str
    tokens: list[Token]
    index: int
    expects: frozenset[str]
    enclosing: Token | None = field(init=False)

    def __post_init__(self) -> None:
        stack: list[Token] = []
        for token in self.tokens[: self.index]:
            if token.kind in OPENERS:
                stack.append(token)
            elif token.kind in CLOSERS and stack:
                stack.pop()
        object.__setattr__(self, "enclosing", stack[-1] if stack else None)

    def at(self, offset: int) -> Token:
        """The token so many places from where parsing stopped; an empty one beyond the ends."""
        place = self.index + offset
        return self.tokens[place] if 0 <= place < len(self.tokens) else _END

    def kinds(self, first: int, last: int) -> list[str]:
        return [self.at(offset).kind for offset in range(first, last + 1)]

    def written(self, token: Token) -> str:
        return excerpt(self.text[token.start : token.end])

    def together(self, a: Token, b: Token) -> bool:
        """Whether two tokens stand on one line."""
        return a.start >= 0 and b.start >= 0 and same_line(self.text, a.start, b.start)

    def touching(self, a: Token, b: Token) -> bool:
        return a.end == b.start

    @property
    def wants_value(self) -> bool:
        return "NUMBER" in self.expects and "LSQUARE" in self.expects

    @property
    def in_list(self) -> bool:
        return self.enclosing is not None and self.enclosing.kind in ("[", "(")

    @property
    def in_body(self) -> bool:
        return self.enclosing is not None and self.enclosing.kind == "{"


@dataclass(frozen=True, slots=True)
class Slip:
    """What to say, and what to write over the text so that parsing can go on: places and text of the same length."""

    note: Note
    repairs: tuple[tuple[int, str], ...] = ()


_Rule = Callable[[Situation], "Slip | None"]


def explain(situation: Situation) -> Slip:
    """The first rule that knows the situation speaks; the last one always does."""
    for rule in _RULES:
        slip = rule(situation)
        if slip is not None:
            return slip
    return _unexpected(situation)


def _note(code: str, token: Token, label: str, advice: str, *related: Mark) -> Note:
    return Note(code, Mark(token.start, token.end, label), advice, related)


def _over(token: Token, text: str) -> tuple[tuple[int, str], ...]:
    return ((token.start, text[: token.end - token.start].ljust(token.end - token.start)),)


def _between(situation: Situation, a: Token, b: Token, sign: str) -> tuple[tuple[int, str], ...]:
    """Writes a sign into the blank after a token, if there is one."""
    free = a.end < b.start if b.start >= 0 else situation.text[a.end : a.end + 1].isspace()
    return ((a.end, sign),) if free else ()


def _import(s: Situation) -> Slip | None:
    begin = max((i for i in range(max(0, s.index - 3), s.index) if s.tokens[i].text == "import"), default=-1)
    advice = 'Write `import "file.audit" as name`, at the beginning of a line.'
    if s.enclosing is None and begin >= 0 and s.tokens[begin].kind == "NAME" and "EQUAL" not in s.expects:
        return Slip(_note("AC128", s.tokens[begin], "", advice))
    if s.in_body and s.kinds(-2, -1) == ["NAME", "STRING"] and s.at(-2).text == "import":
        return Slip(_note("AC129", s.at(-2), "inside a block", "Move the import out of the block."))
    return None


def _reserved(s: Situation) -> Slip | None:
    """`on = 3` inside parentheses or after a value, where the word is read as itself."""
    word = s.at(-1)
    if s.at(0).kind != "=" or word.kind != "NAME" or word.text not in RESERVED:
        return None
    note = _note("AC125", word, "a word of the language", f"Choose another name, such as `{word.text}_`.")
    return Slip(note, _over(word, "_" * len(word.text)))


def _chain(s: Situation) -> Slip | None:
    """A second comparison or a second `..` where an expression could have ended."""
    sign = s.at(0)
    if s.wants_value or sign.kind not in _COMPARES | {".."}:
        return None
    if sign.kind == "==" and "EQUAL" in s.expects:
        return Slip(_note("AC114", sign, "", "Write `=` between a name and its value."), _over(sign, "="))
    signs = {sign.kind} if sign.kind == ".." else _COMPARES
    before = [t for t in s.tokens[max(0, s.index - 40) : s.index] if t.kind in signs]
    if not before or not {"PLUS", "TIMES"} & s.expects:
        return None
    related = Mark(before[-1].start, before[-1].end, "the first one")
    if sign.kind == "..":
        note = _note("AC123", sign, "a second `..`", "Write `low..high`, both ends included.", related)
    else:
        note = _note("AC122", sign, "a second comparison", "Write `a < b and b < c`.", related)
    return Slip(note, _over(sign, "+"))


def _operator(s: Situation) -> Slip | None:
    """Operators of other languages that are two signs here: `<>`, `**`, `//`, `=>`, `==` in the place of `=`."""
    first, second = s.at(-1), s.at(0)
    if not s.touching(first, second) or not s.wants_value:
        return None
    pair = first.kind + second.kind
    both = Token("", pair, first.start, second.end)
    if pair == "<>":
        return Slip(_note("AC124", both, "", "Write `!=`."), _over(both, "!="))
    if pair == "**":
        return Slip(
            _note("AC124", both, "", "The operators of arithmetic are `+`, `-`, `*` and `/`."), _over(both, "*")
        )
    if pair in ("=>", "=<", "==="):
        advice = "Write `=` between a name and its value; comparisons are `<=`, `>=` and `==`."
        return Slip(_note("AC114", both, "", advice), _over(both, "="))
    if pair in ("+=", "-=", "*=", "/="):
        return Slip(_note("AC114", both, "", "Write `=`; a value is given once."), _over(both, "="))
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
            note = _note("AC121", both, "", f"Write `{number.text}{unit.text}` without a space.")
            return Slip(note, _over(unit, ""))
    return None


def _number(s: Situation) -> Slip | None:
    """`.5`, `5.`, `1,000`, `1.2.3`, `5%2`."""
    here, before, after = s.at(0), s.at(-1), s.at(1)
    if here.kind == "." and s.wants_value and after.kind == "NUMBER" and s.touching(here, after):
        both = Token("", "", here.start, after.end)
        return Slip(_note("AC120", both, "", f"Write `0.{after.text}`."), _over(both, "1" * 40))
    if before.kind == "." and s.at(-2).kind == "NUMBER" and s.touching(s.at(-2), before):
        if here.kind == "NUMBER" and s.touching(before, here):
            both = Token("", "", s.at(-2).start, here.end)
            return Slip(
                _note("AC130", both, "neither a number nor a name", f'Write `"{s.written(both)}"`.'), _text_over(both)
            )
        both = Token("", "", s.at(-2).start, before.end)
        return Slip(_note("AC120", both, "", f"Write `{s.at(-2).text}`."), _over(before, ""))
    if (
        here.kind == ","
        and not s.in_list
        and before.kind == "NUMBER"
        and after.kind == "NUMBER"
        and s.touching(here, after)
    ):
        both = Token("", "", before.start, after.end)
        return Slip(_note("AC120", both, "", f"Write `{before.text}{after.text}`."), _over(both, "1" * 40))
    if here.kind == "NUMBER" and before.kind == "NUMBER" and before.text.endswith("%"):
        sign = Token("", "", before.end - 1, before.end)
        advice = "The operators of arithmetic are `+`, `-`, `*` and `/`; `%` is a unit, as in `5%`."
        return Slip(_note("AC124", sign, "", advice), _over(sign, "*"))
    return None


def _text_over(token: Token) -> tuple[tuple[int, str], ...]:
    return _over(token, f'"{"x" * (token.end - token.start - 2)}"')


def _comma(s: Situation) -> Slip | None:
    here, before = s.at(0), s.at(-1)
    if not s.in_list or "COMMA" not in s.expects or here.kind not in _VALUES | {"["}:
        return None
    if before.kind not in _VALUES | {"]", ")", "}"} or here.text in ("and", "or"):
        return None
    note = _note("AC117", here, "a new value", f"Write `,` after `{s.written(before)}`.")
    return Slip(note, _between(s, before, here, ","))


def _separator(s: Situation) -> Slip | None:
    here, before = s.at(0), s.at(-1)
    if here.kind != "," or s.in_list:
        return None
    if s.wants_value:
        return None
    if before.kind == "NAME" and {"EQUAL", "LBRACE"} & s.expects and s.at(-2).kind != "=":
        return None
    return Slip(_note("AC113", here, "", "Remove it; a line break or blanks are enough."), _over(here, " "))


def _at_equal(s: Situation) -> Slip | None:
    """An `=` in the wrong place."""
    here, name, before = s.at(0), s.at(-1), s.at(-2)
    if here.kind != "=":
        return None
    if name.kind in _TEXTS and (s.in_body or s.enclosing is None) and before.kind != "=":
        bare = name.text.strip('"')
        advice = f"Write `{bare} =`." if bare.isidentifier() else "Write a name of letters, digits and `_`."
        return Slip(_note("AC131", name, "", advice), _over(name, "_" * (name.end - name.start)))
    if name.kind != "NAME":
        if {"PLUS", "COMPARES"} & s.expects:
            return Slip(_note("AC132", here, "", "Write `==` to compare."), _over(here, "+"))
        return None
    if before.kind == "=":
        if s.together(before, name):
            return Slip(_note("AC132", here, "a second `=`", "Write `==` to compare."), _over(here, "+"))
        advice = f"Write a value after `{s.written(s.at(-3))} =`."
        return Slip(_note("AC116", before, "nothing follows on this line", advice), _between(s, before, name, "0"))
    if before.kind in _COMPARES | _ARITHMETIC | {"..", ","} and s.in_body:
        return Slip(
            _note("AC116", before, "nothing follows", f"Write a value after `{before.text}`."),
            _between(s, before, name, "0"),
        )
    if s.enclosing is None and before.kind != "NAME":
        advice = f"Write it inside a block: `kind name {{ {s.written(name)} = ... }}`."
        return Slip(_note("AC129", name, "an attribute outside a block", advice))
    if before.kind == "NAME" and s.together(before, name):
        both = Token("", "", before.start, name.end)
        advice = f"Write `{before.text}_{name.text}`, if this is one name."
        return Slip(_note("AC133", both, "", advice), _over(both, "_" * (both.end - both.start)))
    if before.kind == "NAME":
        return Slip(
            _note("AC115", before, "neither `=` nor a block follows", f"Write `{before.text} = ...`."),
            _over(before, ""),
        )
    return None


def _at_brace(s: Situation) -> Slip | None:
    """A `{` without its kind, and templates outside of texts."""
    here, before = s.at(0), s.at(-1)
    if here.kind != "{":
        return None
    if s.at(1).kind == "{" and s.touching(here, s.at(1)):
        both = Token("", "", here.start, s.at(1).end)
        return Slip(_note("AC130", both, "a template outside a text", 'Write it in quotes: `"{{ ... }}"`.'))
    if before.kind == "=":
        name = s.written(s.at(-2))
        advice = f"Write `{name} = kind {{ ... }}`, or the block `{name} {{ ... }}`."
        return Slip(_note("AC119", here, "no kind before it", advice), _over(before, " "))
    if s.wants_value:
        return Slip(_note("AC119", here, "no kind before it", "Write `kind { ... }`."))
    if before.kind in ("", "{", "}"):
        return Slip(_note("AC119", here, "no kind before it", "Write the kind of the block before its `{`."))
    return None


def _value(s: Situation) -> Slip | None:
    """Nothing where a value should be."""
    here, before = s.at(0), s.at(-1)
    if not s.wants_value or before.start < 0:
        return None
    if before.kind in ("(", "[", ",") and here.kind == ",":
        return Slip(_note("AC116", here, "nothing before it", "Write a value, or remove the comma."), _over(here, " "))
    if (
        before.kind == "="
        or before.kind in _COMPARES | _ARITHMETIC | {"..", "("}
        or before.text in ("not", "and", "or")
    ):
        of = f"{s.written(s.at(-2))} =" if before.kind == "=" and s.at(-2).kind == "NAME" else before.text
        note = _note("AC116", before, "nothing follows", f"Write a value after `{of}`.")
        return Slip(note, _between(s, before, here, "0"))
    return None


def _prose(s: Situation) -> Slip | None:
    """`title = Values across cultures`: words after the first read as a new block."""
    end = s.index if s.at(0).kind == "NAME" else s.index - 1
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
    note = _note("AC130", words, "", f'Write `{s.written(name)} = "{s.written(words)}"`.')
    return Slip(note, _text_over(words))


def _unfinished(s: Situation) -> Slip | None:
    """A kind, or a kind and its label, and then neither `=` nor `{`."""
    here, last, before = s.at(0), s.at(-1), s.at(-2)
    if not {"LBRACE", "DOTS"} & s.expects:
        return None
    labelled = last.kind in ("NAME", "STRING", "NUMBER") and before.kind == "NAME" and "EQUAL" not in s.expects
    head = before if labelled else last
    if head.kind != "NAME":
        return None
    both = Token("", "", head.start, last.end)
    if s.enclosing is None:
        note = _note("AC118", both, "no `{` follows", f"Write `{s.written(both)} {{ ... }}`.")
        return Slip(note)
    if not labelled and here.kind in _VALUES | {"[", "(", "-"}:
        advice = (
            f"Write `{s.written(last)} = {s.written(here)}`."
            if here.kind in _VALUES
            else f"Write `=` after `{last.text}`."
        )
        return Slip(_note("AC115", last, "no `=` follows", advice), _between(s, last, here, "="))
    if labelled and last.kind in ("STRING", "NUMBER"):
        advice = f"Write `{head.text} = {s.written(last)}`."
        return Slip(_note("AC115", head, "no `=` follows", advice), _between(s, head, last, "="))
    if labelled and s.together(before, last):
        advice = f"Write `{head.text} = {last.text}`, or `{head.text} {last.text} {{ }}` for a block."
        return Slip(_note("AC115", head, "no `=` follows", advice), _between(s, head, last, "="))
    advice = f"Write `{head.text} = ...`, or `{head.text} {{ }}` for a block."
    return Slip(_note("AC115", head, "neither `=` nor a block follows", advice), _over(head, ""))


def _unexpected(s: Situation) -> Slip:
    here = s.at(0)
    if here.start < 0:
        last = s.at(-1)
        mark = Mark(last.start, last.end, "the text ends after this") if last.start >= 0 else Mark(0, 0)
        return Slip(Note("AC101", mark, _wanted(s)))
    return Slip(_note("AC101", here, f"`{s.written(here)}` does not belong here", _wanted(s)))


def _wanted(s: Situation) -> str:
    """What the grammar would take, in an author's words."""
    if s.wants_value:
        return "Write a value: a number, a text in quotes, a name, a list in `[ ]`, `on` or `off`."
    if "EQUAL" in s.expects and "LBRACE" in s.expects:
        return "After a name comes `= value` or, for a block, `{ ... }`."
    if "LBRACE" in s.expects:
        return "A block goes on with `{ ... }`."
    if "DOTS" in s.expects and "RBRACE" not in s.expects and "COMMA" not in s.expects:
        return "Write a range as `1..5`."
    if s.in_list and s.enclosing is not None:
        return f"Write `,` and another value, or `{OPENERS[s.enclosing.kind]}`."
    if s.in_body:
        return "Write an attribute `name = value`, a block `kind name { ... }`, or `}`."
    if s.expects == {"NAME"}:
        return "Write a name: letters, digits and `_`, beginning with a letter."
    return "Write a block `kind name { ... }`, or an import."


_RULES: Final[tuple[_Rule, ...]] = (
    _import,
    _reserved,
    _chain,
    _operator,
    _unit,
    _number,
    _comma,
    _separator,
    _at_equal,
    _at_brace,
    _value,
    _prose,
    _unfinished,
)

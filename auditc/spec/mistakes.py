"""The usual slips of grammar, each recognised by what stands round the place where parsing stops.

Most slips are noticed a word or more after they were made, so the rules look back as well as at the place itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .notes import Mark, Note
from .situation import VALUES, Situation, Slip, between, note, over
from .tokens import ARITHMETIC, COMPARES, OPENERS, RESERVED, Token
from .value_mistakes import chain, comma, forgotten, group, missing, number, operator, prose, several, unit

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
    advice = 'Write `import "file.audit" as name`, or `import "package@1" as name`, at the beginning of a line.'
    if s.enclosing is None and begin >= 0 and s.tokens[begin].kind == "NAME" and "EQUAL" not in s.expects:
        return Slip(note("AC128", s.tokens[begin], "", advice))
    if s.enclosing is None and s.at(0).kind == "STRING" and s.kinds(1, 2) == ["NAME", "NAME"] and s.at(1).text == "as":
        return Slip(note("AC128", s.at(0), "no `import` before it", advice))
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
    if name.kind in ("", "{", "}") and not s.wants_value:
        return Slip(note("AC101", here, "no name before it", "Write the name of the attribute before `=`."))
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
        return forgotten(s, s.index - 2)
    if before.kind in COMPARES | ARITHMETIC | {"..", ","} and s.in_body:
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
        advice = f"Write `{before.text} = ...`, or `{before.text} {{ }}` for a block."
        return Slip(note("AC115", before, "neither `=` nor a block follows", advice), over(before, ""))
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


def _label_alone(s: Situation) -> Slip | None:
    """`"last words" {`: a label, and no kind before it."""
    here = s.at(0)
    if here.kind != "STRING" or s.at(1).kind != "{" or s.wants_value or s.in_list:
        return None
    said = note("AC119", here, "a label without a kind", f"Write `kind {s.written(here)} {{`.")
    return Slip(said, over(here, "_" * (here.end - here.start)))


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
    if head.kind != "NAME" or leading.kind in COMPARES | ARITHMETIC | {"=", "..", ".", ",", "(", "["}:
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
    if s.kinds(-4, -1) == ["NAME", "NUMBER", "..", "NUMBER"]:
        name = s.at(-4)
        advice = f"Write `{name.text} = {s.at(-3).text}..{last.text}`."
        return Slip(note("AC115", name, "no `=` follows", advice), between(s, name, s.at(-3), "="))
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
    chain,
    operator,
    unit,
    number,
    comma,
    several,
    _separator,
    _quoted_name,
    _at_equal,
    _at_brace,
    _label_alone,
    missing,
    group,
    prose,
    _unfinished,
)

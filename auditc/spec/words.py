"""Words that parse but mean something else in other languages: sentences about names and switches."""

from __future__ import annotations

from typing import Final

from .notes import Mark, Note
from .syntax import Attribute, Name, Word
from .tokens import RESERVED

_SWITCHES: Final = {"true": "on", "false": "off"}
_ANSWERS: Final = {"yes": "on", "no": "off"}
_NOTHING: Final = frozenset({"null", "none", "nil", "undefined"})
_LANGUAGES: Final = frozenset({"language", "languages"})  # `no` is Norwegian there


def reserved_name(name: Name) -> Note | None:
    """A word of the language where a name stands."""
    if name.text not in RESERVED:
        return None
    mark = Mark(name.span.start, name.span.end, "a word of the language")
    return Note("AC125", mark, f"Choose another name, such as `{name.text}_`.")


def switch_word(word: Word) -> Note | None:
    """`true`, `null` and the like, anywhere in an expression."""
    written = word.name.text.lower()
    mark = Mark(word.span.start, word.span.end)
    if written in _SWITCHES:
        return Note("AC126", mark, f"Write `{_SWITCHES[written]}`.")
    if written in _NOTHING and word.name.text in (written, written.capitalize()) and word.name.text != "none":
        return Note("AC126", mark, "Leave the attribute out, or write `off`; there is no empty value.")
    return None


def answer_word(attribute: Attribute) -> Note | None:
    """`yes` and `no` as the whole value of an attribute; in a list they may well be options."""
    value = attribute.value
    if not isinstance(value, Word) or attribute.name.text in _LANGUAGES:
        return None
    meant = _ANSWERS.get(value.name.text.lower())
    mark = Mark(value.span.start, value.span.end)
    return Note("AC126", mark, f"Write `{attribute.name.text} = {meant}`.") if meant else None


def valueless(attribute: Attribute, equal: tuple[int, int], kind: Name) -> Note | None:
    """A value in braces that begins on another line than its `=`: more likely a block after a forgotten value."""
    between = kind.span.source.text[equal[1] : kind.span.start]
    if "\n" not in between:
        return None
    related = (Mark(kind.span.start, kind.span.end, "reads as the value, though it begins on another line"),)
    advice = f"Write a value after `{attribute.name.text} =`; if the braces are the value, begin them on the same line."
    return Note("AC116", Mark(*equal, "nothing follows on this line"), advice, related)

"""Colours for specs in documents made with Pygments: the lexer `audit`. Its words are those of `words`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from auditc.spec.tokens import LETTER, TEXT, WORD

from .words import SWITCHES, words

_NAME = rf"{LETTER}{WORD}*"


def _number(lexer: Any, match: re.Match[str], _: Any = None) -> Iterator[tuple[int, Any, str]]:
    """Digits, and a unit if it is one."""
    digits, unit = match[1], match[2] or ""
    yield match.start(), Number, digits
    if unit:
        yield match.start(2), Keyword.Type if unit in words().units else Name, unit


def _name(lexer: Any, match: re.Match[str], _: Any = None) -> Iterator[tuple[int, Any, str]]:
    """A word by what it is, or by what comes after it."""
    yield match.start(), _meaning(match[0], match.string[match.end() :][:200]), match[0]


def _meaning(word: str, after: str) -> Any:
    if word in SWITCHES:
        return Keyword.Constant
    if word in words().keywords:
        return Operator.Word if word in ("and", "or", "not") else Keyword
    if re.match(r"\s*=(?!=)", after):
        return Name.Attribute
    if re.match(r"\s*\(", after):
        return Name.Function if word in words().functions else Name
    if re.match(r"\s*\{", after):
        if word in words().kinds:
            return Keyword.Declaration
        return Name.Builtin if word in words().metrics | words().things else Name.Class
    return Name


def _block(lexer: Any, match: re.Match[str], _: Any = None) -> Iterator[tuple[int, Any, str]]:
    """The kind and the name of a block."""
    kind, blank, label = match.groups()
    yield match.start(), Keyword.Declaration if kind in words().kinds else Name.Class, kind
    yield match.start(2), Whitespace, blank
    yield match.start(3), Name.Variable, label


class AuditLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """Specs of audits."""

    name = "auditc"
    aliases: ClassVar = ["audit"]
    filenames: ClassVar = ["*.audit"]
    flags = re.MULTILINE
    tokens: ClassVar = {
        "root": [
            (r"\ufeff", Whitespace),
            (r"\s+", Whitespace),
            (r"#[^\r\n]*", Comment.Single),
            (r'"""[\s\S]*?(?:"""|\Z)', String.Heredoc),
            (TEXT, String.Double),
            (r"([0-9]+(?:\.[0-9]+)?)(%|[A-Za-z]+)?", _number),
            (rf"({_NAME})([ \t]+)({_NAME})(?=\s*\{{)", _block),
            (rf"(import)([ \t]+)({TEXT})([ \t]+)(as)\b", bygroups(Keyword, Whitespace, String, Whitespace, Keyword)),
            (_NAME, _name),
            (r"\.\.|[<>=!]=|[<>=+\-*/]", Operator),
            (r"[{}\[\](),.]", Punctuation),
        ]
    }

"""Text to syntax tree. The only module that knows lark; no text makes it raise, and every mistake is a diagnostic."""

from __future__ import annotations

import dataclasses
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final, cast

from lark import Lark, Token, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.visitors import Transformer_NonRecursive

from auditc.diagnostics import Sink, Source, Span

from .layout import DEEPEST, Piece, cut, deepest
from .mend import mend
from .mistakes import explain
from .notes import Mark, Note, Notes
from .read import LARGEST, has_nul, too_large
from .situation import Situation
from .strings import heredoc_value, string_value
from .syntax import (
    Argument,
    Attribute,
    Binary,
    Block,
    Call,
    Comment,
    Expression,
    File,
    Import,
    Index,
    Items,
    Member,
    Name,
    Number,
    RangeLabel,
    Switch,
    Text,
    Typed,
    Unary,
    Word,
)
from .tokens import tokens_of
from .words import answer_word, reserved_name, switch_word, valueless

_REPAIRS: Final = 20  # mistakes of grammar reported for one piece
_PATIENCE: Final = 200_000  # characters parsed a second time, in all, for the sake of more diagnostics


def parse(source: Source, sink: Sink) -> File:
    """The tree of a text. After mistakes it holds the statements that parse, and the sink holds the mistakes."""
    notes = Notes(source)
    file = _parse(source, notes)
    notes.report(sink)
    return file


def _parse(source: Source, notes: Notes) -> File:
    nothing = File(source, (), ())
    if len(source.text) > LARGEST:
        notes.add(too_large())
        return nothing
    if "\0" in source.text:
        notes.add(has_nul(source.text))
        return nothing
    mended = mend(source.text, notes)
    comments = tuple(_comment(source, start, end) for start, end in mended.comments)
    tokens = tokens_of(mended.text)
    deep = deepest(tokens)
    if deep is not None:
        advice = f"Nest at most {DEEPEST} levels; long chains of operators count too."
        notes.add(Note("AC127", Mark(deep.start, deep.end, "the first thing that lies too deep"), advice))
    if deep is not None or notes.full:
        return File(source, (), comments)
    pieces = cut(mended.text, tokens, notes)
    statements: list[Import | Block] = []
    patience = _PATIENCE
    for piece in pieces.pieces:
        if notes.full:
            break
        found, effort = _statements(pieces.text, piece, source, notes, patience)
        statements += found
        patience -= effort
    return File(source, tuple(statements), comments)


def _comment(source: Source, start: int, end: int) -> Comment:
    line = source.text.rfind("\n", 0, start) + 1
    return Comment(source.text[start:end], bool(source.text[line:start].strip(" \t\r\ufeff")), Span(source, start, end))


def _statements(
    text: str, piece: Piece, source: Source, notes: Notes, patience: int
) -> tuple[Sequence[Import | Block], int]:
    """The statements of a piece, none if it stays wrong, and the characters parsed more than once for it."""
    written = text[piece.start : piece.end]
    effort = 0
    for _ in range(_REPAIRS):
        try:
            tree = _lark().parse(written + piece.closers)
        except UnexpectedInput as error:
            slip = explain(_where(error, written, piece, source))
            if piece.whole and not notes.on_line_of(slip.note.mark.start):
                notes.add(slip.note)
            effort += len(written)
            if not slip.repairs or notes.full or effort > patience:
                return (), effort
            for start, repair in slip.repairs:
                at = start - piece.start
                written = written[:at] + repair + written[at + len(repair) :]
        else:
            return _Build(source, piece, notes).transform(tree), effort
    return (), effort


def _where(error: UnexpectedInput, written: str, piece: Piece, source: Source) -> Situation:
    tokens = [
        token._replace(start=token.start + piece.start, end=token.end + piece.start) for token in tokens_of(written)
    ]
    if isinstance(error, UnexpectedToken):
        place = len(written) if error.token.type == "$END" else error.token.start_pos or 0
        expects = frozenset(error.accepts or ())
    else:
        place = error.pos_in_stream or 0
        expects = frozenset(error.allowed or ()) if isinstance(error, UnexpectedCharacters) else frozenset()
    # The parser may stop inside a token: where it would take `=`, it reads `==` as two.
    index = bisect_right(tokens, place + piece.start, key=lambda token: token.start) - 1
    if index < 0 or tokens[index].end <= place + piece.start:
        index += 1
    return Situation(source.text, tokens, index, expects)


@cache
def _lark() -> Lark:
    """Built once, at the first parse, so that importing auditc costs nothing."""
    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", lexer="contextual", maybe_placeholders=False)


@v_args(inline=True)
class _Build(Transformer_NonRecursive[Token, Any]):
    """One method for each rule of the grammar, by its name. Not recursive, and so at no depth of nesting an error."""

    def __init__(self, source: Source, piece: Piece, notes: Notes) -> None:
        super().__init__(visit_tokens=False)
        self._source = source
        self._piece = piece
        self._notes = notes

    def _span(self, first: Token, last: Token) -> Span:
        start, end = cast(int, first.start_pos), cast(int, last.end_pos)
        offset = self._piece.start
        return Span(self._source, start + offset, min(end + offset, self._piece.end))  # closers lie past its end

    def _at(self, token: Token) -> Span:
        return self._span(token, token)

    def _name(self, token: Token) -> Name:
        text = str(token)
        return Name(text if text.isascii() else unicodedata.normalize("NFC", text), self._at(token))

    def _declared(self, token: Token) -> Name:
        """A name in a place where a word of the language would confuse."""
        name = self._name(token)
        self._add(reserved_name(name))
        return name

    def _add(self, note: Note | None) -> None:
        if note is not None:
            self._notes.add(note)

    def _text(self, token: Token) -> Text:
        return Text(string_value(token), False, self._at(token))

    def _label(self, part: object) -> Name | Text | RangeLabel:
        if isinstance(part, Token):
            return self._declared(part) if part.type == "NAME" else self._text(part)
        return cast(RangeLabel, part)

    def start(self, *statements: Import | Block) -> Sequence[Import | Block]:
        return statements

    def import_(self, word: Token, path: Token, _as: Token, alias: Token) -> Import:
        return Import(self._text(path), self._declared(alias), self._span(word, alias))

    def block(self, kind: Token, *rest: Any) -> Block:
        body, closing = rest[-1]
        label = self._label(rest[0]) if len(rest) > 1 else None
        return Block(self._declared(kind), label, body, self._span(kind, closing))

    def range_label(self, low: Token, _dots: Token, high: Token) -> RangeLabel:
        return RangeLabel(self.number(low), self.number(high), self._span(low, high))

    def body(self, _open: Token, *parts: Any) -> tuple[tuple[Attribute | Block, ...], Token]:
        return tuple(parts[:-1]), parts[-1]

    def attribute(self, name: Token, equal: Token, value: Expression) -> Attribute:
        declared = self._declared(name)
        attribute = Attribute(declared, value, declared.span.to(value.span))
        self._add(answer_word(attribute))
        if isinstance(value, Typed):
            place = self._at(equal)
            self._add(valueless(attribute, (place.start, place.end), value.kind))
        return attribute

    def binary(self, left: Expression, operator: Token, right: Expression) -> Binary:
        return Binary(str(operator), left, right, left.span.to(right.span))

    def unary(self, operator: Token, operand: Expression) -> Unary:
        return Unary(str(operator), operand, self._at(operator).to(operand.span))

    def member(self, of: Expression, _dot: Token, name: Token) -> Member:
        named = self._name(name)
        return Member(of, named, of.span.to(named.span))

    def index(self, of: Expression, _open: Token, arguments: tuple[Argument, ...], close: Token) -> Index:
        return Index(of, arguments, of.span.to(self._at(close)))

    def call(self, of: Expression, _open: Token, *rest: Any) -> Call:
        arguments: tuple[Argument, ...] = rest[0] if len(rest) > 1 else ()
        return Call(of, arguments, of.span.to(self._at(rest[-1])))

    def arguments(self, *parts: Argument | Token) -> tuple[Argument, ...]:
        return tuple(part for part in parts if isinstance(part, Argument))

    def argument(self, value: Expression) -> Argument:
        return Argument(None, value, value.span)

    def named(self, name: Token, _equal: Token, value: Expression) -> Argument:
        declared = self._declared(name)
        return Argument(declared, value, declared.span.to(value.span))

    def word(self, token: Token) -> Word:
        name = self._name(token)
        word = Word(name, name.span)
        self._add(switch_word(word))
        return word

    def typed(self, kind: Token, body: tuple[tuple[Attribute | Block, ...], Token]) -> Typed:
        return Typed(self._declared(kind), body[0], self._span(kind, body[1]))

    def number(self, token: Token) -> Number:
        digits = token.rstrip("%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        return Number(Decimal(digits), str(token)[len(digits) :], self._at(token))

    def string(self, token: Token) -> Text:
        return self._text(token)

    def heredoc(self, token: Token) -> Text:
        return Text(heredoc_value(token), True, self._at(token))

    def switch(self, token: Token) -> Switch:
        return Switch(token.type == "ON", self._at(token))

    def items(self, opening: Token, *parts: Any) -> Items:
        values = tuple(part for part in parts if not isinstance(part, Token))
        return Items(values, self._span(opening, parts[-1]))

    def group(self, opening: Token, value: Expression, closing: Token) -> Expression:
        """Parentheses leave no trace in the tree but belong to the place of what they hold."""
        return dataclasses.replace(value, span=self._span(opening, closing))

"""How expressions are spelled on one line, and which operators bind more than which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from .strings import write_string
from .syntax import (
    Argument,
    Binary,
    Call,
    Expression,
    Index,
    Items,
    Member,
    Number,
    Switch,
    Text,
    Typed,
    Unary,
    Word,
)

_LEVELS: Final = {"or": 1, "and": 2, "not": 3, "..": 5, "+": 6, "-": 6, "*": 7, "/": 7}
_COMPARISON: Final = 4
_NEGATED: Final = 8
_POSTFIX: Final = 9
ATOM: Final = 10
_DO_NOT_CHAIN: Final = frozenset({_COMPARISON, _LEVELS[".."]})

Part = str | tuple[Expression, int]


def level(value: Expression) -> int:
    """How tightly an expression holds together: an operand that holds less than its place needs parentheses."""
    if isinstance(value, Binary):
        return _LEVELS.get(value.operator, _COMPARISON)
    if isinstance(value, Unary):
        return _LEVELS["not"] if value.operator == "not" else _NEGATED
    return _POSTFIX if isinstance(value, Member | Index | Call) else ATOM


def operand_levels(value: Binary) -> tuple[int, int]:
    """What the left and the right operand must hold at least; operators group to the left, or not at all."""
    own = level(value)
    return (own + 1 if own in _DO_NOT_CHAIN else own), own + 1


def spelled(value: Expression) -> Iterator[Part]:
    """The text of an expression in order, its sub-expressions as themselves with the level their place needs."""
    match value:
        case Word(name=name):
            yield name.text
        case Number(value=number, unit=unit):
            yield f"{number:f}{unit}"
        case Switch(on=on):
            yield "on" if on else "off"
        case Text(value=text):
            yield write_string(text)
        case Member(of=of, name=name):
            yield from ((of, _POSTFIX), f".{name.text}")
        case Index(of=of, arguments=arguments):
            yield from ((of, _POSTFIX), "[", *_listed(arguments), "]")
        case Call(of=of, arguments=arguments):
            yield from ((of, _POSTFIX), "(", *_listed(arguments), ")")
        case Items(values=values):
            yield from ("[", *_separated([[(item, 0)] for item in values]), "]")
        case Unary(operator=operator, operand=operand):
            yield from ("not " if operator == "not" else operator, (operand, level(value)))
        case Binary(operator=operator, left=left, right=right):
            low, high = operand_levels(value)
            tight = operator == ".." and not isinstance(left, Binary) and not isinstance(right, Binary)
            yield from ((left, low), operator if tight else f" {operator} ", (right, high))
        case Typed():
            raise TypeError("a value in braces is spelled by the formatter, which knows its lines")


def _listed(arguments: Sequence[Argument]) -> Iterator[Part]:
    return _separated([[f"{a.name.text} = " if a.name else "", (a.value, 0)] for a in arguments])


def _separated(groups: Sequence[Sequence[Part]]) -> Iterator[Part]:
    for index, group in enumerate(groups):
        if index:
            yield ", "
        yield from group

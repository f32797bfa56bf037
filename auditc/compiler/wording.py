"""An expression as text, one way for each tree: what a plan keeps of a claim's words must not change with layout."""

from __future__ import annotations

from typing import Final

from auditc.spec.syntax import (
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
    Unary,
    Word,
)

_STRENGTH: Final = {
    "or": 1,
    "and": 2,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "!=": 4,
    "..": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
}
_NOT, _MINUS, _ATOM = 3, 8, 9


def worded(expression: Expression) -> str:
    """The text of an expression, with only the parentheses that it needs."""
    return _worded(expression)[0]


def _worded(expression: Expression) -> tuple[str, int]:
    """The text, and how strongly it holds together."""
    match expression:
        case Text():
            return '"' + expression.value.replace("\\", "\\\\").replace('"', '\\"') + '"', _ATOM
        case Number():
            return f"{expression.value:f}{expression.unit}", _ATOM
        case Switch():
            return "on" if expression.on else "off", _ATOM
        case Word():
            return expression.name.text, _ATOM
        case Member():
            return f"{_within(expression.of, _ATOM)}.{expression.name.text}", _ATOM
        case Index():
            return f"{_within(expression.of, _ATOM)}[{_arguments(expression.arguments)}]", _ATOM
        case Call():
            return f"{_within(expression.of, _ATOM)}({_arguments(expression.arguments)})", _ATOM
        case Items():
            return "[" + ", ".join(worded(entry) for entry in expression.values) + "]", _ATOM
        case Unary():
            strength = _NOT if expression.operator == "not" else _MINUS
            sign = "not " if expression.operator == "not" else "-"
            return sign + _within(expression.operand, strength), strength
        case Binary():
            strength = _STRENGTH[expression.operator]
            left, right = _within(expression.left, strength), _within(expression.right, strength + 1)
            space = "" if expression.operator == ".." else " "
            return f"{left}{space}{expression.operator}{space}{right}", strength
        case _:
            return f"{expression.kind.text} {{ … }}", _ATOM


def _within(expression: Expression, needed: int) -> str:
    text, strength = _worded(expression)
    return text if strength >= needed else f"({text})"


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return ", ".join(f"{a.name.text} = {worded(a.value)}" if a.name else worded(a.value) for a in arguments)

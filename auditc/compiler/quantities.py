"""Numbers with their units, and the arithmetic that a spec may do with them. The one table of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Final

from auditc.diagnostics import Sink
from auditc.spec.syntax import Binary, Expression, Number, Unary, Word
from auditc.spec.tokens import UNIT_WORDS

from .mistakes import POISON, Poison, close, listing, report


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what its unit makes of it: `plain` without one, else `count`, `share`, `duration`, `bytes`, or a
    currency such as `usd`, each of which is a dimension of its own."""

    value: Decimal
    of: str


CURRENCIES: Final = ("usd", "eur", "gbp", "cny", "jpy", "krw", "inr", "brl", "chf", "cad")
"""ISO 4217 codes, in small letters: what providers bill in."""

UNITS: Final = {
    "": ("plain", Decimal(1)),
    "k": ("count", Decimal(10) ** 3),
    "M": ("count", Decimal(10) ** 6),
    "B": ("count", Decimal(10) ** 9),
    "%": ("share", Decimal("0.01")),
    "ms": ("duration", Decimal("0.001")),
    "s": ("duration", Decimal(1)),
    "min": ("duration", Decimal(60)),
    "h": ("duration", Decimal(3600)),
    "d": ("duration", Decimal(86400)),
    "KB": ("bytes", Decimal(10) ** 3),
    "MB": ("bytes", Decimal(10) ** 6),
    "GB": ("bytes", Decimal(10) ** 9),
    **{currency: (currency, Decimal(1)) for currency in CURRENCIES},
}
"""Every unit: what it counts, and by how much it multiplies. Durations are in seconds, and 1 % is 0.01."""

FITTING: Final = {
    "number": ("plain",),
    "share": ("plain", "share"),
    "count": ("plain", "count"),
    "tokens": ("plain", "count"),
    "duration": ("duration",),
    "bytes": ("bytes",),
    "money": CURRENCIES,
}
"""Which quantities an attribute of each unit takes."""


def known(number: Number, sink: Sink) -> Quantity | Poison:
    """A number as written, brought to the base of its unit."""
    if number.unit not in UNITS:
        hint = close(number.unit, UNITS) or f"The units are {listing(u for u in UNITS if u)}."
        short = UNIT_WORDS.get(number.unit, UNIT_WORDS.get(number.unit.lower()))
        if short:
            hint = f"Write `{number.value}{short}`."
        if number.unit == "m":
            hint = f"Write `{number.value}min` for minutes, `{number.value}M` for millions."
        return report(sink, "AC302", number.span, f"there is no unit `{number.unit}`", remedy=hint)
    of, factor = UNITS[number.unit]
    return Quantity(number.value * factor, of)


def calculate(
    expression: Expression, sink: Sink, constant: Callable[[Word], Quantity | Poison | None]
) -> Quantity | Poison | None:
    """The quantity of a number or of arithmetic on numbers and constants; None for any other expression."""
    if isinstance(expression, Number):
        return known(expression, sink)
    if isinstance(expression, Word):
        return constant(expression)
    if isinstance(expression, Unary) and expression.operator == "-":
        operand = calculate(expression.operand, sink, constant)
        return Quantity(-operand.value, operand.of) if isinstance(operand, Quantity) else operand
    if isinstance(expression, Binary) and expression.operator in _OPERATORS:
        left = calculate(expression.left, sink, constant)
        right = calculate(expression.right, sink, constant)
        if isinstance(left, Quantity) and isinstance(right, Quantity):
            return _apply(expression, left, right, sink)
        return POISON if isinstance(left, Poison) or isinstance(right, Poison) else None
    return None


_OPERATORS: Final = frozenset("+-*/")


def _apply(expression: Binary, left: Quantity, right: Quantity, sink: Sink) -> Quantity | Poison:
    of = _kind(expression.operator, left.of, right.of)
    if of is None:
        label = f"`{expression.operator}` of a {left.of} number and a {right.of} number has no meaning"
        return report(sink, "AC311", expression.span, label)
    try:
        match expression.operator:
            case "+":
                value = left.value + right.value
            case "-":
                value = left.value - right.value
            case "*":
                value = left.value * right.value
            case _:
                value = left.value / right.value
    except DecimalException:
        return report(sink, "AC311", expression.span, "this divides by zero, or grows past all bounds")
    return Quantity(value, of)


_RANK: Final = {"plain": 0, "share": 1, "count": 2}
"""What has no dimension; of two, the product is what the higher one is."""


def _kind(operator: str, left: str, right: str) -> str | None:
    """What the outcome counts, or None where the operation makes no sense."""
    if operator in "+-":
        if left == right:
            return left
        return right if left == "plain" and right in _RANK else left if right == "plain" and left in _RANK else None
    if operator == "/":
        return "plain" if left == right else left if right in _RANK else None
    if left in _RANK and right in _RANK:
        return max(left, right, key=_RANK.__getitem__)
    return right if left in _RANK else left if right in _RANK else None

"""Expressions to values: the declared type of an attribute decides what may stand there and what a name means."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final, get_args

from auditc.diagnostics import Label, Source, Span
from auditc.ir.values import Money, OwnWord, Range, RecordingFile, RefTo, Secret, Table, Within
from auditc.spec.syntax import Binary, Call, Expression, Items, Member, Number, Switch, Text, Typed, Unary, Word

from .datafiles import data_file, table
from .declarations import Grid as GridMark
from .declarations import LanguageWord, ReportWord
from .mistakes import POISON, Poison, close, listing, remedies, report
from .quantities import FITTING, UNITS, Quantity, calculate
from .recorded import recording
from .scope import Scope
from .secrets import starred
from .wants import Want, called, expected, noun

LARGEST: Final = Decimal(10) ** 15
"""No count in a spec comes near it, and every whole number below it is exact wherever a plan is read."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def quantity(expression: Expression, scope: Scope) -> Quantity | Poison | None:
    """The number that an expression stands for, or None when it is no number."""

    def constant(word: Word) -> Quantity | Poison | None:
        meant = scope.names.constant(scope.module, word)
        key = (scope.module.name, word.name.text)
        if isinstance(meant, Poison):
            return POISON
        if key not in scope.names.quantities:
            scope.names.quantities[key] = calculate(meant, scope.sink, constant)
        return scope.names.quantities[key]

    return calculate(expression, scope.sink, constant)


def value(expression: Expression, options: tuple[Want, ...], scope: Scope) -> Any:
    """The value of an expression as one of the things that are wanted, or POISON."""
    if any(want.type is Secret for want in options):
        return secret(expression, scope)
    if isinstance(expression, Call) and isinstance(expression.of, Word) and expression.of.name.text == "env":
        remedy = "A spec holds everything that can change an answer: write the value itself."
        return report(scope.sink, "AC310", expression.span, "only a secret comes from the environment", remedy=remedy)
    fitting = [want for want in options if _takes(want, expression)]
    if isinstance(expression, Word) and not any(want.words for want in fitting):
        listed = _listed(expression, options, scope)
        if listed is not None:
            return listed
    if not fitting:
        return _mismatch(expression, options, scope)
    if isinstance(expression, Word) and not fitting[0].words and not _names_something(fitting[0]):
        return _by_constant(expression, fitting[0], options, scope)
    return _one(expression, fitting[0], scope)


def _listed(word: Word, options: tuple[Want, ...], scope: Scope) -> Any:
    """The entries of the list that a constant stands for, where a list is wanted; None for any other word."""
    constant = scope.names.constants[scope.module.name].get(word.name.text)
    wanted = next((want for want in options if want.is_list), None)
    if constant is None or wanted is None or not isinstance(constant.value, Items):
        return None
    scope.names.used.add((scope.module.name, word.name.text))
    return _list(constant.value, wanted, scope)


def _names_something(want: Want) -> bool:
    return any(want.mark(kind) for kind in (RefTo, LanguageWord, ReportWord, OwnWord))


def _by_constant(word: Word, want: Want, options: tuple[Want, ...], scope: Scope) -> Any:
    if want.type in (int, float, Money):
        return _number(word, want, scope)
    meant = scope.names.constant(scope.module, word)
    if isinstance(meant, Poison):
        return POISON
    if not _takes(want, meant):
        said, _ = expected(options)
        constant = scope.names.constants[scope.module.name][word.name.text]
        related = (Label(constant.name.span, f"the constant is {called(meant)}"),)
        return report(scope.sink, "AC301", word.span, f"{said} is expected", related=related)
    return value(meant, (want,), scope)


def _takes(want: Want, expression: Expression) -> bool:
    """Whether the form of an expression is one that the wanted thing can be written in."""
    if want.words or _names_something(want):
        dotted = isinstance(expression, Member) and want.mark(RefTo) is not None
        return not want.is_list and (isinstance(expression, Word) or dotted)
    if want.is_list:
        return isinstance(expression, Items)
    if want.is_body:
        return isinstance(expression, Typed)
    if want.type is Range:
        return isinstance(expression, Binary) and expression.operator == ".."
    if want.type in (Table, RecordingFile) or want.mark(GridMark):
        return isinstance(expression, Call)
    if want.type is bool:
        return isinstance(expression, Switch | Word)
    if want.type is str:
        return isinstance(expression, Text | Word)
    if isinstance(expression, Binary):
        return expression.operator in "+-*/"
    return isinstance(expression, Number | Word) or (isinstance(expression, Unary) and expression.operator == "-")


def _mismatch(expression: Expression, options: tuple[Want, ...], scope: Scope) -> Poison:
    said, example = expected(options)
    remedy = f"For example: `{example}`."
    words = [word for want in options for word in want.words]
    if isinstance(expression, Text) and expression.value in words:
        remedy = f"Write it without quotes: `{expression.value}`."
    elif isinstance(expression, Text) and any(_names_something(want) for want in options):
        remedy = f"Write a name without quotes: `{expression.value if expression.value.isidentifier() else example}`."
    elif any(want.is_list for want in options) and isinstance(expression, Word | Text | Number | Switch | Member):
        remedy = f"Put it into a list: `[{expression.span.text}]`."
    elif any(want.type is str and not want.marks for want in options) and isinstance(expression, Number | Switch):
        remedy = f'Put it in quotes: `"{expression.span.text}"`.'
    elif any(want.type is bool for want in options):
        remedy = "Write `on` or `off`."
    elif any(want.type is Range for want in options) and isinstance(expression, Number):
        remedy = f"Write `{expression.span.text}..{expression.span.text}`."
    elif isinstance(expression, Word) and any(
        want.is_body and want.type.word == expression.name.text for want in options
    ):
        remedy = f"Give it a body: `{expression.name.text} {{ … }}`."
    return report(
        scope.sink, "AC301", expression.span, f"{said} is expected, and this is {called(expression)}", remedy=remedy
    )


def secret(expression: Expression, scope: Scope) -> Secret | Poison:
    """The name of the variable that holds a secret. A secret that is written out is reported, and not shown."""
    if isinstance(expression, Text):
        place = expression.span
        text = place.source.text
        struck = Source(place.source.name, text[: place.start] + starred(place.text) + text[place.end :])
        remedy = 'Write `env("MY_KEY")`, and have what stood here revoked if it is real.'
        label = "a secret comes from the environment"
        return report(scope.sink, "AC412", Span(struck, place.start, place.end), label, remedy=remedy)
    is_call = isinstance(expression, Call) and isinstance(expression.of, Word) and expression.of.name.text == "env"
    named = expression.arguments if isinstance(expression, Call) and is_call else ()
    if len(named) != 1 or named[0].name is not None or not isinstance(named[0].value, Text):
        label = f"an environment variable is expected, and this is {called(expression)}"
        return report(scope.sink, "AC301", expression.span, label, remedy='For example: `env("MY_KEY")`.')
    variable = named[0].value.value
    if not _VARIABLE.fullmatch(variable):
        label = "a variable is named by letters, digits and `_`"
        return report(scope.sink, "AC312", named[0].span, label, remedy='For example: `env("MY_KEY")`.')
    return Secret(variable=variable)


def _one(expression: Expression, want: Want, scope: Scope) -> Any:
    """The value of an expression whose form fits what is wanted."""
    match expression:
        case Word() | Member() if _names_something(want) or want.words:
            return _named(expression, want, scope)
        case Items():
            return _list(expression, want, scope)
        case Binary() if expression.operator == "..":
            return _range(expression, want, scope)
        case Call() if want.type is RecordingFile:
            return recording(expression, scope)
        case Call():
            file = data_file(expression, want, scope)
            return file if isinstance(file, Poison) or want.mark(GridMark) else table(file, want, scope)
        case Switch():
            return expression.on
        case Text():
            return unicodedata.normalize("NFC", expression.value)
        case _:
            return _number(expression, want, scope)


def _named(expression: Word | Member, want: Want, scope: Scope) -> Any:
    reference = want.mark(RefTo)
    if reference:
        found = scope.names.refer(scope.module, expression, reference.kind)
        return POISON if isinstance(found, Poison) else found.key
    word = expression.name.text
    if want.words and word not in want.words:
        remedy = close(word, want.words) or f"The words are {listing(want.words)}."
        return report(scope.sink, "AC213", expression.span, f"`{word}` is none of the words that fit", remedy=remedy)
    return word


def _list(expression: Items, want: Want, scope: Scope) -> Any:
    found = [(entry, value(entry, want.element, scope)) for entry in expression.values]
    seen: set[Any] = set()
    for entry, worth in found:
        if worth is not POISON and worth in seen:
            report(scope.sink, "AC308", entry.span, "this is in the list already", remedy="Leave it out.")
        seen.add(worth)
    return POISON if POISON in seen else tuple(worth for _, worth in found)


def _range(expression: Binary, want: Want, scope: Scope) -> Any:
    ends = [_number(end, Want(int), scope) for end in (expression.left, expression.right)]
    low, high = ends
    if low is POISON or high is POISON:
        return POISON
    if low > high:
        remedy = f"Write `{high}..{low}`."
        return report(scope.sink, "AC306", expression.span, f"{low} is larger than {high}", remedy=remedy)
    law: Within | None = want.mark(Within)
    if law and (low < law.low or (law.high is not None and high > law.high)):
        most = f" and at most {law.high:,}" if law.high is not None else ""
        end = expression.left if low < law.low else expression.right
        label = f"each end of this range is at least {law.low}{most}"
        near = [max(law.low, end if law.high is None else min(end, law.high)) for end in (low, high)]
        remedy = f"For example: `{near[0]}..{near[1]}`."
        return report(scope.sink, "AC304", end.span, label, remedy=remedy)
    return Range(low=low, high=high)


def _number(expression: Expression, want: Want, scope: Scope) -> Any:
    found = quantity(expression, scope)
    if isinstance(found, Poison):
        return POISON
    said, example = noun(want)
    if found is None:
        label = f"{said} is expected, and this is no number"
        return report(scope.sink, "AC301", expression.span, label, remedy=f"For example: `{example}`.")
    if found.of not in FITTING[want.unit]:
        fit = [unit for unit, (of, _) in UNITS.items() if of in FITTING[want.unit] and unit]
        remedy = remedies(f"For example: `{example}`.", f"The units that fit are {listing(fit)}." if fit else "")
        this = "a number without a unit" if found.of == "plain" else f"a {found.of}"
        return report(scope.sink, "AC303", expression.span, f"{said} is expected, and this is {this}", remedy=remedy)
    if abs(found.value) > LARGEST:
        return report(scope.sink, "AC304", expression.span, "this is larger than any number that a spec can need")
    if want.type is Money and found.value < 0:
        return report(scope.sink, "AC304", expression.span, "an amount of money is at least 0")
    if want.type is Money:
        return Money(amount=float(found.value), currency=found.of)
    if get_args(want.type):
        return int(found.value) if found.value == int(found.value) else float(found.value)
    if want.type is int:
        if found.value != int(found.value):
            return report(scope.sink, "AC305", expression.span, f"this is {found.value.normalize():f}")
        return int(found.value)
    return float(found.value)

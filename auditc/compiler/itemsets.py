"""Which items of a survey a block asks: all, those that meet a condition, or a sample drawn by hash.

values
values.where(scale != nominal and dimension == tradition)
values.sample(8, by = dimension)
values.items(Q1, Q2)
values.train
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from auditc.ir.canonical import seeded
from auditc.ir.plan import Item
from auditc.spec.syntax import Argument, Binary, Call, Expression, Member, Text, Unary, Word

from .expressions import value
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .splits import PARTS, parts
from .surveys import SCALES, CheckedSurvey
from .wants import Want, called

FIELDS: Final = ("id", "scale", "dimension", "source")
"""What a condition may ask of an item."""

FUNCTIONS: Final = ("where", "sample", "items")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Items of a survey, in the survey's own order. `key` is the survey's name in the plan."""

    key: str
    checked: CheckedSurvey
    items: tuple[Item, ...]


def item_set(
    expression: Expression, scope: Scope, surveys: dict[str, CheckedSurvey | Poison], seed: int | Poison
) -> Asked | Poison:
    """The items that an expression stands for."""
    if isinstance(expression, Call) and isinstance(expression.of, Member):
        asked = item_set(expression.of.of, scope, surveys, seed)
        name = expression.of.name
        if name.text not in FUNCTIONS:
            remedy = close(name.text, FUNCTIONS) or f"What can be done with items is {listing(FUNCTIONS)}."
            return report(scope.sink, "AC214", name.span, f"items have no `{name.text}`", remedy=remedy)
        if isinstance(asked, Poison):
            return POISON
        return _narrowed(expression, name.text, asked, scope, seed)
    if isinstance(expression, Member) and _is_part(expression, scope):
        return _part(expression, item_set(expression.of, scope, surveys, seed), scope, seed)
    if isinstance(expression, Member) and isinstance(expression.of, Word) and _is_own(expression.of, scope):
        name = expression.name
        remedy = close(name.text, PARTS) or f"The parts are {listing(PARTS)}."
        label = f"`{expression.of.name.text}` has no part `{name.text}`"
        return report(scope.sink, "AC385", name.span, label, remedy=remedy)
    if isinstance(expression, Word | Member):
        declared = scope.names.refer(scope.module, expression, "survey")
        if isinstance(declared, Poison):
            return POISON
        checked = surveys[declared.key]
        return POISON if isinstance(checked, Poison) else Asked(declared.key, checked, checked.survey.items)
    label = f"a survey or a part of one is expected, and this is {called(expression)}"
    return report(
        scope.sink, "AC301", expression.span, label, remedy="For example: `values.sample(8, by = dimension)`."
    )


def _is_own(word: Word, scope: Scope) -> bool:
    """Whether a word names a survey of this file, and not the alias of an import."""
    own = scope.names.declared[scope.module.name].get(word.name.text)
    return word.name.text not in scope.module.imports and own is not None and own.kind == "survey"


def _is_part(expression: Member, scope: Scope) -> bool:
    """Whether `name.train` is a part of a survey: it is not where `name` is the alias of an import."""
    of = expression.of
    alias = isinstance(of, Word) and of.name.text in scope.module.imports
    return expression.name.text in PARTS and not alias


def _part(expression: Member, whole: Asked | Poison, scope: Scope, seed: int | Poison) -> Asked | Poison:
    """A part of a survey's split."""
    if isinstance(whole, Poison) or isinstance(seed, Poison):
        return POISON
    name, split = expression.name, whole.checked.split
    if len(whole.items) < len(whole.checked.survey.items):
        label = "a split is one of the whole survey"
        remedy = f"Take the part first: `{whole.key}.{name.text}.where(…)`."
        return report(scope.sink, "AC385", name.span, label, remedy=remedy)
    if split is None:
        remedy = "Give the survey one: `split { train = 60%  valid = 20%  test = 20% }`."
        return report(scope.sink, "AC385", name.span, f"`{whole.key}` is not split", remedy=remedy)
    found = parts(whole.items, split, seed, whole.checked.assigned)
    if not found.get(name.text):
        there = {part: items for part, items in found.items() if items}
        remedy = f"The parts with items are {listing(there)}."
        return report(scope.sink, "AC385", name.span, f"the split leaves no items for `{name.text}`", remedy=remedy)
    return Asked(whole.key, whole.checked, found[name.text])


def _narrowed(call: Call, function: str, asked: Asked, scope: Scope, seed: int | Poison) -> Asked | Poison:
    match function:
        case "where":
            items = _where(call, asked, scope)
        case "sample":
            items = _sample(call, asked, scope, seed)
        case _:
            items = _chosen(call, asked, scope)
    if isinstance(items, Poison):
        return POISON
    if not items:
        return report(scope.sink, "AC331", call.span, "none of the items is left")
    return Asked(asked.key, asked.checked, items)


def _where(call: Call, asked: Asked, scope: Scope) -> tuple[Item, ...] | Poison:
    if len(call.arguments) != 1 or call.arguments[0].name is not None:
        remedy = "For example: `where(scale != nominal)`."
        return report(scope.sink, "AC309", call.span, "`where` takes one condition", remedy=remedy)
    condition = _condition(call.arguments[0].value, asked, scope)
    return POISON if isinstance(condition, Poison) else tuple(item for item in asked.items if condition(item))


_Condition = Callable[[Item], bool]


def _condition(expression: Expression, asked: Asked, scope: Scope) -> _Condition | Poison:
    if isinstance(expression, Unary) and expression.operator == "not":
        inner = _condition(expression.operand, asked, scope)
        return POISON if isinstance(inner, Poison) else lambda item: not inner(item)
    if isinstance(expression, Binary) and expression.operator in ("and", "or"):
        left = _condition(expression.left, asked, scope)
        right = _condition(expression.right, asked, scope)
        if isinstance(left, Poison) or isinstance(right, Poison):
            return POISON
        if expression.operator == "and":
            return lambda item: left(item) and right(item)
        return lambda item: left(item) or right(item)
    if isinstance(expression, Binary) and expression.operator in ("==", "!="):
        return _equal(expression, asked, scope)
    remedy = "For example: `scale != nominal and dimension == tradition`."
    label = f"`==` or `!=` is expected, and this is {called(expression)}"
    return report(scope.sink, "AC330", expression.span, label, remedy=remedy)


def _equal(expression: Binary, asked: Asked, scope: Scope) -> _Condition | Poison:
    column = _field(expression.left, scope)
    right = expression.right
    if not isinstance(right, Word | Text):
        label = f"a word or a text is expected, and this is {called(right)}"
        return report(scope.sink, "AC330", right.span, label, remedy="For example: `scale != nominal`.")
    if isinstance(column, Poison):
        return POISON
    word = right.value if isinstance(right, Text) else right.name.text
    there = SCALES if column == "scale" else sorted({getattr(item, column) for item in asked.checked.survey.items})
    if word not in there:
        remedy = close(word, there) or f"There is {listing(there)}."
        return report(scope.sink, "AC330", right.span, f"no item has the {column} `{word}`", remedy=remedy)
    wanted = expression.operator == "=="
    return lambda item: (getattr(item, column) == word) is wanted


def _field(expression: Expression, scope: Scope) -> str | Poison:
    if not isinstance(expression, Word):
        label = f"{listing(FIELDS)} is expected, and this is {called(expression)}"
        return report(scope.sink, "AC330", expression.span, label)
    if expression.name.text not in FIELDS:
        remedy = close(expression.name.text, FIELDS) or f"A condition asks for {listing(FIELDS)}."
        label = f"items have no `{expression.name.text}`"
        return report(scope.sink, "AC330", expression.span, label, remedy=remedy)
    return expression.name.text


def _sample(call: Call, asked: Asked, scope: Scope, seed: int | Poison) -> tuple[Item, ...] | Poison:
    size: int | Poison | None = None
    by = ""
    for argument in call.arguments:
        if argument.name is None and size is None:
            size = value(argument.value, (Want(int),), scope)
        elif argument.name is not None and argument.name.text == "by" and not by:
            column = _field(argument.value, scope)
            if isinstance(column, Poison):
                return POISON
            by = column
        else:
            return _misfit(argument, scope)
    if size is None:
        remedy = "For example: `sample(8, by = dimension)`."
        return report(scope.sink, "AC309", call.span, "`sample` takes a number of items", remedy=remedy)
    if isinstance(size, Poison) or isinstance(seed, Poison):
        return POISON
    if not 1 <= size <= len(asked.items):
        label = f"{size} of {len(asked.items)} items"
        return report(scope.sink, "AC332", call.span, label, remedy=f"Sample between 1 and {len(asked.items)}.")
    chosen = set(_drawn(asked.items, size, by, seed))
    return tuple(item for item in asked.items if item.id in chosen)


def _misfit(argument: Argument, scope: Scope) -> Poison:
    remedy = "For example: `sample(8, by = dimension)`."
    name = argument.name
    label = f"there is no argument `{name.text}`" if name else "one number is expected"
    return report(scope.sink, "AC309", argument.span, label, remedy=remedy)


def _drawn(items: tuple[Item, ...], size: int, by: str, seed: int) -> list[str]:
    """Ids of `size` items, taken in turn from each group of `by`; groups and items are ordered by hash, so that the
    order of the file does not matter and an item more or less leaves the rest of the sample as it was."""
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(getattr(item, by) if by else "", []).append(item.id)
    order = sorted(groups, key=lambda group: (seeded(seed, "sample", "group", group), group))
    ranked = [sorted(groups[group], key=lambda name: (seeded(seed, "sample", name), name)) for group in order]
    turns = [group[turn] for turn in range(max(map(len, ranked))) for group in ranked if turn < len(group)]
    return turns[:size]


def _chosen(call: Call, asked: Asked, scope: Scope) -> tuple[Item, ...] | Poison:
    there = {item.id: item for item in asked.items}
    names: set[str] = set()
    good = bool(call.arguments)
    if not good:
        report(scope.sink, "AC309", call.span, "`items` takes ids", remedy="For example: `items(Q1, Q2)`.")
    for argument in call.arguments:
        worth = argument.value
        word = worth.value if isinstance(worth, Text) else worth.name.text if isinstance(worth, Word) else None
        if word is None or argument.name is not None:
            remedy = "For example: `items(Q1, Q2)`."
            report(scope.sink, "AC309", argument.span, "the id of an item is expected", remedy=remedy)
        elif word not in there:
            remedy = close(word, there) or "Look into the survey's file of items."
            report(scope.sink, "AC208", argument.span, f"no item here is called `{word}`", remedy=remedy)
        elif word in names:
            report(scope.sink, "AC308", argument.span, "this is in the list already", remedy="Leave it out.")
        else:
            names.add(word)
            continue
        good = False
    return tuple(item for item in asked.items if item.id in names) if good else POISON

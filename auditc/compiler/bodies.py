"""The body of a block or a typed value against its form: a closed set of keys, each value of its type, nothing missing.

A form is a pydantic class; which keys there are and what they take is read off its fields. pydantic checks the values
at the end, and its findings are put into our words: its own are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from auditc.diagnostics import Label, Span
from auditc.ir.values import ByLanguage, ItemSet, Labelled, Repeated, Script
from auditc.spec.syntax import Attribute, Block, Expression, Items, Name, RangeLabel, Text, Typed

from .declarations import FromShelf, Holds, Keep, OneFigure
from .expressions import value
from .languages import unspoken
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .wants import Want, expected, wants

F = TypeVar("F", bound=BaseModel)

Special = Callable[[Expression, Want, Scope], Any]
"""Evaluates an expression that only the block's own kind understands."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A body that has been read: values by key, where each stands, which keys are poisoned, and blocks inside."""

    owner: Span
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Expression | Block] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)
    several: dict[str, list[Block]] = field(default_factory=dict)

    def place(self, key: str) -> Span:
        """Where the value of a key stands; the head of the block when the key is not there."""
        found = self.places.get(key)
        return found.span if found is not None else self.owner

    def entries(self, key: str) -> tuple[Span, ...]:
        """Where each entry of a list stands."""
        found = self.places.get(key)
        return tuple(entry.span for entry in found.values) if isinstance(found, Items) else ()


def keys(*forms: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of forms by the key that an author writes."""
    return {
        info.alias or name: info
        for form in forms
        for name, info in form.model_fields.items()
        if not any(isinstance(mark, Labelled) for mark in info.metadata)
    }


def head(owner: Block | Typed) -> Span:
    """The kind and the name of a block: what to point at when something is missing in it."""
    if isinstance(owner, Block) and isinstance(owner.label, Name | Text):
        return owner.kind.span.to(owner.label.span)
    return owner.kind.span


def fill(
    owner: Block | Typed,
    fields: dict[str, FieldInfo],
    scope: Scope,
    *,
    special: Special | None = None,
    inner: Iterable[str] = (),
) -> Filled:
    """Read a body against the fields it may have; blocks of the kinds `inner` are kept for the caller."""
    filled = Filled(head(owner))
    known = (*fields, *inner)
    first: dict[str, Span] = {}
    for part in owner.body:
        name = part.name if isinstance(part, Attribute) else part.kind
        if isinstance(part, Block) and name.text in inner and name.text not in fields:
            filled.blocks.append(part)
            continue
        info = fields.get(name.text)
        repeated = info is not None and isinstance(part, Block) and _repeated(info)
        if name.text in first and not repeated:
            related = (Label(first[name.text], "here first"),)
            report(scope.sink, "AC206", name.span, f"`{name.text}` is given already", related=related)
            continue
        first[name.text] = name.span
        if info is None:
            _unknown(part, name, known, inner, scope)
            continue
        worth = _part(part, info, scope, special)
        filled.places.setdefault(name.text, part.value if isinstance(part, Attribute) else part)
        if repeated:
            filled.several.setdefault(name.text, []).append(part)  # type: ignore[arg-type]  # a block, or not repeated
        if worth is POISON:
            filled.poisoned.add(name.text)
        elif repeated:
            filled.values[name.text] = (*filled.values.get(name.text, ()), worth)
        else:
            filled.values[name.text] = worth
    _missing(owner, fields, first, scope)
    filled.poisoned.update(key for key, info in fields.items() if info.is_required() and key not in first)
    return filled


def form(cls: type[F], filled: Filled, scope: Scope, label: Name | Text | RangeLabel | None = None) -> F | Poison:
    """The form made of what has been filled in, or POISON where anything of it is wrong."""
    mine = keys(cls)
    given = {key: worth for key, worth in filled.values.items() if key in mine}
    labelled = (name for name, info in cls.model_fields.items() if any(isinstance(m, Labelled) for m in info.metadata))
    given |= dict.fromkeys(labelled, label)
    poisoned = filled.poisoned & mine.keys()
    try:
        made = cls.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        # Of a number that is not one of the words either, only the number's law says something.
        bounded = {found["loc"][:1] for found in details if found["type"] != "literal_error"}
        for found in details:
            where = str(found["loc"][0]) if found["loc"] else ""
            if found["type"] == "literal_error" and found["loc"][:1] in bounded:
                continue
            if where not in poisoned and not (poisoned and found["type"] in ("missing", "value_error")):
                _rejected(found, filled, mine, scope)
        return POISON
    return POISON if poisoned else made


def read(cls: type[F], owner: Block | Typed, scope: Scope, special: Special | None = None) -> F | Poison:
    """A whole body as a form."""
    return form(cls, fill(owner, keys(cls), scope, special=special), scope)


def _unknown(part: Attribute | Block, name: Name, known: tuple[str, ...], inner: Iterable[str], scope: Scope) -> None:
    if isinstance(part, Attribute) and name.text in inner:
        remedy = f"Write `{name.text} {{ }}`."
        report(scope.sink, "AC212", name.span, f"`{name.text}` is a block", remedy=remedy)
        return
    remedy = close(name.text, known) or (f"The keys are {listing(known, 24)}." if known else "Nothing stands in it.")
    report(scope.sink, "AC205", name.span, f"there is no key `{name.text}` here", remedy=remedy)


def _missing(owner: Block | Typed, fields: dict[str, FieldInfo], first: dict[str, Span], scope: Scope) -> None:
    for key, info in fields.items():
        if info.is_required() and key not in first:
            said, example = expected(wants(info.annotation, tuple(info.metadata)))
            remedy = f"Add `{key} = {example}`."
            if info.annotation is not None and _is_block(info) and not _or_text(info):
                remedy = f"Add `{key} {{ … }}`."
            report(scope.sink, "AC207", head(owner), f"`{key}`, {said}, is missing", remedy=remedy)


def _is_block(info: FieldInfo) -> bool:
    """Whether a field is written as a block inside the block."""
    options = wants(info.annotation, tuple(info.metadata))
    return _repeated(info) or any(want.mark(ByLanguage) or _nested(want) for want in options)


def _repeated(info: FieldInfo) -> bool:
    return any(isinstance(mark, Repeated) for mark in info.metadata)


def _or_text(info: FieldInfo) -> bool:
    return any(mark.or_text for mark in info.metadata if isinstance(mark, ByLanguage))


def _nested(want: Want) -> bool:
    """Whether a type is a form of its own that is written as a block: `budget { … }`."""
    if not isinstance(want.type, type) or get_origin(want.type) or want.is_body:
        return False
    return issubclass(want.type, BaseModel) and not want.is_value


def _part(part: Attribute | Block, info: FieldInfo, scope: Scope, special: Special | None) -> Any:
    options = wants(info.annotation, tuple(info.metadata))
    if isinstance(part, Block):
        return _block(part, info, options, scope, special)
    key = part.name.text
    if _is_block(info):
        if _or_text(info):
            text = value(part.value, (Want(str),), scope)
            return POISON if text is POISON else {"*": text}
        return report(scope.sink, "AC212", part.name.span, f"`{key}` is a block", remedy=f"Write `{key} {{ … }}`.")
    return evaluate(part.value, options, scope, special)


def evaluate(expression: Expression, options: tuple[Want, ...], scope: Scope, special: Special | None = None) -> Any:
    """An expression as one of the things wanted, with the special ones left to who understands them."""
    first = options[0]
    if special and any(first.mark(kind) for kind in (FromShelf, ItemSet, Holds, OneFigure, Keep, Script)):
        return special(expression, first, scope)
    bodies = tuple(want for want in options if want.is_body)
    if isinstance(expression, Typed) and bodies:
        return _body(expression, bodies, options, scope)
    return value(expression, options, scope)


def _body(expression: Typed, bodies: tuple[Want, ...], options: tuple[Want, ...], scope: Scope) -> Any:
    word = expression.kind.text
    for want in bodies:
        if want.type.word == word:
            return read(want.type, expression, scope)
    words = [want.type.word for want in bodies]
    if any(word in want.words for want in options):
        remedy = f"Write `{word}` alone. What takes settings is {listing(f'{each} {{ … }}' for each in words)}."
        return report(scope.sink, "AC301", expression.span, f"`{word}` takes no settings", remedy=remedy)
    remedy = close(word, words) or f"What fits here is {listing(words)}."
    return report(scope.sink, "AC213", expression.kind.span, f"`{word}` is none of the words that fit", remedy=remedy)


def _block(
    part: Block, info: FieldInfo, options: tuple[Want, ...], scope: Scope, special: Special | None = None
) -> Any:
    key = part.kind.text
    if not _is_block(info):
        _, example = expected(options)
        return report(
            scope.sink, "AC212", part.kind.span, f"`{key}` is an attribute", remedy=f"Write `{key} = {example}`."
        )
    repeated = next((mark for mark in info.metadata if isinstance(mark, Repeated)), None)
    if part.label is not None and (repeated is None or repeated.label == "none"):
        return report(scope.sink, "AC211", part.label.span, "", remedy=f"Write `{key} {{ … }}`.")
    if options[0].mark(ByLanguage):
        return _by_language(part, scope)
    if repeated is None:
        return read(options[0].type, part, scope)
    if repeated.label == "step" and not isinstance(part.label, Name | RangeLabel):
        place = part.kind.span if part.label is None else part.label.span
        remedy = f"Write `{key} 1..5 {{ … }}`, or `{key} negotiate {{ … }}`."
        return report(scope.sink, "AC210", place, "a name, or a range of numbers, stands after the kind", remedy=remedy)
    return _entry(options[0].element[0].type, part, scope, special)


def _entry(cls: type[BaseModel], part: Block, scope: Scope, special: Special | None) -> Any:
    """One of several blocks of a kind, as its form; what stands before its body goes with it."""
    return form(cls, fill(part, keys(cls), scope, special=special), scope, label=part.label)


def _by_language(part: Block, scope: Scope) -> Any:
    found: dict[str, str] = {}
    poisoned = False
    for entry in part.body:
        if isinstance(entry, Block):
            remedy = f'Write `{part.kind.text} {{ en = "…" }}`.'
            report(scope.sink, "AC212", entry.kind.span, "a text for each language stands here", remedy=remedy)
            poisoned = True
            continue
        text = value(entry.value, (Want(str),), scope)
        if entry.name.text in found:
            report(scope.sink, "AC206", entry.name.span, f"`{entry.name.text}` is given already")
        wrong = unspoken(entry.name.text)
        if wrong is not None:
            report(scope.sink, "AC408", entry.name.span, wrong[0], remedy=wrong[1])
        poisoned = poisoned or text is POISON or wrong is not None
        found[entry.name.text] = text
    return POISON if poisoned else found


def _rejected(found: ErrorDetails, filled: Filled, fields: dict[str, FieldInfo], scope: Scope) -> None:
    """One finding of pydantic in our words, at the value that it is about."""
    where, *deeper = found["loc"] or ("",)
    key = str(where)
    span = filled.place(key)
    entries = filled.entries(key)
    if deeper and isinstance(deeper[0], int) and deeper[0] < len(entries):
        span = entries[deeper[0]]
    context = found.get("ctx", {})
    match found["type"]:
        case "greater_than_equal":
            report(scope.sink, "AC304", span, f"`{key}` is at least {_shown(context['ge'])}")
        case "greater_than":
            report(scope.sink, "AC304", span, f"`{key}` is more than {_shown(context['gt'])}")
        case "less_than_equal":
            remedy = "" if span.text.endswith("%") else _percent(fields[key], filled.values.get(key))
            report(scope.sink, "AC304", span, f"`{key}` is at most {_shown(context['le'])}", remedy=remedy)
        case "less_than":
            report(scope.sink, "AC304", span, f"`{key}` is less than {_shown(context['lt'])}")
        case "multiple_of":
            report(scope.sink, "AC304", span, f"`{key}` is a multiple of {_shown(context['multiple_of'])}")
        case "too_short":
            report(scope.sink, "AC307", span, f"`{key}` has at least {context['min_length']}")
        case "too_long":
            report(scope.sink, "AC307", span, f"`{key}` has at most {context['max_length']}")
        case "string_too_short":
            report(scope.sink, "AC312", span, f"`{key}` has at least {context['min_length']} characters")
        case "string_too_long":
            report(scope.sink, "AC312", span, f"`{key}` has at most {context['max_length']} characters")
        case "string_pattern_mismatch":
            report(scope.sink, "AC312", span, f"`{key}` has the form {_form(context['pattern'])}")
        case "literal_error":
            _, example = expected(wants(fields[key].annotation, tuple(fields[key].metadata)))
            report(scope.sink, "AC304", span, f"`{key}` is {example}")
        case "value_error":
            said = str(context["error"])
            report(scope.sink, "AC313", span, f"`{key}`: {said}" if key else said)
        case _:
            said, example = (
                expected(wants(fields[key].annotation, tuple(fields[key].metadata))) if key in fields else ("", "")
            )
            label = f"`{key}` is {said}" if said else "these values do not fit together"
            report(scope.sink, "AC301", span, label, remedy=f"For example: `{example}`." if example else "")


def _percent(info: FieldInfo, given: object) -> str:
    """What to write where somebody has left out a percent sign."""
    share = any(want.unit == "share" for want in wants(info.annotation, tuple(info.metadata)))
    meant = share and isinstance(given, float) and 1 < given <= 100
    return f"Write `{given:g}%`." if meant else ""


def _shown(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, int | float) else str(bound)


def _form(pattern: object) -> str:
    if str(pattern).startswith("^https?://"):
        return "`https://host/path`, without a name, a password or a query"
    known = {"^[0-9a-f]{40}$": "40 digits out of 0-9 and a-f", "^[0-9a-f]{64}$": "64 digits out of 0-9 and a-f"}
    return known.get(str(pattern), f"`{pattern}`")

"""What an attribute wants, in words: the noun of its type, and an example that could be pasted."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from auditc.ir.values import (
    Body,
    ByLanguage,
    Columns,
    ItemSet,
    Money,
    OwnWord,
    Range,
    RecordingFile,
    RefTo,
    Script,
    Secret,
    Table,
    Unit,
)
from auditc.spec.syntax import Binary, Call, Expression, Index, Items, Member, Number, Switch, Text, Typed, Unary, Word

from .declarations import FromShelf, Grid, Holds, Keep, LanguageWord, OneFigure, ReportWord


@dataclass(frozen=True, slots=True)
class Want:
    """One thing an attribute takes: a type, and the marks it is annotated with."""

    type: Any
    marks: tuple[Any, ...] = ()

    def mark(self, kind: type) -> Any:
        """The mark of this kind, or None."""
        return next((mark for mark in self.marks if isinstance(mark, kind)), None)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of an enumeration; empty for any other type."""
        return tuple(a for a in get_args(self.type) if isinstance(a, str)) if get_origin(self.type) is Literal else ()

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) in (tuple, list, frozenset)

    @property
    def element(self) -> tuple[Want, ...]:
        """What each entry of a list may be."""
        return wants(get_args(self.type)[0])

    @property
    def is_body(self) -> bool:
        return isinstance(self.type, type) and issubclass(self.type, Body)

    @property
    def is_value(self) -> bool:
        """Whether it is written as an expression, though it is a form."""
        return self.type in (Range, Table, RecordingFile, Money, Secret)

    @property
    def unit(self) -> str:
        """What a number counts."""
        if self.type is Money:
            return "money"
        mark = self.mark(Unit)
        return mark.of if mark else "count" if self.type is int else "number"


def wants(annotation: Any, marks: tuple[Any, ...] = ()) -> tuple[Want, ...]:
    """All that an annotation takes; `None` is what stands when the key is left out, and cannot be written."""
    return tuple(_wants(annotation, marks))


def _wants(annotation: Any, marks: tuple[Any, ...]) -> Iterator[Want]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        yield from _wants(inner, (*marks, *more))
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _wants(member, marks)
    elif annotation is not type(None):
        yield Want(annotation, marks)


_NUMBERS: Final = {
    "number": ("a number", "0.5"),
    "share": ("a share", "10%"),
    "count": ("a whole number", "20"),
    "tokens": ("a number of tokens", "20M"),
    "duration": ("a duration", "30min"),
    "bytes": ("a size", "2GB"),
    "money": ("an amount of money", "10usd"),
}

_MARKED: Final[tuple[tuple[type, tuple[str, str]], ...]] = (
    (ItemSet, ("a survey or a part of one", "values.sample(8, by = dimension)")),
    (Holds, ("a comparison", "each(opinions.jsd, over = [model, population]) > 0.8")),
    (OneFigure, ("a figure", "opinions.jsd")),
    (Grid, ("a data file", 'csv("items.csv")')),
    (Keep, ("`last` or `lowest(valid)`", "lowest(valid)")),
    (LanguageWord, ("a language", "en")),
    (ReportWord, ("a form of report", "html")),
    (ByLanguage, ("a text", '"…"')),
)


_SHELVES: Final = {
    "weights": ("weights", 'hf("owner/model", revision = "…")'),
    "backends": ("a backend", "transformers { }"),
    "objectives": ("an objective", "first_token_kl { survey = values.train }"),
}


def noun(want: Want) -> tuple[str, str]:
    """What is wanted, and an example of it."""
    for kind, said in _MARKED:
        if want.mark(kind):
            return said
    shelf = want.mark(FromShelf)
    if shelf:
        return _SHELVES[shelf.shelf]
    reference = want.mark(RefTo)
    if reference:
        return f"the name of a {reference.kind}", f"my_{reference.kind}"
    own = want.mark(OwnWord)
    if own:
        return f"the name of a {own.of}", f"my_{own.of}"
    script = want.mark(Script)
    if script:
        return ("a condition", "choice(3) == a") if script.of == "condition" else ("a step", "negotiate")
    if want.words:
        return "one of the words " + ", ".join(want.words), want.words[0]
    return _plain_noun(want)


def _plain_noun(want: Want) -> tuple[str, str]:
    if want.is_list:
        said, example = noun(want.element[0])
        return f"a list, each entry {said}", f"[{example}]"
    if want.is_body:
        return f"`{want.type.word} {{ … }}`", f"{want.type.word} {{ }}"
    if get_origin(want.type) is Literal:
        values = [str(value) for value in get_args(want.type)]
        return "the number " + " or ".join(values), values[0]
    if want.type is bool:
        return "`on` or `off`", "on"
    if want.type in (int, float):
        said, example = _NUMBERS[want.unit]
        return (said, example) if want.type is float or want.unit == "tokens" else ("a whole number", example)
    if want.type is Money:
        return _NUMBERS["money"]
    if want.type is Secret:
        return "an environment variable", 'env("MY_KEY")'
    if want.type is Range:
        return "a range", "0..15"
    if want.type is RecordingFile:
        return "a recording", 'exchanges("exchanges.jsonl.gz")'
    if want.type is Table:
        columns = want.mark(Columns)
        named = f" with the columns {', '.join(columns.names)}" if columns else ""
        return f"a data file{named}", 'csv("table.csv")'
    return "a text in quotes", '"…"'


def referred(params: BaseModel, kind: str = "model") -> Iterator[str]:
    """The blocks of a kind that a form's values name."""
    for name, info in type(params).model_fields.items():
        marks = [want.mark(RefTo) for want in wants(info.annotation, tuple(info.metadata))]
        if any(mark is not None and mark.kind == kind for mark in marks):
            named = getattr(params, name)
            yield from (named,) if isinstance(named, str) else ()


def expected(options: tuple[Want, ...]) -> tuple[str, str]:
    """All that is wanted in one phrase, and an example of the first."""
    said = [noun(want) for want in options]
    return " or ".join(dict.fromkeys(phrase for phrase, _ in said)), said[0][1] if said else ""


def called(expression: Expression) -> str:
    """What an expression is, in words."""
    match expression:
        case Text():
            return "a text"
        case Number():
            return "a number"
        case Switch():
            return "a switch"
        case Word() | Member():
            return "a name"
        case Index():
            return "a figure"
        case Call():
            return "a call"
        case Typed():
            return f"`{expression.kind.text} {{ … }}`"
        case Items():
            return "a list"
        case Binary() if expression.operator == "..":
            return "a range"
        case Binary() | Unary():
            return "a calculation"

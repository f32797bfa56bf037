"""What may stand in the body of a block: its keys with what they take, and the blocks inside. Read off the forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from auditc.compiler.bodies import keys
from auditc.compiler.declarations import ASKING, KINDS, FromShelf
from auditc.compiler.wants import Want, wants
from auditc.ir.values import ByLanguage
from auditc.methods import methods
from auditc.metrics import metrics
from auditc.shelf import Shelf


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A body: the forms that its keys come from, the kinds of block inside that are no keys, and whether its keys are
    languages or the author's own names."""

    forms: tuple[type[BaseModel], ...] = ()
    inner: tuple[str, ...] = ()
    by_language: bool = False
    own_names: bool = False
    fields: dict[str, FieldInfo] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", keys(*self.forms))

    def owner(self, key: str) -> tuple[type[BaseModel], str] | None:
        """The form that a key comes from, and the name of its field there."""
        for form in self.forms:
            for name, info in form.model_fields.items():
                if (info.alias or name) == key:
                    return form, name
        return None

    def options(self, key: str) -> tuple[Want, ...]:
        """What a key takes; nothing for a key that does not exist."""
        info = self.fields.get(key)
        return wants(info.annotation, tuple(info.metadata)) if info else ()

    def is_block(self, key: str) -> bool:
        """Whether a key is written as a block, `budget { … }`."""
        return self.within(key) is not None and not any(want.mark(FromShelf) for want in self.options(key))

    def within(self, key: str) -> Shape | None:
        """What stands in a block inside this one."""
        if key in self.inner and key not in self.fields:
            return Shape((metrics.take(key).params,))
        options = self.options(key)
        if any(want.mark(ByLanguage) for want in options):
            return Shape(by_language=True)
        nested = next(_nested(options), None)
        return Shape((nested,)) if nested else None


def _nested(options: tuple[Want, ...]) -> Iterator[type[BaseModel]]:
    """The forms among what a key takes that are written as blocks; those of a tuple may be written several times."""
    for want in options:
        if want.is_list:
            yield from _nested(want.element)
        elif (
            isinstance(want.type, type) and issubclass(want.type, BaseModel) and not want.is_body and not want.is_value
        ):
            yield want.type


def shape_of(kind: str) -> Shape | None:
    """The body of a block of this kind; None for a kind that does not exist."""
    if kind == "let":
        return Shape(own_names=True)
    if kind in KINDS:
        return Shape((KINDS[kind],))
    if kind in methods.names():
        method = methods.take(kind)
        return Shape((ASKING[method.asks], method.params), metrics.names())
    return None


def shape_of_value(word: str, options: tuple[Want, ...]) -> Shape | None:
    """The body of `word { … }` where one of these things is wanted."""
    for want in options:
        if want.is_body and want.type.word == word:
            return Shape((want.type,))
        mark: FromShelf | None = want.mark(FromShelf)
        if mark and not mark.called and word in shelf_of(mark).names():
            return Shape((shelf_of(mark).take(word).params,))
    return None


def shape_of_call(word: str, options: tuple[Want, ...]) -> Shape | None:
    """The arguments of `word(…)`, where a thing from a shelf is called."""
    for want in options:
        mark: FromShelf | None = want.mark(FromShelf)
        if mark and mark.called and word in shelf_of(mark).names():
            return Shape((shelf_of(mark).take(word).params,))
    return None


def shelf_of(mark: FromShelf) -> Shelf[Any]:
    """The shelf that a thing comes from: a package that holds an object of its own name."""
    return cast("Shelf[Any]", getattr(import_module(f"auditc.{mark.shelf}"), mark.shelf))


def shelves(*, called: bool) -> frozenset[str]:
    """All words that stand for things from shelves in the language's own blocks, called or with a body."""
    shapes = [Shape((form,)) for form in KINDS.values()]
    options = [want for shape in shapes for key in shape.fields for want in shape.options(key)]
    marks = [mark for want in options if (mark := want.mark(FromShelf)) and mark.called is called]
    return frozenset(name for mark in marks for name in shelf_of(mark).names())

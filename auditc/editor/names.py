"""Names in a spec: where each is declared, and every place that means it, across all files of the spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from auditc.compiler.claims import CALLS, OPEN
from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import Grid, Holds, Keep, LanguageWord, OneFigure, ReportWord
from auditc.compiler.load import Module
from auditc.compiler.resolve import Names
from auditc.compiler.wants import Want
from auditc.diagnostics import Span
from auditc.ir.values import ItemSet, OwnWord, RefTo, Script, Table
from auditc.spec.syntax import (
    Attribute,
    Binary,
    Block,
    Call,
    Expression,
    Import,
    Index,
    Items,
    Member,
    Name,
    Typed,
    Unary,
    Word,
)

from .project import View
from .shapes import Shape, shape_of, shape_of_call, shape_of_value

_OWN_WORDS: Final = (LanguageWord, ReportWord, OwnWord, Script, Keep)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name means: a block, a constant or an import alias of this name in the file at `module`."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name stands: what it means there, and whether it is declared there."""

    meant: Meant
    span: Span
    declares: bool = False


def occurrences(view: View) -> Iterator[Occurrence]:
    """Every name in every file of a spec, as far as the files parse."""
    names = view.names
    if names is not None:
        for module in view.modules():
            yield from _Walk(names, module).run()


def occurrence_at(view: View, module: Module, offset: int) -> Occurrence | None:
    """The name that stands at a place of a file."""
    names = view.names
    if names is None:
        return None
    found = (o for o in _Walk(names, module).run() if o.span.start <= offset <= o.span.end)
    return next(found, None)


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Goes through a file with the types of its attributes at hand: they decide what a word means."""

    names: Names
    module: Module

    def run(self) -> Iterator[Occurrence]:
        for statement in self.module.file.statements:
            if isinstance(statement, Import):
                yield self._declared(statement.alias)
                continue
            if statement.kind.text == "let":
                yield from self._constants(statement)
                continue
            if isinstance(statement.label, Name) and statement.kind.text != "audit":
                yield self._declared(statement.label)
            yield from self._body(statement.body, shape_of(statement.kind.text))

    def _declared(self, name: Name) -> Occurrence:
        return Occurrence(Meant(self.module.name, name.text), name.span, True)

    def _constants(self, block: Block) -> Iterator[Occurrence]:
        for part in block.body:
            if isinstance(part, Attribute):
                yield self._declared(part.name)
                yield from self._value(part.value, (Want(float),))

    def _body(self, body: tuple[Attribute | Block, ...], shape: Shape | None) -> Iterator[Occurrence]:
        for part in body:
            if isinstance(part, Block):
                inner = shape.within(part.kind.text) if shape else None
                yield from self._body(part.body, inner) if inner else self._about(part, shape)
            elif shape is not None:
                yield from self._value(part.value, shape.options(part.name.text) or (Want(str),))

    def _about(self, block: Block, outer: Shape | None) -> Iterator[Occurrence]:
        """A block that no form describes: its label and keys are names where such names are declared, and its values
        are what the block's own key takes."""
        options = outer.options(block.kind.text) if outer else ()
        if isinstance(block.label, Name):
            yield from self._short(block.label)
        for part in block.body:
            if isinstance(part, Attribute):
                yield from self._short(part.name)
                yield from self._value(part.value, options or (Want(str),))

    def _short(self, name: Name) -> Iterator[Occurrence]:
        """A name of this file, or without its alias one of a file that is imported."""
        here = list(self._named(Word(name, name.span)))
        imported = (module for module in self.module.imports.values() if isinstance(module, Module))
        there = (Occurrence(Meant(m.name, name.text), name.span) for m in imported if self._knows(m.name, name.text))
        yield from here or islice(there, 1)

    def _value(self, value: Expression, options: tuple[Want, ...]) -> Iterator[Occurrence]:
        if any(want.mark(ItemSet) for want in options):
            yield from self._items(value)
        elif any(want.mark(Holds) or want.mark(OneFigure) for want in options):
            yield from self._figures(value)
        elif isinstance(value, Items):
            inner = tuple(e for want in options if want.is_list for e in want.element) or options
            for entry in value.values:
                yield from self._value(entry, inner)
        elif isinstance(value, Typed):
            yield from self._body(value.body, shape_of_value(value.kind.text, options))
        elif isinstance(value, Call):
            yield from self._call(value, options)
        elif isinstance(value, Binary):
            yield from self._value(value.left, options)
            yield from self._value(value.right, options)
        elif isinstance(value, Unary):
            yield from self._value(value.operand, options)
        elif isinstance(value, Word | Member) and not self._is_own_word(value, options):
            yield from self._named(value)

    def _is_own_word(self, value: Word | Member, options: tuple[Want, ...]) -> bool:
        """Whether a word stands for itself: one of an enumeration, a language, a form of report."""
        if any(want.mark(RefTo) for want in options):
            return False
        if any(want.mark(mark) for want in options for mark in _OWN_WORDS):
            return True
        return isinstance(value, Word) and any(value.name.text in want.words for want in options)

    def _call(self, call: Call, options: tuple[Want, ...]) -> Iterator[Occurrence]:
        word = call.of.name.text if isinstance(call.of, Word) else ""
        if word in READERS and any(want.mark(Grid) or want.type is Table for want in options):
            return  # what stands in it are columns
        shape = shape_of_call(word, options)
        for place, argument in enumerate(call.arguments):
            fields = tuple(shape.fields) if shape else ()
            key = argument.name.text if argument.name else fields[place] if place < len(fields) else ""
            inner = shape.options(key) if shape else ()
            yield from self._value(argument.value, inner or (Want(str),))

    def _items(self, value: Expression) -> Iterator[Occurrence]:
        """A survey or a part of it: conditions and ids are words of its own."""
        if isinstance(value, Call) and isinstance(value.of, Member):
            yield from self._items(value.of.of)
            if value.of.name.text == "sample":
                for argument in value.arguments:
                    if argument.name is None:
                        yield from self._value(argument.value, (Want(int),))
        elif isinstance(value, Word | Member):
            yield from self._named(value)

    def _figures(self, value: Expression) -> Iterator[Occurrence]:
        match value:
            case Binary():
                yield from self._figures(value.left)
                yield from self._figures(value.right)
            case Unary():
                yield from self._figures(value.operand)
            case Call() if isinstance(value.of, Word) and value.of.name.text in CALLS:
                for argument in value.arguments:
                    if argument.name is None:
                        yield from self._figures(argument.value)
            case Index():
                yield from self._figures(value.of)
                for argument in value.arguments:
                    if argument.name is not None and argument.name.text in OPEN:
                        yield from self._value(argument.value, (Want(str, (RefTo(argument.name.text),)),))
            case Member() if isinstance(value.of, Word | Member):
                yield from self._named(value.of)
            case Word():
                yield from self._named(value)

    def _named(self, value: Word | Member) -> Iterator[Occurrence]:
        """A name of this file, or `alias.name` of another."""
        if isinstance(value, Word):
            if self._knows(self.module.name, value.name.text) or value.name.text in self.module.imports:
                yield Occurrence(Meant(self.module.name, value.name.text), value.name.span)
            return
        if isinstance(value.of, Word) and value.of.name.text in self.module.imports:
            yield Occurrence(Meant(self.module.name, value.of.name.text), value.of.name.span)
            imported = self.module.imports[value.of.name.text]
            if isinstance(imported, Module) and self._knows(imported.name, value.name.text):
                yield Occurrence(Meant(imported.name, value.name.text), value.name.span)
        elif isinstance(value.of, Word | Member):  # a part of what is named
            yield from self._named(value.of)

    def _knows(self, module: str, name: str) -> bool:
        return name in self.names.declared.get(module, {}) or name in self.names.constants.get(module, {})

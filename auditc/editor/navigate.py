"""From a name to its declaration, to all its places, and to another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditc.compiler.load import Module
from auditc.compiler.packages import home
from auditc.diagnostics import Span
from auditc.spec.syntax import Attribute, Block, Call, Expression, Import, Text
from auditc.spec.tokens import LETTER, WORD

from .names import Meant, occurrence_at, occurrences
from .project import Project, View
from .words import SWITCHES, words

_NAME = re.compile(rf"{LETTER}{WORD}*")


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a file."""

    path: Path
    start: int
    end: int


class Refusal(Exception):
    """A renaming that cannot be done, and why."""


def definition(view: View, module: Module, offset: int) -> Place | None:
    """Where the name at a place is declared, or the file that a text there names."""
    found = occurrence_at(view, module, offset)
    if found is None:
        return _file_at(view, module, offset)
    statement = _import_of(view, found.meant)
    if statement is not None:
        return _file(view, module, statement.path.value)
    declaring = next((o for o in occurrences(view) if o.meant == found.meant and o.declares), None)
    return _placed(view, declaring.span) if declaring else None


def references(project: Project, path: Path, offset: int, *, declaration: bool = True) -> tuple[Place, ...]:
    """Every place, in every spec that the file is part of, where the name at a place stands."""
    found: dict[Place, None] = {}
    for view in project.views_of(path):
        module = view.module_at(path)
        here = occurrence_at(view, module, offset) if module else None
        if here is not None:
            same = (o for o in occurrences(view) if o.meant == here.meant and (declaration or not o.declares))
            found |= {_placed(view, o.span): None for o in same}
    return tuple(sorted(found, key=lambda place: (str(place.path), place.start)))


def renamable(project: Project, path: Path, offset: int) -> Place | None:
    """The name at a place that can be renamed; None for a word of the language, a text, a blank."""
    for view in project.views_of(path):
        module = view.module_at(path)
        found = occurrence_at(view, module, offset) if module else None
        if found is not None:
            return _placed(view, found.span)
    return None


def rename(project: Project, path: Path, offset: int, new: str) -> tuple[Place, ...]:
    """The places to write the new name at. Raises Refusal where there is none, and for a name that is bad or taken."""
    if renamable(project, path, offset) is None:
        raise Refusal("There is no name here that can be changed.")
    if not _NAME.fullmatch(new) or not new.isidentifier():
        raise Refusal(f"`{new}` is no name: letters, digits and `_`, and no digit first.")
    if new in words().keywords | words().kinds | SWITCHES:
        raise Refusal(f"`{new}` is a word of the language.")
    for view in project.views_of(path):
        _refuse_taken(view, path, offset, new)
    places = references(project, path, offset)
    _refuse_change(project, path, places, new)
    return places


def _refuse_taken(view: View, path: Path, offset: int, new: str) -> None:
    module = view.module_at(path)
    found = occurrence_at(view, module, offset) if module else None
    names = view.names
    if found is None or names is None:
        return
    package = home(found.meant.module)
    if package is not None:
        raise Refusal(f"`{found.meant.name}` is declared in the package {package[0]}, and a package never changes.")
    where = next((m for m in view.modules() if m.name == found.meant.module), None)
    taken = {*names.declared.get(found.meant.module, {}), *names.constants.get(found.meant.module, {})}
    taken |= set(where.imports) if where else set()
    if new in taken and new != found.meant.name:
        raise Refusal(f"`{new}` is taken in {found.meant.module}.")


def _refuse_change(project: Project, path: Path, places: tuple[Place, ...], new: str) -> None:
    """Try the renaming on a copy: a spec that has other mistakes afterwards is left as it is."""
    texts = {place.path: project.text(place.path) for place in places}
    renamed = Project(project.folders)
    for other in project.open:
        renamed.show(other, project.text(other))
    for file, text in texts.items():
        renamed.show(file, replaced(text, [(p.start, p.end) for p in places if p.path == file], new))
    for view in project.views_of(path):
        before = sorted(d.code for d in view.diagnostics)
        after = sorted(d.code for d in renamed.view(view.entry).diagnostics)
        if before != after:
            raise Refusal(f"With `{new}` the spec would mean something else.")


def replaced(text: str, places: list[tuple[int, int]], new: str) -> str:
    """A text with another word at each of these places."""
    for start, end in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _placed(view: View, span: Span) -> Place:
    return Place(view.place(span.source.name), span.start, span.end)


def _import_of(view: View, meant: Meant) -> Import | None:
    for module in view.modules():
        for statement in module.file.statements:
            if module.name == meant.module and isinstance(statement, Import) and statement.alias.text == meant.name:
                return statement
    return None


def _file_at(view: View, module: Module, offset: int) -> Place | None:
    """The file that is named by the text at a place: of an import, or of a call that reads a data file."""
    for statement in module.file.statements:
        for text in _paths(statement):
            if text.span.start <= offset <= text.span.end:
                return _file(view, module, text.value)
    return None


def _paths(node: Import | Block | Attribute) -> Iterator[Text]:
    if isinstance(node, Import):
        yield node.path
    elif isinstance(node, Block):
        for part in node.body:
            yield from _paths(part)
    else:
        yield from _texts(node.value)


def _texts(value: Expression) -> Iterator[Text]:
    """The first text in each call of a value, and in the calls inside it."""
    if isinstance(value, Call):
        texts = [a.value for a in value.arguments if a.name is None and isinstance(a.value, Text)]
        yield from texts[:1]
        for argument in value.arguments:
            yield from _texts(argument.value)
    for part in getattr(value, "body", ()):
        yield from _paths(part)


def _file(view: View, module: Module, name: str) -> Place | None:
    path = view.place(str(Path(module.name).parent / name))
    inside = path.is_relative_to(view.root) and path.is_file()
    return Place(path, 0, 0) if inside else None

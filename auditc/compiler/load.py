"""Reads a spec and all that it names: the files it imports and its data files, all inside one folder.

The workspace is the folder of the entry spec. Nothing outside it is read, neither by an absolute path nor through
`..` or a link, so that a spec and its folder are the whole of what an audit rests on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from auditc.diagnostics import Label, Sink, Source, Span
from auditc.spec.parse import parse
from auditc.spec.read import read
from auditc.spec.syntax import File, Import

from .mistakes import POISON, Poison, close, report
from .tables import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """One file of a spec, and what it imports by alias. An import that could not be read is poison."""

    file: File
    imports: dict[str, Module | Poison] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Path of the file in the workspace."""
        return self.file.source.name


class Reading:
    """How files are got at and taken apart. An editor has a reading of its own, which knows buffers that are not saved
    yet and remembers what it has read."""

    def content(self, path: Path) -> bytes:
        """The bytes of a file. Raises OSError or ValueError where there is none to be had."""
        return path.read_bytes()

    def parsed(self, source: Source, sink: Sink) -> File:
        """The tree of a spec."""
        return parse(source, sink)

    def grid(self, source: Source, reader: Callable[[Source, Sink], Grid | Poison], sink: Sink) -> Grid | Poison:
        """The rows of a data file."""
        return reader(source, sink)


@dataclass(slots=True)
class Workspace:
    """The folder that a spec may read, and what has been read out of it: digests by path."""

    root: Path
    sink: Sink
    reading: Reading = field(default_factory=Reading)
    digests: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, Source | Poison] = field(default_factory=dict)
    _specs: dict[str, Source] = field(default_factory=dict)
    _grids: dict[tuple[str, object], Grid | Poison] = field(default_factory=dict)

    def spec(self, path: str, beside: str, at: Span) -> Source | Poison:
        """The text of a spec named `path` in the file `beside`. A file that cannot be had is reported at `at`."""
        source = self._once(path, beside, at, lambda name, content: read(name, content, self.sink) or POISON)
        if not isinstance(source, Poison):
            self._specs[source.name] = source
        return source

    def data(self, path: str, beside: str, at: Span) -> Source | Poison:
        """The text of a data file named `path` in the file `beside`. One that cannot be had is reported at `at`."""
        return self._once(path, beside, at, lambda name, content: self._text(name, content, at))

    def specs(self) -> tuple[Source, ...]:
        """All spec files that were read."""
        return tuple(self._specs.values())

    def grid(self, source: Source, reader: Callable[[Source, Sink], Grid | Poison]) -> Grid | Poison:
        """A data file taken apart by a reader, once for however many blocks use it."""
        key = (source.name, reader)
        if key not in self._grids:
            self._grids[key] = self.reading.grid(source, reader, self.sink)
        return self._grids[key]

    def _once(
        self, path: str, beside: str, at: Span, decode: Callable[[str, bytes], Source | Poison]
    ) -> Source | Poison:
        inside = self._inside(path, beside, at)
        if isinstance(inside, Poison):
            return POISON
        if inside not in self._sources:
            content = self._bytes(inside, at)
            self._sources[inside] = POISON if isinstance(content, Poison) else decode(inside, content)
        return self._sources[inside]

    def _inside(self, path: str, beside: str, at: Span) -> str | Poison:
        remedy = "Move the file beside the spec and name it by its path from here."
        if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute() or "\\" in path:
            return report(self.sink, "AC011", at, "a path begins here and has `/` between its parts", remedy=remedy)
        joined = os.path.normpath((PurePosixPath(beside).parent / path).as_posix())
        relative = PurePosixPath(joined.replace(os.sep, "/")).as_posix()
        if relative == ".." or relative.startswith("../"):
            return report(self.sink, "AC011", at, "this leads out of the folder of the spec", remedy=remedy)
        root = self.root.resolve()
        try:
            outside = not (root / relative).resolve().is_relative_to(root)
        except (OSError, ValueError, RuntimeError):
            return report(self.sink, "AC010", at, "this path leads nowhere")
        if outside:
            return report(self.sink, "AC011", at, "this is a link out of the folder of the spec", remedy=remedy)
        return relative

    def _bytes(self, relative: str, at: Span) -> bytes | Poison:
        path = self.root / relative
        try:
            content = self.reading.content(path)
        except (OSError, ValueError) as error:
            label, remedy = _why(path, error)
            return report(self.sink, "AC010", at, label, remedy=remedy)
        self.digests[relative] = hashlib.sha256(content).hexdigest()
        return content

    def _text(self, name: str, content: bytes, at: Span) -> Source | Poison:
        try:
            return Source(name, content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            label = f"line {line} of the file holds bytes that are no UTF-8"
            return report(self.sink, "AC012", at, label, remedy="Save the file as UTF-8.")


def _why(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    """What to say of a file that cannot be read: a label, a remedy."""
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return "this is a folder", "Name a file."
    if isinstance(error, FileNotFoundError):
        try:
            beside = sorted(entry.name for entry in path.parent.iterdir())
        except OSError:
            return "there is no such file", "Make the file, or mend its path."
        return "there is no such file", close(path.name, beside) or "Make the file, or mend its path."
    return "the system does not allow it", "Look at the file's permissions."


def load(path: Path, sink: Sink, reading: Reading | None = None) -> tuple[Module, Workspace] | Poison:
    """The entry spec with everything that it imports, and the workspace it lies in."""
    workspace = Workspace(path.parent, sink, reading or Reading())
    nowhere = Source(path.name, "")
    source = workspace.spec(path.name, path.name, Span(nowhere, 0, 0))
    if isinstance(source, Poison):
        return POISON
    modules = {source.name: Module(workspace.reading.parsed(source, sink))}
    open_files = [source.name]
    _import(modules[source.name], workspace, modules, open_files)
    return modules[source.name], workspace


def _import(module: Module, workspace: Workspace, modules: dict[str, Module], open_files: list[str]) -> None:
    """Fill in the imports of `module`. A file that is imported twice is one module."""
    for statement in module.file.statements:
        if not isinstance(statement, Import) or statement.alias.text in module.imports:
            continue
        imported = _module(statement, module, workspace, modules, open_files)
        module.imports[statement.alias.text] = imported


def _module(
    statement: Import, module: Module, workspace: Workspace, modules: dict[str, Module], open_files: list[str]
) -> Module | Poison:
    source = workspace.spec(statement.path.value, module.name, statement.path.span)
    if isinstance(source, Poison):
        return POISON
    if source.name in open_files:
        circle = " → ".join([*open_files[open_files.index(source.name) :], source.name])
        remedy = "Move what both files need into a third one."
        return report(workspace.sink, "AC013", statement.span, circle, remedy=remedy)
    if source.name not in modules:
        imported = Module(workspace.reading.parsed(source, workspace.sink))
        modules[source.name] = imported
        open_files.append(source.name)
        _import(imported, workspace, modules, open_files)
        open_files.pop()
    return modules[source.name]


def imported_twice(module: Module) -> tuple[tuple[Import, Label], ...]:
    """Imports whose alias an earlier import of the same file has taken, each with that earlier one."""
    first: dict[str, Import] = {}
    twice = []
    for statement in module.file.statements:
        if isinstance(statement, Import):
            earlier = first.setdefault(statement.alias.text, statement)
            if earlier is not statement:
                twice.append((statement, Label(earlier.alias.span, "declared here")))
    return tuple(twice)

"""Reads a spec and all that it names: the files it imports and its data files, inside one folder or inside packages.

The workspace is the folder of the entry spec. Nothing outside it is read, neither by an absolute path nor through
`..` or a link, so that a spec and its folder are the whole of what an audit rests on. Packages (packages.py) are such
folders too: a file of a package reaches the files of its package, and other packages, and nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from auditc.diagnostics import Label, Sink, Source, Span
from auditc.spec.contents import NotOrdinary, contents
from auditc.spec.parse import parse
from auditc.spec.read import LARGEST, read, refuse_size
from auditc.spec.syntax import File, Import

from .mistakes import POISON, Poison, close, report
from .packages import MAIN, Packages, bad_reference, home, malformed, package_of, shadowed
from .tables import Grid

LARGEST_DATA: Final = 50_000_000
"""Bytes of a data file. Its rows stand in the plan, and a plan is read by people and kept in version control."""

LARGEST_RECORDING: Final = 1_000_000_000
"""Bytes of a recording as it lies: it is looked into, and does not stand in the plan."""

FARTHEST: Final = 100
"""How many files may import one another in a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """One file of a spec, and what it imports by alias. An import that could not be read is poison."""

    file: File
    imports: dict[str, Module | Poison] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Path of the file in the workspace, or in its package: `std@1/package.audit`."""
        return self.file.source.name


class Reading:
    """How files are got at and taken apart. An editor has a reading of its own, which knows buffers that are not saved
    yet and remembers what it has read."""

    def content(self, path: Path, most: int) -> bytes | None:
        """The bytes of a file, None if there are more than `most`. Raises OSError or ValueError where there is none to
        be had."""
        return contents(path, most)

    def parsed(self, source: Source, sink: Sink) -> File:
        """The tree of a spec."""
        return parse(source, sink)

    def grid(self, source: Source, reader: Callable[[Source, Sink], Grid | Poison], sink: Sink) -> Grid | Poison:
        """The rows of a data file."""
        return reader(source, sink)


@dataclass(slots=True)
class Workspace:
    """The folder that a spec may read, the packages it uses, and what has been read out of them: digests by path."""

    root: Path
    sink: Sink
    packages: Packages
    reading: Reading = field(default_factory=Reading)
    digests: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, Source | Poison] = field(default_factory=dict)
    _grids: dict[tuple[str, object], Grid | Poison] = field(default_factory=dict)

    def spec(self, path: str, beside: str, at: Span) -> Source | Poison:
        """The text of a spec named `path` in the file `beside`. A file that cannot be had is reported at `at`."""
        if malformed(path):
            return bad_reference(path, at, self.sink)
        return self._once(path, beside, at, lambda name: self._read_spec(name, at))

    def data(self, path: str, beside: str, at: Span) -> Source | Poison:
        """The text of a data file named `path` in the file `beside`. One that cannot be had is reported at `at`."""
        return self._once(path, beside, at, lambda name: self._read_data(name, at))

    def recording(self, path: str, beside: str, at: Span) -> tuple[str, bytes] | Poison:
        """The name and the bytes of a recording named `path` in the file `beside`; what cannot be had is reported."""
        name = self._inside(path, beside, at)
        content = name if isinstance(name, Poison) else self._bytes(name, LARGEST_RECORDING, at)
        if isinstance(name, Poison) or isinstance(content, Poison):
            return POISON
        if content is None:
            label = f"this is larger than {LARGEST_RECORDING:,} bytes"
            return report(self.sink, "AC042", at, label, remedy="Record it to a file that ends in .jsonl.gz.")
        return name, content

    def grids(self) -> tuple[Grid, ...]:
        """All data files that were taken apart."""
        return tuple(grid for grid in self._grids.values() if not isinstance(grid, Poison))

    def grid(self, source: Source, reader: Callable[[Source, Sink], Grid | Poison]) -> Grid | Poison:
        """A data file taken apart by a reader, once for however many blocks use it."""
        key = (source.name, reader)
        if key not in self._grids:
            self._grids[key] = self.reading.grid(source, reader, self.sink)
        return self._grids[key]

    def _once(self, path: str, beside: str, at: Span, made: Callable[[str], Source | Poison]) -> Source | Poison:
        inside = self._inside(path, beside, at)
        if isinstance(inside, Poison):
            return POISON
        if inside not in self._sources:
            self._sources[inside] = made(inside)
        return self._sources[inside]

    def _inside(self, path: str, beside: str, at: Span) -> str | Poison:
        """The name under which a file is known: its path from the root, with its package before it."""
        named = package_of(path)
        here = home(beside)
        package, start = named or here or ("", "")
        written = (start or MAIN) if named else path
        if PurePosixPath(written).is_absolute() or PureWindowsPath(written).is_absolute() or "\\" in written:
            remedy = "Move the file beside the spec and name it by its path from here."
            return report(self.sink, "AC011", at, "a path begins here and has `/` between its parts", remedy=remedy)
        root = self.packages.take(package, at) if package else self.root
        if isinstance(root, Poison):
            return POISON
        folder = PurePosixPath() if named else PurePosixPath(start if here else beside).parent
        relative = os.path.normpath((folder / written).as_posix()).replace(os.sep, "/")
        if not self._contained(relative, root, package, at):
            return POISON
        if package:
            return f"{package}/{relative}"
        return shadowed(relative, at, self.sink) if home(relative) else relative

    def _contained(self, relative: str, root: Path, package: str, at: Span) -> bool:
        """Whether a path stays inside its root; reports it when it does not."""
        whose = f"the package `{package}`" if package else "the folder of the spec"
        remedy = "Move the file beside the spec and name it by its path from here."
        if package:
            remedy = "A package is whole: it reads its own files, and other packages by their names."
        if relative == ".." or relative.startswith("../"):
            report(self.sink, "AC011", at, f"this leads out of {whose}", remedy=remedy)
            return False
        if package and any(part.startswith(".") for part in relative.split("/") if relative != "."):
            report(self.sink, "AC010", at, "what begins with a dot is no part of a package", remedy="Rename it.")
            return False
        try:
            relative.encode()  # a name that is no text cannot stand in a plan
            # A package has been looked through for links; those of auditc's own belong to how it is installed.
            inside = bool(package) or (root / relative).resolve().is_relative_to(root.resolve())
        except (OSError, ValueError, RuntimeError):
            report(self.sink, "AC010", at, "this path leads nowhere or back to itself", remedy="Mend it.")
            return False
        if not inside:
            report(self.sink, "AC011", at, f"this is a link out of {whose}", remedy=remedy)
        return inside

    def _read_spec(self, name: str, at: Span) -> Source | Poison:
        """A spec's mistakes are its own; only of a file that cannot be had is the place that names it to blame."""
        content = self._bytes(name, LARGEST, at)
        if isinstance(content, Poison):
            return POISON
        if content is None:
            refuse_size(name, self.sink)
            return POISON
        return read(name, content, self.sink) or POISON

    def _read_data(self, name: str, at: Span) -> Source | Poison:
        content = self._bytes(name, LARGEST_DATA, at)
        if isinstance(content, Poison):
            return POISON
        if content is None:
            label = f"this is larger than {LARGEST_DATA:,} bytes"
            remedy = "Keep the rows that are asked, or split the file and the block that names it."
            return report(self.sink, "AC042", at, label, remedy=remedy)
        try:
            return Source(name, content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            label = f"line {line} of the file holds bytes that are no UTF-8"
            return report(self.sink, "AC012", at, label, remedy="Save the file as UTF-8.")

    def _bytes(self, name: str, most: int, at: Span) -> bytes | Poison | None:
        """What a file holds; None if that is more than `most` bytes. Its digest is taken of the very bytes read."""
        package, relative = home(name) or ("", name)
        root = self.packages.take(package, at) if package else self.root
        if isinstance(root, Poison):
            return POISON
        path = root / relative
        try:
            content = self.reading.content(path, most)
        except (OSError, ValueError) as error:
            label, remedy = _why(path, error)
            return report(self.sink, "AC010", at, label, remedy=self.packages.hint(name) or remedy)
        if content is not None:
            self.digests[name] = hashlib.sha256(content).hexdigest()
        return content


def _why(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    """What to say of a file that cannot be read: a label, a remedy."""
    code = error.errno if isinstance(error, OSError) else None
    if isinstance(error, NotOrdinary):
        return "this is a pipe or a device", "Name an ordinary file."
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return "this is a folder", "Name a file."
    if isinstance(error, FileNotFoundError):
        try:
            beside = sorted(entry.name for entry in path.parent.iterdir())
        except OSError:
            return "there is no such file", "Make the file, or mend its path."
        return "there is no such file", close(path.name, beside) or "Make the file, or mend its path."
    if code == errno.ELOOP:
        return "this is a link that leads back to itself", "Name the file itself."
    if code in (errno.ENAMETOOLONG, errno.ENOTDIR) or isinstance(error, ValueError):
        return "no file of a spec can have this path", "Give it a shorter name, of ordinary characters."
    return "the system does not allow it", "Look at the file's permissions."


def load(path: Path, sink: Sink, reading: Reading | None = None) -> tuple[Module, Workspace] | Poison:
    """The entry spec with everything that it imports, and the workspace it lies in."""
    workspace = Workspace(path.parent, sink, Packages(path.parent, sink), reading or Reading())
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
    if len(open_files) > FARTHEST:
        label = f"more than {FARTHEST} files import one another in a row up to here"
        remedy = "Import this file from one that is nearer to the spec."
        return report(workspace.sink, "AC010", statement.span, label, remedy=remedy)
    if source.name not in modules:
        imported = Module(workspace.reading.parsed(source, workspace.sink))
        modules[source.name] = imported
        open_files.append(source.name)
        _import(imported, workspace, modules, open_files)
        open_files.pop()
    return modules[source.name]


def every(entry: Module) -> Iterator[Module]:
    """The entry file and all that it imports, through however many steps, each once."""
    open_files, seen = [entry], {entry.name}
    while open_files:
        module = open_files.pop(0)
        yield module
        for imported in module.imports.values():
            if not isinstance(imported, Poison) and imported.name not in seen:
                seen.add(imported.name)
                open_files.append(imported)


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

"""The specs that are open in an editor, as the compiler sees them: buffers before files, and nothing read twice.

A spec is looked at from its entry file. A library is looked at through the open files that import it; alone, it is
checked as an entry without the complaints that it is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from auditc.compiler.declarations import LIBRARY
from auditc.compiler.load import Module, Reading, Workspace, load
from auditc.compiler.mistakes import Poison
from auditc.compiler.pipeline import check_loaded
from auditc.compiler.resolve import Names, resolve
from auditc.compiler.secrets import strike_secrets
from auditc.compiler.tables import Grid
from auditc.diagnostics import Diagnostic, Sink, Source, SpecRejected
from auditc.spec.contents import contents
from auditc.spec.parse import parse
from auditc.spec.read import LARGEST
from auditc.spec.syntax import Block, File

MOST_FILES = 500
"""Specs of a folder that are looked through for those that import a file."""

_KEPT = 32
"""Texts and data files taken apart that are remembered."""

_OF_AN_ENTRY = frozenset({"AC203", "AC415", "AC421"})
"""What is said of a file that is no entry and need not be one: no audit block, unused names, nothing asked."""

K = TypeVar("K")
V = TypeVar("V")

GridReader = Callable[[Source, Sink], Grid | Poison]


class Memory(Reading):
    """Reads buffers before files, and remembers: bytes by time and size, trees and rows by their text."""

    def __init__(self) -> None:
        self.buffers: dict[Path, str] = {}
        self._bytes: dict[Path, tuple[tuple[int, int], bytes]] = {}
        self._trees: dict[Source, tuple[File, tuple[Diagnostic, ...]]] = {}
        self._grids: dict[tuple[GridReader, Source], tuple[Grid | Poison, tuple[Diagnostic, ...]]] = {}

    def content(self, path: Path, most: int) -> bytes | None:
        """What an editor shows of a file, else what is on disk."""
        place = located(path)
        if place in self.buffers:
            shown = self.buffers[place].encode("utf-8", "surrogatepass")
            return shown if len(shown) <= most else None
        status = place.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._bytes.get(place)
        if known is None or known[0] != stamp:
            found = contents(place, most)
            if found is None:
                return None
            known = (stamp, found)
            _keep(self._bytes, place, known)
        return known[1]

    def parsed(self, source: Source, sink: Sink) -> File:
        if source not in self._trees:
            heard = Sink()
            _keep(self._trees, source, (parse(source, heard), tuple(heard.diagnostics)))
        tree, said = self._trees[source]
        _say(said, sink)
        return tree

    def grid(self, source: Source, reader: GridReader, sink: Sink) -> Grid | Poison:
        key = (reader, source)
        if key not in self._grids:
            heard = Sink()
            _keep(self._grids, key, (reader(source, heard), tuple(heard.diagnostics)))
        rows, said = self._grids[key]
        _say(said, sink)
        return rows


def _keep(memory: dict[K, V], key: K, worth: V) -> None:
    """Remember something, and forget what was remembered first when there is too much of it."""
    memory[key] = worth
    while len(memory) > _KEPT:
        del memory[next(iter(memory))]


def _say(said: tuple[Diagnostic, ...], sink: Sink) -> None:
    for diagnostic in said:
        sink.report(diagnostic)


def located(path: Path) -> Path:
    """A path in the one form by which files are told apart here."""
    return Path(os.path.abspath(path))


@dataclass(slots=True, eq=False)
class View:
    """A spec seen from one entry file: its files, its names, and, once asked for, what is wrong with it."""

    entry: Path
    module: Module | None
    files: Workspace | None
    _sink: Sink
    _names: Names | None = None
    _said: tuple[Diagnostic, ...] | None = None

    @property
    def root(self) -> Path:
        return self.entry.parent

    @property
    def names(self) -> Names | None:
        """What is declared. Mistakes are passed over in silence: they are reported by `diagnostics`."""
        if self._names is None and self.module is not None:
            self._names = resolve(self.module, Sink())
        return self._names

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every mistake in the spec, as `auditc check` reports it."""
        if self._said is None:
            sink = Sink()
            with suppress(SpecRejected):
                _say(tuple(self._sink.diagnostics), sink)
                if self.module is not None and self.files is not None:
                    files = replace(self.files, sink=sink, packages=replace(self.files.packages, sink=sink))
                    check_loaded((self.module, files), sink)
            strike_secrets(sink)
            self._said = tuple(d for d in sink.sorted() if not (self.is_library and d.code in _OF_AN_ENTRY))
        return self._said

    @property
    def is_library(self) -> bool:
        """Whether the file holds something, and only what a file that is imported may hold."""
        blocks = [b for b in self.module.file.statements if isinstance(b, Block)] if self.module else []
        return bool(blocks) and all(block.kind.text in LIBRARY for block in blocks)

    def modules(self) -> Iterator[Module]:
        """The entry file and all that it imports."""
        found: dict[str, Module] = {}
        waiting = [self.module] if self.module else []
        while waiting:
            module = waiting.pop()
            if module.name not in found:
                found[module.name] = module
                waiting += [imported for imported in module.imports.values() if isinstance(imported, Module)]
        yield from found.values()

    def place(self, name: str) -> Path:
        """The path of a file that a span names."""
        return located(self.root / name)

    def module_at(self, path: Path) -> Module | None:
        """The file of the spec that lies at a path."""
        return next((module for module in self.modules() if self.place(module.name) == path), None)

    def silently(self) -> Workspace | None:
        """The workspace with nobody to listen to it: for looking into data files again."""
        return replace(self.files, sink=Sink()) if self.files else None


@dataclass(slots=True, eq=False)
class Project:
    """All that is open. A view is made anew when a buffer or a file has changed, out of what is remembered."""

    folders: tuple[Path, ...] = ()
    memory: Memory = field(default_factory=Memory)
    _views: dict[Path, View] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Path, ...]:
        return tuple(self.memory.buffers)

    def show(self, path: Path, text: str) -> None:
        """A buffer holds this text now."""
        self.memory.buffers[located(path)] = text
        self.forget()

    def close(self, path: Path) -> None:
        self.memory.buffers.pop(located(path), None)
        self.forget()

    def forget(self) -> None:
        """Something has changed."""
        self._views.clear()

    def text(self, path: Path) -> str:
        """The text of a file, as it is or as it can be read."""
        with suppress(OSError, ValueError):
            return (self.memory.content(path, LARGEST) or b"").decode("utf-8-sig", "replace")
        return ""

    def view(self, entry: Path) -> View:
        """A spec, seen from this file."""
        entry = located(entry)
        if entry not in self._views:
            sink = Sink()
            module, files = None, None
            with suppress(SpecRejected):
                loaded = load(entry, sink, self.memory)
                module, files = (None, None) if isinstance(loaded, Poison) else loaded
            self._views[entry] = View(entry, module, files, sink)
        return self._views[entry]

    def tops(self) -> tuple[Path, ...]:
        """The open files that no other open file imports; all of them where they import each other in a circle."""
        imported = {
            self.view(path).place(module.name)
            for path in self.open
            for module in self.view(path).modules()
            if self.view(path).place(module.name) != path
        }
        free = tuple(path for path in self.open if path not in imported)
        reached = {self.view(path).place(module.name) for path in free for module in self.view(path).modules()}
        return free + tuple(path for path in self.open if path not in free and path not in reached)

    def view_of(self, path: Path) -> View:
        """The first open spec that a file is part of, or the file by itself: quick, for it looks at nothing on disk."""
        path = located(path)
        views = (self.view(entry) for entry in self.tops() if entry != path)
        return next((view for view in views if view.module_at(path) is not None), self.view(path))

    def views_of(self, path: Path) -> tuple[View, ...]:
        """Every spec that a file is part of: those that are open, and those beside it that import it."""
        path = located(path)
        entries = dict.fromkeys((*self.tops(), *self._specs_around(path)))
        views = [self.view(entry) for entry in entries if entry != path]
        importing = [view for view in views if view.module_at(path) is not None]
        return tuple(importing) or (self.view(path),)

    def _specs_around(self, path: Path) -> Iterator[Path]:
        """The specs of the folders that are open, or of the file's own folder."""
        folders = [folder for folder in self.folders if path.is_relative_to(folder)] or [path.parent]
        found = (file for folder in folders for file in _specs_below(folder))
        for file in islice(found, MOST_FILES):
            with suppress(OSError, ValueError):
                if b"import" in (self.memory.content(file, LARGEST) or b""):
                    yield file


def _specs_below(folder: Path) -> Iterator[Path]:
    for here, inside, files in islice(os.walk(folder), MOST_FILES):
        inside[:] = sorted(name for name in inside if not name.startswith(".") and name != "node_modules")
        yield from (located(Path(here) / name) for name in sorted(files) if name.endswith(".audit"))

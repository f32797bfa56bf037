"""What the language server knows of its client, and each question answered: protocol in, protocol out, no transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from auditc.compiler.load import Module
from auditc.diagnostics import Source, Span
from auditc.spec.syntax import File

from . import navigate
from .complete import complete
from .cursor import Tokens, cursor_at
from .hover import hover
from .known import Known
from .navigate import Place
from .outline import formatted, symbols
from .positions import Encoding, Lines
from .project import Project, View, located
from .publish import published, suggestion


@dataclass(slots=True, eq=False)
class Desk:
    """The open specs of one client, and how it counts characters."""

    project: Project = field(default_factory=Project)
    encoding: Encoding = "utf-16"
    snippets: bool = False
    _addresses: dict[Path, str] = field(default_factory=dict)
    _versions: dict[Path, int] = field(default_factory=dict)
    _published: dict[Path, tuple[View, frozenset[Path]]] = field(default_factory=dict)
    """For each entry, the view whose diagnostics were shown last, and the files in which they were shown."""
    _lines: Lines | None = None

    # Buffers

    def show(self, address: str, text: str, version: int) -> Path | None:
        """A buffer holds this text; None for what is no file on this machine."""
        path = path_of(address)
        if path is not None:
            self._addresses[path] = address
            self._versions[path] = version
            self.project.show(path, text)
        return path

    def close(self, address: str) -> Path | None:
        path = path_of(address)
        if path is not None:
            self.project.close(path)
            self._versions.pop(path, None)
        return path

    # Diagnostics

    def diagnose(self, changed: Path | None) -> list[types.PublishDiagnosticsParams]:
        """What is wrong now, by file: in the specs that a file belongs to, or in all that are open."""
        tops = self.project.tops()
        touched = [top for top in tops if changed is None or self._concerns(self.project.view(top), changed)]
        affected: set[Path] = set()
        for gone in [top for top in self._published if top not in tops]:
            affected |= self._published.pop(gone)[1]
        for top in touched:
            view = self.project.view(top)
            faulty = {view.place(d.primary.span.source.name) for d in view.diagnostics}
            shown = {place for m in view.modules() if (place := view.place(m.name)) in self._versions}
            before = self._published[top][1] if top in self._published else frozenset()
            self._published[top] = (view, frozenset({top, *faulty, *shown}))
            affected |= before | self._published[top][1]
        return [self._said_of(path) for path in sorted(affected)]

    def _concerns(self, view: View, changed: Path) -> bool:
        read = {view.entry} | {view.place(module.name) for module in view.modules()}
        data = {view.place(name) for name in view.files.digests} if view.files else set()
        return changed in read | data or any(d.code == "AC010" for d in view.diagnostics)

    def _said_of(self, path: Path) -> types.PublishDiagnosticsParams:
        """All that every open spec says of one file."""
        found: list[types.Diagnostic] = []
        for view, _ in self._published.values():
            for diagnostic in view.diagnostics:
                if view.place(diagnostic.primary.span.source.name) == path:
                    said = published(diagnostic, lambda span, view=view: self._location(view, span))  # type: ignore[misc]
                    found += [said] if said not in found else []
        return types.PublishDiagnosticsParams(self._address(path), found, self._versions.get(path))

    # Questions

    def hover(self, asked: types.HoverParams) -> types.Hover | None:
        here = self._here(asked)
        if here is None:
            return None
        known, lines, offset = here
        return hover(known, cursor_at(known.tokens, offset), lines, offset, known.view.diagnostics)

    def complete(self, asked: types.CompletionParams) -> types.CompletionList:
        here = self._here(asked)
        if here is None:
            return types.CompletionList(is_incomplete=False, items=[])
        known, lines, offset = here
        found = complete(known, cursor_at(known.tokens, offset), lines, offset, snippets=self.snippets)
        return types.CompletionList(is_incomplete=False, items=found)

    def definition(self, asked: types.DefinitionParams) -> types.Location | None:
        here = self._here(asked)
        place = navigate.definition(here[0].view, here[0].module, here[2]) if here else None
        return self._placed(place) if place else None

    def references(self, asked: types.ReferenceParams) -> list[types.Location]:
        path, lines = self._opened(asked.text_document.uri)
        if path is None:
            return []
        offset = lines.offset(asked.position)
        wanted = asked.context.include_declaration
        return [self._placed(p) for p in navigate.references(self.project, path, offset, declaration=wanted)]

    def renamable(self, asked: types.PrepareRenameParams) -> types.Range | None:
        path, lines = self._opened(asked.text_document.uri)
        place = navigate.renamable(self.project, path, lines.offset(asked.position)) if path else None
        return lines.range(place.start, place.end) if place else None

    def rename(self, asked: types.RenameParams) -> types.WorkspaceEdit | None:
        """The edits in every file. Raises navigate.Refusal where nothing may be changed."""
        path, lines = self._opened(asked.text_document.uri)
        if path is None:
            return None
        changes: dict[str, list[types.TextEdit]] = {}
        for place in navigate.rename(self.project, path, lines.offset(asked.position), asked.new_name):
            location = self._placed(place)
            changes.setdefault(location.uri, []).append(types.TextEdit(location.range, asked.new_name))
        return types.WorkspaceEdit(changes=changes)

    def symbols(self, asked: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        path, lines = self._opened(asked.text_document.uri)
        module = self.project.view(path).module if path else None
        return symbols(module.file, lines) if module else []

    def format(self, asked: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        path, lines = self._opened(asked.text_document.uri)
        return formatted(lines.text, lines) if path else None

    def actions(self, asked: types.CodeActionParams) -> list[types.CodeAction]:
        """Remedies that are one word in the place of another."""
        path, lines = self._opened(asked.text_document.uri)
        found: list[types.CodeAction] = []
        for diagnostic in asked.context.diagnostics if path else ():
            start, end = lines.offset(diagnostic.range.start), lines.offset(diagnostic.range.end)
            meant = suggestion(diagnostic, lines.text[start:end])
            if meant:
                edit = types.TextEdit(diagnostic.range, meant[1])
                found.append(
                    types.CodeAction(
                        title=f"Write `{meant[0]}`",
                        kind=types.CodeActionKind.QuickFix,
                        diagnostics=[diagnostic],
                        is_preferred=True,
                        edit=types.WorkspaceEdit(changes={asked.text_document.uri: [edit]}),
                    )
                )
        return found

    # Places

    def _opened(self, address: str) -> tuple[Path | None, Lines]:
        path = path_of(address)
        text = self.project.text(path) if path else ""
        return path, Lines(text, self.encoding)

    def _here(self, asked: Any) -> tuple[Known, Lines, int] | None:
        """A file of a spec and the place in it that is asked about."""
        path, lines = self._opened(asked.text_document.uri)
        if path is None:
            return None
        view = self.project.view_of(path)
        module = view.module_at(path) or Module(File(Source(path.name, lines.text), (), ()))
        return Known(view, module, Tokens.of(lines.text)), lines, lines.offset(asked.position)

    def _location(self, view: View, span: Span) -> types.Location:
        path = view.place(span.source.name)
        if self._lines is None or self._lines.text != span.source.text:  # diagnostics come file by file
            self._lines = Lines(span.source.text, self.encoding)
        return types.Location(self._address(path), self._lines.range(span.start, span.end))

    def _placed(self, place: Place) -> types.Location:
        lines = Lines(self.project.text(place.path) if place.end else "", self.encoding)
        return types.Location(self._address(place.path), lines.range(place.start, place.end))

    def _address(self, path: Path) -> str:
        return self._addresses.get(path) or str(from_fs_path(str(path)))


def path_of(address: str) -> Path | None:
    """The file at an address; None for a buffer that is none."""
    found = to_fs_path(address)
    return located(Path(found)) if found else None

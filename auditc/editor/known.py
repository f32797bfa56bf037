"""What a spec holds at the moment, for completions: names by kind, columns and cells of its data files, its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import KINDS, PROVIDES
from auditc.compiler.itemsets import FIELDS
from auditc.compiler.load import Module
from auditc.compiler.mistakes import Poison
from auditc.compiler.resolve import Declaration
from auditc.compiler.surveys import SCALES
from auditc.compiler.tables import Grid
from auditc.diagnostics import Source, Span
from auditc.methods import methods
from auditc.methods.def_survey import CONDITIONS
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Block, Call, Items, Member, Text, Typed, Word

from .cursor import Tokens
from .project import View


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A file of a spec as somebody sees it who is writing in it."""

    view: View
    module: Module
    tokens: Tokens

    def aliases(self) -> tuple[str, ...]:
        return tuple(self.module.imports)

    def constants(self) -> tuple[str, ...]:
        names = self.view.names
        return tuple(names.constants.get(self.module.name, {})) if names else ()

    def blocks(self, kind: str, alias: str = "") -> tuple[str, ...]:
        """Names of blocks of a kind (`method` for any method's) in this file, or behind an alias."""
        fitting = {name: None for name, its in self._declared(alias) if _fits(its, kind)}
        if not alias:
            fitting |= {name: None for its, name in self.tokens.declared() if _fits(its, kind)}
        return tuple(fitting)

    def reachable(self, kind: str) -> tuple[str, ...]:
        """The same, with those of imported files by their aliases."""
        there = [f"{alias}.{name}" for alias in self.aliases() for name in self.blocks(kind, alias)]
        return (*self.blocks(kind), *there)

    def _declared(self, alias: str) -> Iterator[tuple[str, str]]:
        module = self.module.imports.get(alias) if alias else self.module
        if isinstance(module, Module) and self.view.names:
            yield from ((name, d.kind) for name, d in self.view.names.declared.get(module.name, {}).items())

    def block(self, path: tuple[str, ...]) -> Declaration | None:
        """The block at the beginning of a path such as `values.where` or `people.wave.where`."""
        names = self.view.names
        if names is None or not path:
            return None
        imported = self.module.imports.get(path[0])
        if isinstance(imported, Module):
            return names.declared.get(imported.name, {}).get(path[1]) if len(path) > 1 else None
        return names.declared.get(self.module.name, {}).get(path[0])

    def measured(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The metrics of a method's block: those it asks for, and those that its method always measures."""
        found = self.block(path)
        if found is None or not found.is_method:
            return ()
        asked = [part.kind.text for part in found.block.body if isinstance(part, Block)]
        asked = [name for name in asked if name in metrics.names()]
        return tuple(dict.fromkeys((*asked, *methods.take(found.kind).always)))

    def along(self, path: tuple[str, ...], axis: str) -> tuple[str, ...]:
        """The values that an axis of a figure can take."""
        found = self.block(path)
        if found is None or not found.is_method:
            return ()
        values = {part.name.text: part.value for part in found.block.body if isinstance(part, Attribute)}
        if axis == "condition":
            left_out = values.get("ablations")
            words = [entry.span.text for entry in left_out.values] if isinstance(left_out, Items) else []
            controls = (value.kind.text for value in values.values() if isinstance(value, Typed))
            return ("asked", *controls, *(CONDITIONS[word] for word in words if word in CONDITIONS))
        if axis == "dimension":
            survey = _root(values.get("ask"))
            return self.cells(survey, "dimension") if survey else ()
        entries = values.get({"model": "of", "population": "as"}.get(axis, ""))
        return tuple(entry.span.text for entry in entries.values) if isinstance(entries, Items) else ()

    def columns(self, file: str) -> tuple[str, ...]:
        """The columns of a data file that is named in this file."""
        grid = self._grid("csv" if not file.endswith("l") else "jsonl", file, self.module)
        return grid.columns if grid else ()

    def cells(self, survey: tuple[str, ...], column: str) -> tuple[str, ...]:
        """All values of a column of a survey's items, in order."""
        if column == "scale":
            return SCALES
        found = self.block(survey)
        if found is None or column not in FIELDS:
            return ()
        for part in found.block.body:
            if isinstance(part, Attribute) and part.name.text == "items" and isinstance(part.value, Call):
                grid = self._called(part.value, found.module)
                cells = (grid.cell(row, column) for row in range(len(grid.rows))) if grid else ()
                return tuple(cell for cell in dict.fromkeys(cells) if cell)
        return ()

    def _called(self, call: Call, module: Module) -> Grid | None:
        texts = [a.value for a in call.arguments if a.name is None and isinstance(a.value, Text)]
        return self._grid(call.of.span.text, texts[0].value, module) if texts else None

    def _grid(self, reader: str, file: str, module: Module) -> Grid | None:
        files = self.view.silently()
        if files is None or reader not in READERS:
            return None
        source = files.data(file, module.name, Span(Source(module.name, ""), 0, 0))
        grid = None if isinstance(source, Poison) else files.grid(source, READERS[reader])
        return grid if isinstance(grid, Grid) else None


def _fits(kind: str, wanted: str) -> bool:
    return wanted in (kind, PROVIDES.get(kind)) or (
        wanted == "method" and kind not in KINDS and kind in methods.names()
    )


def _root(value: object) -> tuple[str, ...]:
    """The path of the survey that a set of items comes from."""
    while isinstance(value, Call | Member) and not (isinstance(value, Member) and isinstance(value.of, Word)):
        value = value.of
    if isinstance(value, Member) and isinstance(value.of, Word):
        return (value.of.name.text, value.name.text)
    return (value.name.text,) if isinstance(value, Word) else ()

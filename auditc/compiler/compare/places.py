"""Where the blocks and attributes of a spec stand. A plan keeps only the places of its stages; a spec has them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from auditc.compiler.bodies import fill, keys
from auditc.compiler.datafiles import DataFile
from auditc.compiler.declarations import Survey as SurveyForm
from auditc.compiler.load import load
from auditc.compiler.mistakes import Poison
from auditc.compiler.places import origin
from auditc.compiler.resolve import Declaration, resolve
from auditc.compiler.scope import Scope
from auditc.diagnostics import Sink
from auditc.ir.plan import Origin
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Block, Name


@dataclass(frozen=True, slots=True)
class Places:
    """Blocks and their attributes by section and name; empty for a plan that has lost its spec."""

    blocks: dict[tuple[str, str], Origin] = field(default_factory=dict)
    inside: dict[tuple[str, str], dict[str, Origin]] = field(default_factory=dict)

    def block(self, section: str, name: str) -> Origin | None:
        return self.blocks.get((section, name))

    def attributes(self, section: str, name: str) -> dict[str, Origin]:
        """Places of a block's attributes."""
        return self.inside.get((section, name), {})

    def attribute(self, section: str, name: str, key: str) -> Origin | None:
        """The place of an attribute, else of its block."""
        return self.attributes(section, name).get(key, self.block(section, name))


def places_of(spec: Path) -> Places:
    """The places of a spec that has been compiled without mistakes."""
    sink = Sink()
    loaded = load(spec, sink)
    if isinstance(loaded, Poison):
        return Places()
    entry, files = loaded
    names = resolve(entry, sink)
    found = Places()
    for block in names.audits:
        label = block.label.text if isinstance(block.label, Name) else ""
        found.blocks["settings", ""] = origin(block.label.span if label and block.label else block.kind.span)
        found.inside["settings", ""] = _attributes(block)
    for declared in names.declared.values():
        for declaration in declared.values():
            _add(found, declaration)
    scope = Scope(sink, names, entry, files)
    for declaration in names.every("survey"):
        _rows(found, declaration, scope.within(declaration.module))
    return found


def _add(found: Places, declaration: Declaration) -> None:
    section = "method" if declaration.is_method else declaration.kind
    key = (section, declaration.key)
    found.blocks[key] = origin(declaration.name.span)
    found.inside[key] = _attributes(declaration.block)
    for part in declaration.block.body:
        if declaration.is_method and isinstance(part, Block) and part.kind.text in metrics.names():
            metric = ("metric", f"{declaration.key}.{part.kind.text}")
            found.blocks[metric] = origin(part.kind.span)
            found.inside[metric] = _attributes(part)


def _rows(found: Places, declaration: Declaration, scope: Scope) -> None:
    """Where each item, and each country's answers to it, stand in the survey's data files."""
    filled = fill(declaration.block, keys(SurveyForm), scope)
    items, reference = (filled.values.get(key) for key in ("items", "reference"))
    if isinstance(items, DataFile):
        for row in range(len(items.grid.rows)):
            item = items.grid.cell(row, "id")
            found.blocks["item", f"{declaration.key}.{item}"] = origin(items.grid.place(row, "id"))
    if isinstance(reference, DataFile):
        by = [word.name.text for word in reference.by or () if word.name.text != "country"]
        for row in range(len(reference.grid.rows)):
            if not any(reference.grid.cell(row, column) for column in by):
                country, item = (reference.grid.cell(row, column) for column in ("country", "item"))
                rows = found.inside.setdefault(("people", f"{declaration.key}.{country}"), {})
                rows[item] = origin(reference.grid.place(row, "item"))


def _attributes(block: Block) -> dict[str, Origin]:
    return {
        part.name.text if isinstance(part, Attribute) else part.kind.text: origin(
            part.name.span if isinstance(part, Attribute) else part.kind.span
        )
        for part in block.body
    }

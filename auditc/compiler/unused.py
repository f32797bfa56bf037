"""Warns of what a spec declares and never uses: more often a slip than a wish."""

from __future__ import annotations

from typing import Final

from auditc.spec.syntax import Block, Import

from .load import Module, every
from .mistakes import Poison, report
from .resolve import Names

REFERRED_TO: Final = ("model", "population", "persona", "survey", "train", "family", "framework")
"""Kinds of block that say nothing until another block names them."""


def warn_of_unused(names: Names) -> None:
    """Blocks, constants and imports of the entry file that nothing refers to."""
    module = names.entry
    there = names.declared[module.name]
    for name, declaration in there.items():
        if declaration.kind in REFERRED_TO and (module.name, name) not in names.used:
            remedy = "Use it, or leave it out."
            report(names.sink, "AC415", declaration.name.span, f"nothing refers to `{name}`", remedy=remedy)
    for name, constant in names.constants[module.name].items():
        if (module.name, name) not in names.used:
            remedy = "Use it, or leave it out."
            report(names.sink, "AC415", constant.name.span, f"nothing refers to `{name}`", remedy=remedy)
    for statement in module.file.statements:
        if isinstance(statement, Import) and (module.name, statement.alias.text) not in names.used:
            if _rules(module.imports.get(statement.alias.text)):
                continue
            label = f"nothing refers to `{statement.alias.text}`"
            report(names.sink, "AC415", statement.alias.span, label, remedy="Use it, or leave it out.")


def _rules(imported: Module | Poison | None) -> bool:
    """Whether an import holds by itself, without a name that is used: it brings house rules or controls."""
    if imported is None or isinstance(imported, Poison):
        return False
    statements = (statement for module in every(imported) for statement in module.file.statements)
    return any(isinstance(block, Block) and block.kind.text in ("lint", "controls") for block in statements)

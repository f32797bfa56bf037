"""Warns of what a spec declares and never uses: more often a slip than a wish."""

from __future__ import annotations

from auditc.spec.syntax import Import

from .mistakes import report
from .resolve import Names


def warn_of_unused(names: Names) -> None:
    """Blocks, constants and imports of the entry file that nothing refers to."""
    module = names.entry
    there = names.declared[module.name]
    for name, declaration in there.items():
        if (
            declaration.kind in ("model", "population", "persona", "survey", "framework")
            and (module.name, name) not in names.used
        ):
            remedy = "Use it, or leave it out."
            report(names.sink, "AC415", declaration.name.span, f"nothing refers to `{name}`", remedy=remedy)
    for name, constant in names.constants[module.name].items():
        if (module.name, name) not in names.used:
            remedy = "Use it, or leave it out."
            report(names.sink, "AC415", constant.name.span, f"nothing refers to `{name}`", remedy=remedy)
    for statement in module.file.statements:
        if isinstance(statement, Import) and (module.name, statement.alias.text) not in names.used:
            label = f"nothing refers to `{statement.alias.text}`"
            report(names.sink, "AC415", statement.alias.span, label, remedy="Use it, or leave it out.")

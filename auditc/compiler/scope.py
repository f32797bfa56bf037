"""Where an expression stands: what its names mean, whom to tell of mistakes, which files it can read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditc.diagnostics import Sink

from .load import Module, Workspace
from .resolve import Names


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: whom to tell, what names mean here, which files can be read, and the languages that
    tables must have (empty: those of the table)."""

    sink: Sink
    names: Names
    module: Module
    files: Workspace
    languages: tuple[str, ...] = ()

    def within(self, module: Module) -> Scope:
        return replace(self, module=module)

"""What the compiler makes of a few lines of a spec, and what it says of them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from auditc.compiler.pipeline import check_spec, compile_spec
from auditc.diagnostics import Diagnostic, Severity, Sink, SpecRejected
from auditc.ir.plan import Plan
from tests.compiler.fragments import completed, lay


def planned(fragment: str, folder: Path, files: dict[str, str] | None = None) -> Plan:
    """The plan of the fragment, set into a small whole spec."""
    return compile_spec(lay(folder, completed(fragment), files), Sink()).plan


def diagnostics(fragment: str, folder: Path, files: dict[str, str] | None = None) -> list[Diagnostic]:
    """All that is said of the fragment, but for blocks that nothing uses."""
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(fragment), files), sink)
    return [d for d in sink.sorted() if d.code not in ("AC415", "AC421", "AC435", "AC436")]


def errors(fragment: str, folder: Path, files: dict[str, str] | None = None) -> list[tuple[str, int]]:
    """Code and line of each error."""
    found = diagnostics(fragment, folder, files)
    return [(d.code, d.primary.span.line) for d in found if d.severity is Severity.ERROR]

"""Diagnostics as the protocol has them, and the edits that their remedies suggest."""

from __future__ import annotations

import re
from collections.abc import Callable

from lsprotocol import types

from auditc.diagnostics import Diagnostic, Label, Severity, Span
from auditc.diagnostics.cells import clean

Locate = Callable[[Span], types.Location]
"""The file and the range of a span."""

_MEANT = re.compile(r"Did you mean `([^`]+)`\?")

_SEVERITIES = {Severity.ERROR: types.DiagnosticSeverity.Error, Severity.WARNING: types.DiagnosticSeverity.Warning}


def published(found: Diagnostic, locate: Locate) -> types.Diagnostic:
    """Severity, code, places, and in one message what is wrong, what is said of the place, and the remedy."""
    said = [found.message + (f": {found.primary.text}" if found.primary.text else ""), found.help]
    return types.Diagnostic(
        range=_widened(found, locate),
        message="\n".join(clean(line) for line in said if line),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source="auditc",
        related_information=[_related(label, locate) for label in found.related] or None,
        tags=[types.DiagnosticTag.Unnecessary] if found.code == "AC415" else None,
    )


def _widened(found: Diagnostic, locate: Locate) -> types.Range:
    """The range of a mistake; one character where it has none, so that there is something to underline."""
    span = found.primary.span
    if span.start < span.end:
        return locate(span).range
    return locate(Span(span.source, span.start, min(span.start + 1, len(span.source.text)))).range


def _related(label: Label, locate: Locate) -> types.DiagnosticRelatedInformation:
    return types.DiagnosticRelatedInformation(locate(label.span), clean(label.text) or "here")


def suggestion(found: types.Diagnostic, written: str) -> tuple[str, str] | None:
    """The word that a remedy suggests and what to write in the place of what is written; None where there is none."""
    meant = _MEANT.search(found.message)
    if meant is None or found.source != "auditc" or "\n" in written:
        return None
    before, dot, _ = written.rpartition(".")
    return meant[1], f"{before}{dot}{meant[1]}"

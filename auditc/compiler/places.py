"""Where something stands in a spec, in the form that a plan keeps."""

from __future__ import annotations

from auditc.diagnostics import Span
from auditc.ir.plan import Origin


def origin(span: Span) -> Origin:
    """File, line and column of the beginning of a span."""
    return Origin(file=span.source.name, line=span.line, column=span.column)

"""How auditc speaks to an author: places, diagnostics, their words. A leaf: it imports nothing of auditc."""

from .diagnostic import Diagnostic, Label, Severity, Sink, SpecRejected
from .span import Source, Span

__all__ = ["Diagnostic", "Label", "Severity", "Sink", "Source", "Span", "SpecRejected"]

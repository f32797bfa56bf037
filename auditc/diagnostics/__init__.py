"""How auditc speaks to an author: places, diagnostics, their words. A leaf: it imports nothing of auditc."""

from .diagnostic import Diagnostic, Label, Severity, Silenced, Sink, SpecRejected
from .span import Source, Span

__all__ = ["Diagnostic", "Label", "Severity", "Silenced", "Sink", "Source", "Span", "SpecRejected"]

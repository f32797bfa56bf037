"""The diagnostic value, and the sink that every phase reports into."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from .span import Span

MOST: Final = 1000
"""Errors, and as many warnings, of one spec: nobody mends more in one go, and looking on may take very long."""


class Severity(enum.Enum):
    """An error stops the compiler at the next checkpoint; a warning never does."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A span and what to say about it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. `message` is fixed for its code and never holds names the author chose; labels and help do."""

    code: str
    message: str
    primary: Label
    help: str = ""
    related: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> tuple[str, int, int]:
        """What diagnostics are sorted by: file, line, column."""
        return (self.primary.span.source.name, self.primary.span.line, self.primary.span.column)


@dataclass(frozen=True, slots=True)
class Silenced:
    """How many diagnostics of a code were switched off, and by which file."""

    code: str
    count: int
    by: str


class SpecRejected(Exception):
    """Raised at a checkpoint once a phase has reported errors; carries all diagnostics, sorted by place."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"{len(diagnostics)} diagnostics")
        self.diagnostics = diagnostics


@dataclass(slots=True)
class Sink:
    """Collects diagnostics, so that one run shows every mistake.

    `levels` is what a spec's house rules make of a code: another severity, or None for silence. They hold for whatever
    comes out, whenever it was reported. The last error that there is room for ends the phase.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    levels: dict[str, Severity | None] = field(default_factory=dict)
    silencers: dict[str, str] = field(default_factory=dict)
    """The file that switches off a code."""
    _known: dict[Diagnostic, Severity] = field(default_factory=dict, init=False, repr=False)
    _counts: dict[Severity, int] = field(default_factory=dict, init=False, repr=False)

    def report(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, once. Raises SpecRejected at error number MOST; leaves out warnings past MOST."""
        severity = diagnostic.severity
        count = self._counts.get(severity, 0)
        if diagnostic in self._known or count >= MOST:
            return
        self._known[diagnostic] = severity
        self._counts[severity] = count + 1
        self.diagnostics.append(diagnostic)
        if severity is Severity.ERROR and count + 1 >= MOST:
            raise SpecRejected(self.sorted())

    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._ruled(), key=lambda d: (d.place, d.code)))

    def checkpoint(self) -> None:
        """Stop here if anything so far is an error."""
        if any(d.severity is Severity.ERROR for d in self._ruled()):
            raise SpecRejected(self.sorted())

    def silenced(self) -> tuple[Silenced, ...]:
        """What was reported and is switched off, by code."""
        counts = Counter(d.code for d in self.diagnostics if self.levels.get(d.code, d.severity) is None)
        return tuple(Silenced(code, count, self.silencers.get(code, "")) for code, count in sorted(counts.items()))

    def _ruled(self) -> Iterator[Diagnostic]:
        for diagnostic in self.diagnostics:
            level = self.levels.get(diagnostic.code, diagnostic.severity)
            if level is not None:
                yield diagnostic if level is diagnostic.severity else replace(diagnostic, severity=level)

"""The words of the language by what they are, asked of the forms and the shelves: nothing here is a list of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from auditc.compiler.claims import CALLS
from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import KINDS
from auditc.compiler.itemsets import FUNCTIONS
from auditc.compiler.quantities import UNITS
from auditc.compiler.recorded import EXCHANGES
from auditc.methods import methods
from auditc.metrics import metrics
from auditc.reports import reports
from auditc.spec.tokens import RESERVED

from .shapes import shelves

SWITCHES = frozenset({"on", "off"})


@dataclass(frozen=True, slots=True)
class Words:
    """Which words mean something, by what they are."""

    keywords: frozenset[str]
    kinds: frozenset[str]
    metrics: frozenset[str]
    functions: frozenset[str]
    units: frozenset[str]
    things: frozenset[str]
    """Backends and the like, and forms of report: words that stand as values."""


@cache
def words() -> Words:
    """Looked up once in a process; takes nothing off a shelf."""
    return Words(
        keywords=(RESERVED | {"as"}) - SWITCHES,
        kinds=frozenset({*KINDS, "let", *methods.names()}),
        metrics=frozenset(metrics.names()),
        functions=frozenset({*READERS, *CALLS, *FUNCTIONS, *shelves(called=True), EXCHANGES, "env"}),
        units=frozenset(unit for unit in UNITS if unit),
        things=frozenset({*shelves(called=False), *reports.names()}),
    )


def languages() -> tuple[str, ...]:
    """Every language that a method asks in or a report is written in."""
    spoken = [methods.take(name).languages for name in methods.names()]
    spoken += [reports.take(name).languages for name in reports.names()]
    return tuple(sorted(frozenset().union(*spoken)))

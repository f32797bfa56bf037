"""What a report is: a rendering of stored evidence. It asks nothing and computes no statistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auditc.ir.finding import Findings, ItemRow, RunRecord
from auditc.ir.plan import Plan


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report may say."""

    plan: Plan
    findings: Findings
    items: tuple[ItemRow, ...]
    run: RunRecord
    language: str


@dataclass(frozen=True, slots=True)
class Report:
    """`render(material, folder)` writes into `folder` and returns the file a reader opens."""

    title: str
    languages: frozenset[str]
    render: Callable[[Material, Path], Path]
    built: bool = True
    """Whether it can be written. One that cannot is checked and planned, and refused when the plan is bound."""


def not_built(material: Material, folder: Path) -> Path:
    """The `render` of a report that is not built. A plan with one is never run."""
    raise NotImplementedError("binding refuses the plan before this is called")

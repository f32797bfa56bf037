"""The figures and tables of one metric of one block, out of its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditc.ir.finding import Finding

from . import numbers
from .entries import Entry, entry, ordered
from .maps import Atlas, maps
from .names import PROFILES, Names, ablation, estimates, published
from .panels import Picture, axis_label, panels, small
from .parts import Figure, by_conditions, by_values


@dataclass(frozen=True, slots=True)
class Section:
    """A metric of a block: pictures for the whole survey, by dimension and by whatever else it is told apart by, and
    the numbers in tables."""

    anchor: str
    block: str
    metric: str
    title: str
    reading: str
    caption: str
    part_caption: str
    maps: tuple[Atlas, ...]
    panels: tuple[Picture, ...]
    parts: tuple[Picture, ...]
    figures: tuple[Figure, ...]
    ablations: tuple[Figure, ...]
    rows: tuple[Entry, ...]
    part_rows: tuple[Entry, ...]
    value_rows: tuple[Entry, ...]
    """Of findings with axes beside the dimension."""
    ablation_rows: tuple[Entry, ...]
    left_out: int
    """How many figures of ablations, by dimension and in parts, are in findings.json alone."""
    level: str
    floor: bool
    lines: bool
    conditions: tuple[tuple[int, str], ...]
    """How the marks of each condition are filled, and what it is called; empty where there is only one."""
    unsound: bool
    profile: bool
    """Whether it is read by dimension first."""
    published: bool
    """Whether it is a paper's variant."""


ABLATED = 200
"""Rows of ablations that a metric may have. Each condition has all parts again: a page would be mostly these."""


def section(names: Names, block: str, metric: str) -> Section:
    """Everything about one metric of one block."""
    own = [f for f in estimates(names.material) if f.block == block and f.metric == metric]
    kept = [f for f in own if not ablation(f.condition)]
    whole = [f for f in kept if not f.axes]
    parts = [f for f in kept if set(f.axes) == {"dimension"}]
    values = [f for f in kept if set(f.axes) - {"dimension"}]
    ablated = [f for f in own if ablation(f.condition)]
    shown = _broadest(ablated)
    words = names.words
    return Section(
        anchor=f"m-{names.where(block, metric)}",
        block=block,
        metric=metric,
        title=names.metric(metric),
        reading=words.known(f"metric.{metric}.reading", ""),
        caption=_caption(names, metric, whole or own),
        part_caption=_caption(names, metric, parts or own),
        maps=tuple(maps(names, block, metric)),
        panels=tuple(panels(names, block, metric, whole)),
        parts=tuple(small(names, block, metric, parts)),
        figures=tuple(by_values(names, block, metric, values)),
        ablations=tuple(by_conditions(names, block, metric, [f for f in own if not f.axes])),
        rows=_rows(names, whole),
        part_rows=_rows(names, parts),
        value_rows=_rows(names, values),
        ablation_rows=_rows(names, shown),
        left_out=len(ablated) - len(shown),
        level=names.words.listed(sorted({numbers.level(f.level) for f in own})),
        floor=any(f.floor for f in own),
        lines=any(f.lines for f in own),
        conditions=_conditions(names, whole),
        unsound=any(not f.interpretable for f in own),
        profile=metric in PROFILES,
        published=published(metric),
    )


def _broadest(findings: Sequence[Finding]) -> list[Finding]:
    """Those that are fixed at the fewest axes, the whole survey where there is one; none where they are too many."""
    fewest = min((len(f.axes) for f in findings), default=0)
    kept = [f for f in findings if len(f.axes) == fewest]
    return kept if len(kept) <= ABLATED else []


def _caption(names: Names, metric: str, findings: Sequence[Finding]) -> str:
    return axis_label(names, metric, findings[0].unit, findings[0].better) if findings else ""


def _rows(names: Names, findings: Sequence[Finding]) -> tuple[Entry, ...]:
    return tuple(entry(names, f) for f in ordered(names, findings))


def _conditions(names: Names, findings: Sequence[Finding]) -> tuple[tuple[int, str], ...]:
    found = {f.condition for f in findings}
    shown = tuple((names.variant(c), names.condition(c)) for c in names.conditions if c in found)
    return shown if len(shown) > 1 else ()

"""How far the models repeated themselves: what moved when cells were put to them a second time."""

from __future__ import annotations

from dataclasses import dataclass

from auditc.ir.finding import ProbeRow, Share

from . import numbers
from .names import Names


@dataclass(frozen=True, slots=True)
class Probe:
    """A row: one stage of one model. `moved` are pairs of what moved, and how far at the median and at most."""

    row: ProbeRow
    block: str
    model: str
    kind: str
    engine: str
    cells: str
    answers: str
    readings: str
    moved: tuple[tuple[str, str], ...]


def probes(names: Names) -> list[Probe]:
    """In the plan's order of stages; empty where nothing was probed."""
    words = names.words
    return [
        Probe(
            row=row,
            block=names.block(row.block),
            model=names.model(row.model),
            kind=words(f"probe.{row.kind}"),
            engine=words("list.comma").join(word for word in (row.engine, row.dtype) if word) or numbers.NONE,
            cells=_cells(names, row),
            answers=_share(names, row.answers, row.cells),
            readings=_share(names, row.readings, row.cells),
            moved=tuple(
                (words(f"probe.{what}"), words("probe.shift", median=small(s.median), largest=small(s.largest)))
                for what, s in (("probability", row.probability), ("logprob", row.logprob))
                if s is not None
            ),
        )
        for row in names.material.findings.probes
    ]


def small(value: float) -> str:
    """Two significant digits: what moves is often in the seventh decimal."""
    return numbers.signed(f"{value:.2g}")


def _cells(names: Names, row: ProbeRow) -> str:
    said = [numbers.count(row.cells)]
    said += [names.words(f"missing.{key}", n=n) for key in ("failed", "not_run") if (n := getattr(row, key))]
    return names.words("list.comma").join(said)


def _share(names: Names, share: Share | None, cells: int) -> str:
    """`1 of 23 (0.8–21.0%)`."""
    if share is None:
        return numbers.NONE
    interval = numbers.interval(share.low, share.high, "share")
    return names.words("probe.share", count=numbers.count(share.count), cells=numbers.count(cells), interval=interval)

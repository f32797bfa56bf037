"""What follows from the changes for every claim that both audits make: for its verdict and the figures it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from auditc.compiler.claims import AXES
from auditc.compiler.claims import figures as figures_in
from auditc.compiler.further import further_of
from auditc.ir.plan import Arithmetic, Comparison, Figure, Judge, Mean, Measure, Plan, Term

from .cells import CellKey
from .changes import Difference
from .consequences import Effect
from .figures import Judged, judge, once, told
from .names import Names
from .outcome import ClaimOutcome, Comparability, together
from .reach import Cell


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two audits, with its figures by the names that both have."""

    plan: Plan
    names: Names
    cells: dict[CellKey, Cell]

    def claims(self) -> dict[str, Judge]:
        return {self.names.claim(stage.claim): stage for stage in self.plan.stages if isinstance(stage, Judge)}

    def axis(self, figure: Figure, name: str) -> frozenset[str]:
        """The values of an axis that a figure has; one where it is fixed."""
        if name in figure.at:
            return frozenset({self.names.of(name, figure.at[name])})
        if name not in AXES:
            return frozenset(self._further(figure).get(name, ()))
        found: set[str] = set()
        for cell in map(self.cells.__getitem__, self.read(figure)):
            values = {
                "model": cell.models,
                "population": {cell.population},
                "condition": {cell.condition},
                "dimension": set(cell.dimensions.values()) - {""},
            }
            found |= values[name]
        return frozenset(found)

    def _further(self, figure: Figure) -> dict[str, tuple[str, ...]]:
        wanted = self.names.measure(figure.measure)
        own = (s.name for s in self.plan.stages if isinstance(s, Measure) and self.names.measure(s.name) == wanted)
        return next((further_of(self.plan, name) for name in own), {})

    def read(self, figure: Figure) -> list[CellKey]:
        """The cells that a figure of a claim may be."""
        block, _, metric = self.names.measure(figure.measure).rpartition(".")
        at = {axis: self.names.of(axis, value) for axis, value in figure.at.items()}
        return [
            key
            for key, cell in self.cells.items()
            if (cell.block, cell.metric) == (block, metric)
            and at.get("population", cell.population) == cell.population
            and at.get("condition", cell.condition) == cell.condition
        ]


def claims(differences: list[Difference], before: Side, after: Side) -> tuple[ClaimOutcome, ...]:
    """One outcome for each claim that both audits make."""
    first, second = before.claims(), after.claims()
    parts = (_parts(before), _parts(after))
    return tuple(
        _claim(name, first[name], second[name], differences, before, after, parts)
        for name in sorted(first.keys() & second.keys())
    )


def _claim(
    name: str,
    old: Judge,
    new: Judge,
    differences: list[Difference],
    before: Side,
    after: Side,
    parts: tuple[int, int],
) -> ClaimOutcome:
    read = list(_read(differences, old, new, before, after))
    figures = together([judged.verdict for judged in read])
    reasons, partial = _verdict_reasons(name, differences), []
    notes = [note for judged in read for note in judged.notes]
    for axis, averaged in sorted(_other_axes(old, before, after) if not reasons else ()):
        if averaged:
            reasons.append(f"the mean is over another set: {axis}")
        elif axis == "model":
            notes.append("it is decided for other models: they are what waves compare")
        else:
            partial.append(f"it is decided for another set: {axis}")
    cautions = [caution for judged in read for caution in judged.cautions]
    if any(judged.verdict == "comparable in part" for judged in read):
        reasons.append("it was decided over other items")
    if figures == "not comparable":
        reasons.append("none of the figures that it reads can be compared")
    elif figures == "comparable in part":
        partial.append("not all figures that it reads can be compared")
    if parts[0] != parts[1] and before.plan.correct == after.plan.correct == "holm":
        cautions.append("Holm's correction is shared by another number of parts of claims")
    verdict: Comparability = "not comparable" if reasons else "comparable in part" if partial else "comparable"
    told_of = [reason for judged in read for reason in judged.reasons]
    return ClaimOutcome(
        claim=name,
        verdict=verdict,
        figures=figures,
        reasons=once([*reasons, *partial, *told_of]),
        cautions=once(cautions),
        notes=once(notes),
        was=old.claim if old.claim != new.claim else "",
    )


def _verdict_reasons(name: str, differences: list[Difference]) -> list[str]:
    """What was changed about how the claim is decided."""
    return [
        f"{told(difference)}: {rule.why}"
        for difference in differences
        if difference.reach.claim in (None, name)
        for rule in difference.rules
        if rule.effect is Effect.VERDICT
    ]


def _other_axes(old: Judge, before: Side, after: Side) -> set[tuple[str, bool]]:
    """Axes that the claim goes through and that have other values now, and whether it averages over them."""
    found = set()
    for figure, axes, averaged in _axes(old.holds):
        renamed = Figure(
            measure=before.names.measure(figure.measure),
            at={axis: before.names.of(axis, value) for axis, value in figure.at.items()},
        )
        found |= {(axis, axis in averaged) for axis in axes if before.axis(figure, axis) != after.axis(renamed, axis)}
    return found


def _axes(comparison: Comparison) -> Iterator[tuple[Figure, frozenset[str], frozenset[str]]]:
    """Every figure of a claim, the axes it is gone through or averaged over, and those of them that are averaged."""

    def inside(term: Term, averaged: frozenset[str]) -> Iterator[tuple[Figure, frozenset[str], frozenset[str]]]:
        match term:
            case Figure():
                yield term, averaged | frozenset(comparison.each), averaged
            case Mean():
                yield from inside(term.of, averaged | frozenset(term.over))
            case Arithmetic():
                yield from inside(term.left, averaged)
                yield from inside(term.right, averaged)

    yield from inside(comparison.left, frozenset())
    yield from inside(comparison.right, frozenset())


def _read(differences: list[Difference], old: Judge, new: Judge, before: Side, after: Side) -> Iterator[Judged]:
    """The figures that the claim reads in either audit and that both have, within the dimension that it names."""
    seen: set[tuple[CellKey, str | None]] = set()
    for claim, side in ((old, before), (new, after)):
        for figure in (*figures_in(claim.holds.left), *figures_in(claim.holds.right)):
            wanted = figure.at.get("dimension")
            for key in side.read(figure):
                if key in before.cells and key in after.cells and (key, wanted) not in seen:
                    seen.add((key, wanted))
                    yield _within(differences, before.cells[key], after.cells[key], wanted)


def _within(differences: list[Difference], old: Cell, new: Cell, dimension: str | None) -> Judged:
    if dimension is None:
        return judge(differences, old, new)
    first, second = (frozenset(i for i, named in cell.dimensions.items() if named == dimension) for cell in (old, new))
    return judge(differences, old, new, first | second, moved=first ^ second)


def _parts(side: Side) -> int:
    """How many parts all claims of an audit have: what a correction for their number is shared by."""
    total = 0
    for stage in side.claims().values():
        reads = [*figures_in(stage.holds.left), *figures_in(stage.holds.right)]
        total += prod(max((len(side.axis(figure, axis)) for figure in reads), default=1) for axis in stage.holds.each)
    return total

"""Verdicts in words: a finding for each part of a claim, and the claim's outcome out of its parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from auditc.ir.finding import ClaimOutcome, Finding, Missing, N, Verdict
from auditc.ir.plan import Judge

from .findings import joined, notes, rounded
from .judge import Part


def part_finding(stage: Judge, part: Part, tail: float, correct: str, family: int) -> Finding:
    """One part as a finding: the interval is the one that decides, with `tail` beyond each of its ends."""
    if part.said is not None:
        return _of_a_judge(stage, part, tail, correct, family)
    found = part.uncertainty
    ends = found.interval(tail) if found else None
    if ends and not all(math.isfinite(end) for end in ends):
        ends = None
    verdict, why = part.verdict(tail)
    measurements = [each.measured.measurement for each in part.slices]
    parts = [each.measured.part for each in part.slices]
    units = {one.unit for one in parts}
    betters = {one.better for one in parts}
    said = _said(why, tail, correct, family)
    for each in part.slices:
        said += [note for note in notes(each) if note not in said]
    if found:
        said += [note for note in found.notes if note not in said and note != why]
    return Finding(
        id="/".join([stage.claim, *(part.at.values())]),
        claim=stage.claim,
        metric=joined(m.metric for m in measurements),
        block=joined(m.block for m in measurements),
        method=joined(m.method for m in measurements),
        model=part.at.get("model") or joined(m.model for m in measurements),
        population=part.at.get("population") or joined(m.population for m in measurements),
        condition=part.at.get("condition") or joined(m.condition for m in measurements),
        axes={name: value for name, value in part.at.items() if name not in ("model", "population", "condition")},
        estimate=rounded(found.point) if found and math.isfinite(found.point) else None,
        low=rounded(ends[0]) if ends else None,
        high=rounded(ends[1]) if ends else None,
        level=rounded(1 - 2 * tail),
        procedure=found.procedure if found else "none",
        estimand=stage.estimand,
        unit=units.pop() if len(units) == 1 else "",
        better=betters.pop() if len(betters) == 1 and len(parts) == 1 else "neither",
        n=_n(part),
        missing=_missing(part),
        interpretable=all(each.interpretable() for each in part.slices),
        verdict=verdict,
        notes=tuple(said),
        origin=stage.origin,
    )


def _of_a_judge(stage: Judge, part: Part, tail: float, correct: str, family: int) -> Finding:
    """The finding that a judged share has anyway, with the interval that decides, and the verdict."""
    assert part.said is not None
    own = part.said.finding
    ends = part.uncertainty.interval(tail) if part.uncertainty else None
    verdict, why = part.verdict(tail)
    more = {
        "id": "/".join([stage.claim, *(part.at.values())]),
        "claim": stage.claim,
        "axes": {name: value for name, value in part.at.items() if name not in ("model", "population", "condition")},
        "low": rounded(ends[0]) if ends else None,
        "high": rounded(ends[1]) if ends else None,
        "level": rounded(1 - 2 * tail),
        "estimand": stage.estimand,
        "verdict": verdict,
        "notes": (*_said(why, tail, correct, family), *(note for note in own.notes if note != why)),
        "lines": {},
        "origin": stage.origin,
    }
    return own.model_copy(update=more)


def _said(why: str, tail: float, correct: str, family: int) -> list[str]:
    said = [f"undecided: {why}"] if why else []
    if family > 1 and correct == "holm":
        said.append(f"Holm over {family} parts: the interval that decides is one of {100 * (1 - 2 * tail):.4g} %")
    return said


def claim_outcome(
    stage: Judge, correct: str, parts: Sequence[tuple[Part, float]], found: Sequence[Finding]
) -> ClaimOutcome:
    """A claim's verdict out of its parts, with the reason for it."""
    verdict = together([each.verdict for each in found])
    return ClaimOutcome(
        claim=stage.claim,
        says=stage.says,
        holds=stage.text,
        level=stage.level,
        correct=correct,
        estimand=stage.estimand,
        verdict=verdict,
        why=_why(verdict, parts, found),
        parts=tuple(each.id for each in found),
        maps_to=stage.maps_to,
        origin=stage.origin,
    )


def together(verdicts: Sequence[Verdict | None]) -> Verdict:
    """A claim fails if a part fails, holds if all hold, and is undecided otherwise, as it is without any part."""
    if "fails" in verdicts:
        return "fails"
    return "holds" if verdicts and all(each == "holds" for each in verdicts) else "undecided"


def _why(verdict: Verdict, parts: Sequence[tuple[Part, float]], found: Sequence[Finding]) -> str:
    if not found:
        return "The claim has no part: nothing was measured that it could be judged by."
    if verdict == "holds":
        if len(found) == 1:
            return f"It holds: {_says(parts[0][0], found[0])}."
        return f"It holds in all {len(found)} parts."
    wanted = [(part, each) for (part, _), each in zip(parts, found, strict=True) if each.verdict == verdict]
    where = "" if len(found) == 1 else f" in {len(wanted)} of {len(found)} parts"
    part, each = wanted[0]
    if verdict == "fails":
        return f"It fails{where}: {_says(part, each)}."
    reason = next(note.removeprefix("undecided: ") for note in each.notes if note.startswith("undecided: "))
    told = f"{_says(part, each)}; {reason}" if each.estimate is not None else f"{_place(part)}{reason}"
    return f"It is undecided{where}: {told}."


def _says(part: Part, found: Finding) -> str:
    interval = "" if found.low is None or found.high is None else f" ({found.low:.3g} to {found.high:.3g})"
    return f"{_place(part)}{found.estimate:.3g}{interval} against {part.threshold:.3g}"


def _place(part: Part) -> str:
    return f"{', '.join(part.at.values())}: " if part.at else ""


def _n(part: Part) -> N:
    each = [one.n() for one in part.slices]
    draws = [n.draws for n in each if n.draws is not None]
    people = [n.people for n in each if n.people is not None]
    return N(
        items=part.spread.used if part.spread else 0,
        draws=min(draws) if draws else None,
        answers=sum(n.answers for n in each),
        people=min(people) if people else None,
        people_nominal=any(n.people_nominal for n in each),
    )


def _missing(part: Part) -> Missing:
    each = [one.missing() for one in part.slices]
    return Missing(
        refused=sum(m.refused for m in each),
        unparsable=sum(m.unparsable for m in each),
        failed=sum(m.failed for m in each),
        not_run=sum(m.not_run for m in each),
        items=sum(m.items for m in each),
    )

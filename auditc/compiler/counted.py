"""How many parts the claims of an audit have, and which of them nothing corrects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from auditc.diagnostics import Label, Sink, Span
from auditc.ir.audit import Claim
from auditc.ir.plan import Correction

from .claims import Measured, figures
from .mistakes import Poison, report


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """The claims of one family, or of none: how they are corrected, and where that is written, if it is."""

    correct: Correction
    said: Span | None
    parts: int
    claims: int


def parts(claim: Claim, measured: dict[str, Measured | Poison]) -> int:
    """How many verdicts a claim is made of: the combinations that its `each` goes through."""
    blocks = [(figure, measured[figure.measure.rpartition(".")[0]]) for figure in figures(claim.holds)]
    return prod(
        max(
            (
                len(b.along(f.measure.rpartition(".")[2]).get(axis, ()))
                for f, b in blocks
                if isinstance(b, Measured) and axis not in f.at
            ),
            default=1,
        )
        for axis in claim.holds.each
    )


def warn_of_uncorrected(together: Iterable[Together], sink: Sink) -> None:
    """Warn where more than one verdict of the whole audit is at a level of its own, in however many families."""
    free = [each for each in together if each.correct == "none" and each.parts]
    count, claims = sum(each.parts for each in free), sum(each.claims for each in free)
    places = [each.said for each in free if each.said is not None]
    if count > 1 and places:
        of = f"{claims} claims" if claims > 1 else "1 claim"
        label = f"with {count} verdicts in {of}, each at its own level, one more often holds by chance"
        related = [Label(place, "and here") for place in places[1:]]
        report(sink, "AC410", places[0], label, remedy="Write `correct = holm`.", related=related)

"""Judged shares: claims on what a judge says of a model's answers, corrected by how often the judge errs.

Such a figure is no mean over items, and has no influence of items and draws: its uncertainty are the replicates of the
bootstrap that its interval is made of (`prevalence`). A part of a claim holds, or fails, where the share of replicates
on the other side of the threshold is no more than the claim allows; and only if it does however all that the judge left
unsaid would have been said. Where the correction is refused, or nobody knows how often the judge errs, it is undecided.

Two such figures of one judge share its errors, and those of one model its answers: a claim has one of them alone, held
against a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditc.ir.finding import Finding

from .estimate import Uncertainty
from .prevalence import FEWEST_CLUSTERS, Said
from .spread import Spread

Array = NDArray[np.float64]

MISFIT = "the judge's errors on its cases do not fit what it said of the answers: corrected, the share is no share"
UNKNOWN = "nobody knows how often the judge errs on such answers"


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn(Uncertainty):
    """How sure a figure is of which only replicates are known: `moved[R]`, sorted, is how far each lies from the
    point."""

    moved: Array = field(default_factory=lambda: np.zeros(1))

    def interval(self, tail: float) -> tuple[float, float] | None:
        """Ends with that share of replicates beyond each, within 0 and 1."""
        k = max(1, int(tail * (len(self.moved) + 1) + 1e-9))
        low, high = np.clip(self.point + self.moved[[k - 1, -k]], 0, 1).tolist()
        return low, high

    def chance(self, side: Literal["below", "above"], threshold: float) -> float:
        """The share of replicates that do not lie on that side of the threshold."""
        values = self.point + self.moved
        beyond = values >= threshold if side == "below" else values <= threshold
        return float((1 + beyond.sum()) / (1 + len(values)))


def redrawn(said: Said) -> tuple[Redrawn | None, Spread, str]:
    """The uncertainty of a judged share; its spread, which has its ends alone; and why nothing is decided by it, empty
    where something is."""
    found = said.corrected
    if found.point is None or found.replicates is None:
        return None, _spread(np.nan, said), found.why or UNKNOWN
    moved = np.sort(found.replicates - found.raw)
    uncertainty = Redrawn(found.raw, 0.0, said.finding.procedure, said.finding.estimand, moved=moved)
    if np.quantile(found.replicates, 0.975) <= 0 or np.quantile(found.replicates, 0.025) >= 1:
        return uncertainty, _spread(found.raw, said), MISFIT
    return uncertainty, _spread(found.raw, said), "" if said.finding.interpretable else UNKNOWN


def of_these_alone(finding: Finding) -> str:
    """Why a judged share cannot speak for items like these; empty where it can."""
    if finding.estimand == "items like these":
        return ""
    return (
        f"answers of {finding.n.draws} participants to {finding.n.items} items were judged: with fewer than "
        f"{FEWEST_CLUSTERS} of either it cannot speak for items like these"
    )


def _spread(point: float, said: Said) -> Spread:
    nothing = np.zeros(0)
    return Spread(point, nothing, nothing.astype(np.int64), least=said.least, most=said.most)

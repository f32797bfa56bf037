"""Whether a claim would be borne out by a model that answers like people, with the draws that are planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Final, Literal

from auditc.ir.audit import SurveyUse
from auditc.ir.design import Design
from auditc.ir.plan import Figure, Mean, Number
from auditc.metrics import metrics

from .claimed import FEW_ITEMS, TURNED, Rest, Standing, resting_on
from .counted import Together
from .mistakes import report
from .questions import Question
from .scope import Scope

BestCase = Callable[[Design], tuple[float, float] | None]
"""`evidence.power.best_case`: statistics belong there, and whoever starts the compiler brings it along."""

ENOUGH: Final = 0.8
"""The power that studies are planned for: four of five decide what is so."""


def warn_of_power(
    standing: Standing, together: Together, questions: dict[str, Question], scope: Scope, best: BestCase
) -> None:
    """Warn of a claim that a model which answers like people would too often not bear out with the draws planned."""
    claim = standing.claim
    left, operator, right = claim.holds.left, str(claim.holds.operator), claim.holds.right
    if isinstance(left, Number):
        left, operator, right = right, TURNED[operator], left
    over: tuple[str, ...] = ()
    while isinstance(left, Mean):
        over, left = (*over, *left.over), left.of
    rests = list(resting_on(claim, questions))
    if not isinstance(left, Figure) or not isinstance(right, Number) or len(rests) != 1:
        return
    rest = rests[0]
    side: Literal["below", "above"] = "below" if operator in ("<", "<=") else "above"
    if (metrics.take(rest.metric).better == "lower") != (side == "below"):
        return
    if claim.estimand == "items like these" and len(rest.items) < FEW_ITEMS:
        return  # AC435 says it
    tail = (1 - claim.level) / 2 / (together.parts if together.correct == "holm" else 1)
    found = []
    for name, design in _designs(rest, over, side, right.value, tail, claim.estimand):
        come_to = best(design)
        if come_to is not None:
            found.append((come_to[1], come_to[0], name, design.draws))
    # A mean over populations is somewhere between what it would be with the people of each.
    chance, middle, name, draws = (max if "population" in over else min)(found, default=(1.0, 0.0, "", 0))
    if chance < ENOUGH:
        planned = f"{draws} draws" if draws > 1 else "1 draw"
        label = (
            f"with {planned} a model that answers like people of `{name}` comes to {round(middle, 2) + 0.0:.2f} "
            f"and would bear this out in {100 * chance:.0f} of 100 runs"
        )
        remedy = "Plan more draws, ask more items, or claim less."
        report(scope.sink, "AC422", standing.holds, label, remedy=remedy)


def _designs(
    rest: Rest,
    over: tuple[str, ...],
    side: Literal["below", "above"],
    threshold: float,
    tail: float,
    estimand: Literal["items like these", "these items"],
) -> Iterator[tuple[str, Design]]:
    """What the claim rests on, for the people of each population that it is about."""
    use, draws = rest.question.use, rest.draws
    if draws is None or not isinstance(use, SurveyUse):
        return
    parts = prod(len(rest.question.measured.axes[axis]) for axis in over if axis in ("model", "population"))
    for name, population in use.populations.items():
        known = use.survey.people.get(population.country, {})
        items = tuple(item for item in rest.items if item.id in known)
        if items and rest.figure.at.get("population", name) == name:
            people = tuple(known[item.id] for item in items)
            yield (
                name,
                Design(rest.metric, items, people, draws, parts, side, threshold, tail, estimand, use.seed),
            )

"""Whether a claim can be decided by what it rests on: its threshold, its design, its judges, and what is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from auditc.diagnostics import Span
from auditc.ir.audit import Claim, MetricUse, SurveyUse
from auditc.ir.plan import Comparison, Converse, Figure, Item, Mean, Model, Number, Score
from auditc.methods import methods
from auditc.metrics import metrics

from .claims import figures
from .compared import comparable, sides
from .copies import different
from .instruments import calibrating, uncalibrated
from .mistakes import report
from .questions import Question
from .reach import summed
from .reread import stands_for
from .scope import Scope
from .stages import feeding

FEW_ITEMS: Final = 10
"""With fewer no interval speaks for items like these."""

TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What a comparison is with its sides changed."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A claim, and where its parts stand in the spec."""

    claim: Claim
    holds: Span
    cluster: Span | None
    clusters: tuple[str, ...] | None


def look_at_claim(standing: Standing, questions: dict[str, Question], models: dict[str, Model], scope: Scope) -> bool:
    """Whether nothing about a claim would falsify its verdict; warns of what would leave it undecided."""
    _decidable(standing, scope)
    rests_on = list(resting_on(standing.claim, questions))

    def items_of(figure: Figure) -> frozenset[tuple[str, str]]:
        return next(rest.names for rest in rests_on if rest.figure is figure)

    good = all(
        [
            _answered(standing, rests_on, scope),
            _independent(standing, rests_on, scope),
            _calibrated(standing, rests_on, scope),
            _with_interval(standing, rests_on, scope),
            comparable(sides(standing.claim.holds, standing.holds), items_of, models, scope),
        ]
    )
    _alone(standing, rests_on, scope)
    _of_these(standing, rests_on, scope)
    _many_items(standing, rests_on, scope)
    _left_to_chance(standing, rests_on, scope)
    return good


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A figure of a claim, and the block that it is measured in."""

    figure: Figure
    question: Question
    metric: str

    @property
    def use(self) -> MetricUse | None:
        return next((use for use in self.question.use.metrics if use.metric == self.metric), None)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items behind the figure."""
        use = self.question.use
        if not isinstance(use, SurveyUse):
            return ()
        taken = metrics.take(self.metric)
        dimension = self.figure.at.get("dimension")
        asked = set(use.items)
        return tuple(
            item
            for item in use.survey.items
            if item.id in asked and taken.takes(item) and dimension in (None, item.dimension)
        )

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Survey and identifier of each item behind the figure."""
        use = self.question.use
        return (
            frozenset((use.survey_name, item.id) for item in self.items) if isinstance(use, SurveyUse) else frozenset()
        )

    @property
    def draws(self) -> int | None:
        """Different participants behind each share, of the population with the fewest; None where probabilities are
        exact."""
        use = self.question.use
        if not isinstance(use, SurveyUse):
            return None
        stages = [stage for stage in methods.take(use.method).stages(use) if isinstance(stage, Score | Converse)]
        needs = feeding(metrics.take(self.metric), stages) or ()
        used = [stage for stage in stages if stage.name in needs]
        if any(isinstance(stage, Score) for stage in used):
            return None
        asked = self.figure.at.get("population")
        told = [people for name, people in use.populations.items() if asked in (None, name)]
        under = stands_for(self.figure.at.get("condition"))
        spoken = [stage for stage in used if isinstance(stage, Converse) and under in (None, stage.condition)]
        return min((different(stage, people, use.survey) for stage in spoken for people in told), default=None)


def resting_on(claim: Claim, questions: dict[str, Question]) -> Iterator[Rest]:
    """Every figure of a claim, with its block."""
    for figure in figures(claim.holds):
        block, _, metric = figure.measure.rpartition(".")
        yield Rest(figure, questions[block], metric)


def _answered(standing: Standing, rests_on: list[Rest], scope: Scope) -> bool:
    """Whether some item of a dimension that is named counts for the metric."""
    for rest in rests_on:
        dimension = rest.figure.at.get("dimension")
        if dimension is not None and isinstance(rest.question.use, SurveyUse) and not rest.items:
            suited = metrics.take(rest.metric).suited
            label = f"no item of `{dimension}` counts for `{rest.metric}`: it is for {suited}"
            remedy = "Claim it of another dimension, or by another metric."
            report(scope.sink, "AC401", standing.holds, label, remedy=remedy)
            return False
    return True


def _decidable(standing: Standing, scope: Scope) -> None:
    """Warn of a comparison that always comes out in one way, whatever the figures in it are."""
    comparison = standing.claim.holds
    left, right = summed(comparison.left), summed(comparison.right)
    low, high = left.plus(right, -1.0).ends
    never, always = {
        "<": (low >= 0, high < 0),
        "<=": (low > 0, high <= 0),
        ">": (high <= 0, low > 0),
        ">=": (high < 0, low >= 0),
    }[comparison.operator]
    if never or always:
        said = [f"{text} lies between {ends[0]:g} and {ends[1]:g}" for text, ends in _reaches(comparison)]
        label = f"{' and '.join(said)}: this {'always' if always else 'never'} holds"
        if left.parts and right.parts and low == high:
            label = f"both sides differ by {low:g} whatever is measured: this {'always' if always else 'never'} holds"
        remedy = "Compare with a figure that can be passed and missed."
        report(scope.sink, "AC420", standing.holds, label, remedy=remedy)


def _reaches(comparison: Comparison) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each side that is measured, in words, and its ends."""
    for term, name in ((comparison.left, "the left side"), (comparison.right, "the right side")):
        while isinstance(term, Mean):
            term = term.of
        if isinstance(term, Figure):
            yield f"`{term.measure.rpartition('.')[2]}`", summed(term).ends
        elif not isinstance(term, Number):
            yield name, summed(term).ends


def _independent(standing: Standing, rests_on: list[Rest], scope: Scope) -> bool:
    """Whether what the author says is shared by observations is what they do share."""
    if standing.clusters is None or standing.cluster is None:
        return True
    shared = {"participant"} if any(rest.draws is not None for rest in rests_on) else set()
    if standing.claim.estimand == "items like these":
        shared.add("item")
    wanted = f"cluster = [{', '.join(sorted(shared))}]"
    forgotten = sorted(shared - set(standing.clusters))
    if forgotten:
        label = f"answers of one {forgotten[0]} are alike, and are counted as if they were not"
        report(scope.sink, "AC424", standing.cluster, label, remedy=f"Write `{wanted}`, or leave it out.")
        return False
    more = sorted(set(standing.clusters) - shared)
    if more:
        label = f"what this claim rests on shares no {more[0]}"
        remedy = f"Write `{wanted}`, or leave it out." if shared else "Leave it out."
        report(scope.sink, "AC313", standing.cluster, label, remedy=remedy)
        return False
    return True


def _calibrated(standing: Standing, rests_on: list[Rest], scope: Scope) -> bool:
    """Whether no claim is decided by a judge whose own errors nobody knows, or by several of its shares, which have
    these errors in common."""
    for rest in rests_on:
        params = rest.use.params if rest.use else None
        lacks = uncalibrated(params) if hasattr(params, "judge") else ""
        if lacks:
            label = f"`{rest.metric}` is what a judge says whose errors are not known: {lacks}"
            report(scope.sink, "AC427", standing.holds, label, remedy=calibrating(params))
            return False
        if metrics.take(rest.metric).reads == "assessed" and not _alone_with_a_number(standing.claim.holds):
            label = f"`{rest.metric}` is what a judge says: its errors are in every such figure alike"
            remedy = f"Hold one figure against a number: `each(citizens.{rest.metric}, over = model) < 10%`."
            report(scope.sink, "AC511", standing.holds, label, remedy=remedy)
            return False
        if metrics.take(rest.metric).across:
            label = f"`{rest.metric}` is one figure for all populations together, and a claim cannot name one yet"
            remedy = "Claim something else, and read this figure in the report."
            report(scope.sink, "AC369", standing.holds, label, remedy=remedy)
            return False
    return True


def _alone_with_a_number(holds: Comparison) -> bool:
    """Whether one side is a figure and the other a number."""
    kinds = {type(holds.left), type(holds.right)}
    return kinds == {Figure, Number}


def _with_interval(standing: Standing, rests_on: list[Rest], scope: Scope) -> bool:
    """Whether every figure has an interval that a verdict could come of."""
    for rest in rests_on:
        metric = metrics.take(rest.metric)
        if metric.no_interval:
            label = f"no verdict can come of `{rest.metric}`: {metric.no_interval}"
            remedy = f"Claim `{metric.instead}`." if metric.instead else "Claim something else."
            report(scope.sink, "AC510", standing.holds, label, remedy=f"{remedy} This figure stands in the report.")
            return False
    return True


def _alone(standing: Standing, rests_on: list[Rest], scope: Scope) -> None:
    """Warn of a figure that is one model's only among those that happen to be asked with it."""
    for rest in rests_on:
        if not metrics.take(rest.metric).local and not metrics.take(rest.metric).no_interval:
            label = f"`{rest.metric}` of one model changes when another one is added to the block"
            remedy = "Claim something that is the model's own, or say in `says` among which models it holds."
            report(scope.sink, "AC428", standing.holds, label, remedy=remedy)
            return


def _of_these(standing: Standing, rests_on: list[Rest], scope: Scope) -> None:
    """Warn of a claim about items like these on a distance, which is one of the items that were asked."""
    if standing.claim.estimand != "items like these":
        return
    for rest in rests_on:
        if metrics.take(rest.metric).aggregate == "distance" and "dimension" not in rest.figure.at:
            label = f"`{rest.metric}` is a distance on these items: other items would move it in one direction"
            remedy = "Claim it of these items: `estimand = these_items`."
            report(scope.sink, "AC456", standing.holds, label, remedy=remedy)
            return


def _left_to_chance(standing: Standing, rests_on: list[Rest], scope: Scope) -> None:
    """Warn of a claim about these items alone whose answers are exact: there is nothing that an interval could hold."""
    asked = [rest for rest in rests_on if rest.items]
    if standing.claim.estimand == "these items" and asked and all(rest.draws is None for rest in asked):
        label = "these items are all that is meant, and their probabilities are exact: no interval decides it"
        remedy = "Claim it of items like these, and ask at least ten."
        report(scope.sink, "AC436", standing.holds, label, remedy=remedy)


def _many_items(standing: Standing, rests_on: list[Rest], scope: Scope) -> None:
    """Warn of a claim about items like these that rests on so few that none can be made."""
    if standing.claim.estimand != "items like these":
        return
    counted = [(len(rest.items), rest) for rest in rests_on if rest.items]
    count, rest = min(counted, key=lambda pair: pair[0], default=(FEW_ITEMS, None))
    if rest is not None and count < FEW_ITEMS:
        label = f"`{rest.figure.measure}` rests on {count} items: with fewer than {FEW_ITEMS} no claim on items like"
        drawn = any(rest.draws is not None for rest in rests_on)
        remedy = "Ask more items" + (", or claim it of these alone: `estimand = these_items`." if drawn else ".")
        report(scope.sink, "AC435", standing.holds, f"{label} these is decided", remedy=remedy)

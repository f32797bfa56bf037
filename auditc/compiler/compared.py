"""What a claim compares with what: the same items, the same quantity, and models that differ in one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from auditc.diagnostics import Span
from auditc.ir.plan import Arithmetic, Comparison, Figure, Mean, Model, Number, Term
from auditc.metrics import metrics
from auditc.metrics._contract import Metric

from .instruments import akin
from .mistakes import listing, report
from .scope import Scope

ItemsOf = Callable[[Figure], frozenset[tuple[str, str]]]
"""Survey and identifier of each item behind a figure; none for one that is not of a survey."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The figures that count for a comparison and those that count against it, and where it stands."""

    more: tuple[Figure, ...]
    less: tuple[Figure, ...]
    span: Span


def sides(holds: Comparison, span: Span) -> Sides:
    """The two sides of a comparison; what is subtracted, or divided by, is on the other one."""
    signed = [*_signed(holds.left, 1), *_signed(holds.right, -1)]
    more = tuple(figure for figure, sign in signed if sign > 0)
    return Sides(more, tuple(figure for figure, sign in signed if sign < 0), span)


def _signed(term: Term, sign: int) -> Iterator[tuple[Figure, int]]:
    match term:
        case Figure():
            yield term, sign
        case Mean():
            yield from _signed(term.of, sign)
        case Arithmetic():
            negative = term.operator in "*/" and any(
                isinstance(t, Number) and t.value < 0 for t in (term.left, term.right)
            )
            sign = -sign if negative else sign
            yield from _signed(term.left, sign)
            yield from _signed(term.right, -sign if term.operator in "-/" else sign)


def comparable(sides: Sides, items_of: ItemsOf, models: dict[str, Model], scope: Scope) -> bool:
    """Whether both sides share items; warns of what else keeps one figure from being held against the other."""
    _told_apart(sides, models, scope)
    own = [figure for figure in (*sides.more, *sides.less) if _metric(figure).own_tokens]
    named = [models[name] for figure in own if (name := figure.at.get("model", "")) in models]
    warn_of_tokens(own[0].measure if own else "", named, sides.span, scope)
    return _same_items(sides, items_of, scope)


def warn_of_tokens(measure: str, models: Sequence[Model], at: Span, scope: Scope) -> None:
    """Warn of figures in models' own tokens that are held against each other though the models are of two families:
    their tokenizers are others, as far as their cards tell."""
    for one, other in combinations(models, 2):
        if not akin(one, other):
            block, _, metric = measure.rpartition(".")
            label = (
                f"`{metric}` is counted in each model's own tokens, and these are of {one.family} and {other.family}"
            )
            remedy = f"Compare what does not hang on tokens: `{block}.bits_per_byte`."
            report(scope.sink, "AC500", at, label, remedy=remedy)
            return


def _same_items(sides: Sides, items_of: ItemsOf, scope: Scope) -> bool:
    """Whether the sides share items. Sides of two dimensions do not, and say so themselves."""
    dimensions = [{figure.at.get("dimension") for figure in side} for side in (sides.more, sides.less)]
    one, other = (frozenset().union(*map(items_of, side)) for side in (sides.more, sides.less))
    alike = dimensions[0] == dimensions[1] and one and other
    if alike and not one & other:
        label = f"one side rests on {_some(one)}, the other on {_some(other)}: they share none"
        report(scope.sink, "AC445", sides.span, label, remedy="Compare figures of the same items.")
        return False
    units = [{_metric(figure).unit for figure in side} for side in (sides.more, sides.less)]
    if all(units) and not units[0] & units[1]:
        label = f"one side is measured in {_joined(units[0])}, the other in {_joined(units[1])}"
        report(scope.sink, "AC447", sides.span, label, remedy="Compare figures of one metric, or each with a number.")
    elif alike and one != other:
        only = sorted(one ^ other)
        label = f"{len(only)} items are behind one side alone: {listing((name for _, name in only), 6)}"
        remedy = "Ask the same items in both blocks: what differs may be the items."
        report(scope.sink, "AC446", sides.span, label, remedy=remedy)
    return True


def _metric(figure: Figure) -> Metric[Any]:
    return metrics.take(figure.measure.rpartition(".")[2])


def _joined(units: set[str]) -> str:
    return " and ".join(f"“{unit}”" for unit in sorted(units))


def _some(items: frozenset[tuple[str, str]]) -> str:
    return listing((name for _, name in sorted(items)), 4)


def _told_apart(sides: Sides, models: dict[str, Model], scope: Scope) -> None:
    """Warn of a comparison of two models that differ in more than one thing."""
    named = [{f.at["model"] for f in side if "model" in f.at} & models.keys() for side in (sides.more, sides.less)]
    for one, two in ((one, two) for one in sorted(named[0]) for two in sorted(named[1]) if one != two):
        traits = ("family", "origin", "stage")
        other = [trait for trait in traits if getattr(models[one], trait) != getattr(models[two], trait)]
        if len(other) > 1 and not (models[one].trained or models[two].trained):
            label = f"`{one}` and `{two}` differ in {listing(other)}: which of them it is cannot be told apart"
            remedy = "Compare models that differ in one thing, or say what the claim is not about."
            report(scope.sink, "AC434", sides.span, label, remedy=remedy)
            return

"""How low and how high a term of a claim can come, whatever the models answer.

A term is brought to a sum of its figures with factors, so that what stands in it twice is one thing: `a - a` is 0 and
not between −1 and 1. Products and quotients of figures are bounded by their ends (Moore, 1966, Interval analysis).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isnan

from auditc.ir.plan import Arithmetic, Figure, Mean, Number, Term
from auditc.metrics import metrics

Ends = tuple[float, float]

DIGITS = 12
"""To which sums of constants are rounded: 1 − 0.9 − 0.1 is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A constant, and figures (or products of figures) by their text: the factor of each, and its ends."""

    constant: float
    parts: dict[str, tuple[float, Ends]] = field(default_factory=dict)

    def plus(self, other: Sum, factor: float = 1.0) -> Sum:
        """The sum of this and `factor` times the other."""
        found = dict(self.parts)
        for name, (times, ends) in other.parts.items():
            found[name] = (found.get(name, (0.0, ends))[0] + factor * times, ends)
        kept = {name: part for name, part in found.items() if round(part[0], DIGITS)}
        return Sum(round(self.constant + factor * other.constant, DIGITS), kept)

    @property
    def ends(self) -> Ends:
        """The least and the largest value."""
        low = high = self.constant
        for times, ends in self.parts.values():
            both = [_times(times, end) for end in ends]
            low, high = low + min(both), high + max(both)
        return round(low, DIGITS) + 0.0, round(high, DIGITS) + 0.0


def summed(term: Term) -> Sum:
    """A term as a sum."""
    match term:
        case Number():
            return Sum(term.value)
        case Figure():
            name = f"{term.measure}{sorted(term.at.items())}"
            return Sum(0.0, {name: (1.0, metrics.take(term.measure.rpartition(".")[2]).bounds)})
        case Mean():
            of = summed(term.of)
            return Sum(of.constant, {f"mean{term.over}({name})": part for name, part in of.parts.items()})
        case Arithmetic():
            return _calculated(term, summed(term.left), summed(term.right))


def _calculated(term: Arithmetic, left: Sum, right: Sum) -> Sum:
    match term.operator:
        case "+":
            return left.plus(right)
        case "-":
            return left.plus(right, -1.0)
        case "*" if not left.parts or not right.parts:
            number, other = (left, right) if not left.parts else (right, left)
            return Sum(0.0).plus(other, number.constant)
        case "/" if not right.parts and right.constant:
            return Sum(0.0).plus(left, 1 / right.constant)
        case "*":
            corners = [_times(one, other) for one in left.ends for other in right.ends]
        case _:
            corners = _quotients(left.ends, right.ends)
    return Sum(0.0, {term.model_dump_json(): (1.0, (min(corners), max(corners)))})


def _quotients(left: Ends, right: Ends) -> list[float]:
    low, high = right
    if low < 0 < high or (low, high) == (0, 0):
        return [-inf, inf]
    if low == 0 or high == 0:
        # Nearing 0 the quotient grows past all bounds, towards one side or both.
        sign = 1.0 if low == 0 else -1.0
        far = high if low == 0 else low
        return [end / far for end in left] + [sign * inf * (1 if end > 0 else -1) for end in left if end]
    return [0.0 if isnan(one / other) else one / other for one in left for other in right]


def _times(one: float, other: float) -> float:
    """0 times something that has no end is 0."""
    return 0.0 if one == 0 or other == 0 else one * other

"""Slice: a measurement for the whole survey or for one of its dimensions, and what a finding says about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditc.ir.finding import Missing, N
from auditc.ir.measurement import ANSWERED, FAILED, NOT_RUN, REFUSED, UNPARSABLE

from .distance import distance_of, furthest, lengths, simulated_lengths
from .estimate import Nature
from .measure import Measured
from .spread import Spread, exponential, sized, spread_of, weigh

Array = NDArray[np.float64]

FEWEST_ANSWERED = 0.5
"""Below this share of answers a figure is not taken for the model's (review.md b7)."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """`inside[I]` are the slice's items; `weights[I]` and `strata[I]` its headline (see `spread.weigh`)."""

    measured: Measured
    dimension: str | None
    inside: NDArray[np.bool_]
    weights: Array
    strata: NDArray[np.int64]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Items with a value."""
        return self.strata >= 0

    @property
    def distance(self) -> bool:
        """Whether the headline is a length over dimensions, and not a mean; in one dimension it is a mean again."""
        return self.dimension is None and self.measured.metric.aggregate == "distance"

    @property
    def signed(self) -> bool:
        """Whether it is the mean of differences that make a distance over all dimensions."""
        return self.measured.metric.aggregate == "distance" and not self.distance

    @property
    def unit(self) -> str:
        """Of the headline."""
        return "difference of mean scores" if self.signed else self.measured.part.unit

    @property
    def over(self) -> tuple[int, int]:
        """In how many dimensions an item has a value, of how many that were asked."""
        return len(set(self._dimensions[self.usable].tolist())), len(set(self._dimensions[self.inside].tolist()))

    @property
    def _used_dimensions(self) -> NDArray[np.int64]:
        """`[I]` numbers of the dimensions, -1 where an item has no value."""
        return np.where(self.usable, self._dimensions, -1)

    @property
    def nature(self) -> Nature:
        """What the interval may assume."""
        metric = self.measured.metric
        proportion = metric.reads in ("status", "written")
        alone = proportion and int(self.measured.measurement.status.sum(1).max(initial=0)) <= 1
        share = self.measured.part.share
        return Nature(
            proportion=proportion or share,
            share=share,
            smooth=metric.smooth,
            independent=alone or (share and not self.measured.drawn),
            no_interval=metric.no_interval,
        )

    def spread(self) -> Spread:
        """The headline with its spread. Meaningless when no item is usable."""
        measurement = self.measured.measurement
        if self.distance:
            drawn = measurement.influence, measurement.draws_of, measurement.draws or 0
            return distance_of(measurement.values, self._used_dimensions, *drawn)
        drawn = measurement.influence, measurement.draws_of, measurement.draws or 0
        sizes = None if measurement.sizes is None else self.weights
        if self.measured.metric.geometric:
            logs = np.log(np.where(self.usable, measurement.values, 1.0))
            return exponential(replace(spread_of(logs, self.weights, self.strata, *drawn), sizes=sizes))
        return replace(spread_of(measurement.values, self.weights, self.strata, *drawn), sizes=sizes)

    def headline(self, values: Array) -> Array:
        """Other values `[..., I]` (a floor's, a line's) put together as this slice's own are; NaN where one is
        missing."""
        if self.distance:
            return lengths(values, self._used_dimensions)
        used = self.usable
        geometric = self.measured.metric.geometric
        own = np.log(values[..., used]) if geometric else values[..., used]
        total: Array = np.asarray(own @ self.weights[used])
        return np.exp(total) if geometric else total

    def simulated(self, values: Array) -> Array:
        """The headlines of simulated samples `[R, I]`, without what their own draws add to a distance."""
        if self.distance:
            return simulated_lengths(values, self._used_dimensions, self.measured.drawn)
        return self.headline(values)

    def bounded(self, spread: Spread, low: Array, high: Array, loose: NDArray[np.bool_]) -> Spread:
        """The spread with the worst and best allocation of missing answers; `low`, `high` and `loose` `[I]` from
        `bounds`.

        An item without a value, all of whose answers are missing, takes part: it could have been anything in between.
        One that could have no value whatever was answered (no human shares) does not. One that is `loose` takes part
        where that makes the whole worse: the few of a group who gave the answer that it would have had leave it out.
        """
        if self.distance:
            least, most = furthest(low, high, np.where(self.inside, self._dimensions, -1))
            return replace(spread, least=min(least, spread.point), most=max(most, spread.point))
        ends = []
        loose = self.missing_cells > 0 if self.measured.part.picks else loose
        if loose.any() and not self._by_dimension:
            least, most = self._picked(low, loose), -self._picked(-high, loose)
            return replace(spread, least=min(least, spread.point), most=max(most, spread.point))
        for end in (low, high):
            weights, _ = weigh(np.where(self.inside, end, np.nan), self._dimensions, self._by_dimension)
            ends.append(float(weights @ np.where(weights > 0, end, 0.0)))
        return replace(spread, least=min(ends[0], spread.point), most=max(ends[1], spread.point))

    def _picked(self, values: Array, loose: NDArray[np.bool_]) -> float:
        """The least mean of items of which those that are `loose` need not be there."""
        known = self.inside & np.isfinite(values)
        may_leave = known & loose
        chosen = list(values[known & ~may_leave])
        for value in sorted(values[may_leave]):
            if not chosen or value < np.mean(chosen):
                chosen.append(value)
        return float(np.mean(chosen)) if chosen else np.inf

    @property
    def missing_cells(self) -> NDArray[np.int64]:
        """`[I]` cells refused or unparsable."""
        cells: NDArray[np.int64] = self.measured.measurement.status[:, [REFUSED, UNPARSABLE]].sum(1)
        return cells

    @property
    def _by_dimension(self) -> bool:
        return self.measured.metric.aggregate != "items"

    @property
    def _dimensions(self) -> NDArray[np.int64]:
        names = [item.dimension for item in self.measured.measurement.items]
        order = {name: number for number, name in enumerate(sorted(set(names)))}
        return np.array([order[name] for name in names], dtype=np.int64)

    def interpretable(self) -> bool:
        """Whether enough of the slice's cells, and of the whole survey's, were answered. A figure about the instrument
        itself always is."""
        if self.measured.metric.reads in ("status", "mass"):
            return True
        status = self.measured.measurement.status
        return all(answered_share(rows) >= FEWEST_ANSWERED for rows in (status, status[self.inside]))

    def n(self) -> N:
        """What the figure rests on."""
        measurement = self.measured.measurement
        about_people = self.measured.metric.needs_people or self.measured.base is not None
        people = measurement.people_n[self.usable]
        known = people[np.isfinite(people)]
        return N(
            items=int(self.usable.sum()),
            draws=measurement.draws,
            answers=int(measurement.status[self.usable, ANSWERED].sum()),
            people=int(known.min()) if known.size and about_people else None,
            people_nominal=about_people and bool((measurement.people_nominal & self.usable).any()),
        )

    @property
    def lost(self) -> NDArray[np.bool_]:
        """`[I]` items without a value. Of a part that picks items, those that no such part has: one that another part
        has is not missing here."""
        lost: NDArray[np.bool_] = self.inside & ~self.usable
        lacking = list(self.measured.lacks.values())
        if not self.measured.part.picks or not lacking:
            return lost
        answered = self.measured.measurement.status[:, ANSWERED]
        lost &= np.any(lacking, axis=0) | (answered < (2 if self.measured.drawn else 1))
        return lost

    def missing(self) -> Missing:
        """Cells without an answer, and items without a value."""
        counts = self.measured.measurement.status[self.usable | self.lost].sum(0)
        return Missing(
            refused=int(counts[REFUSED]),
            unparsable=int(counts[UNPARSABLE]),
            failed=int(counts[FAILED]),
            not_run=int(counts[NOT_RUN]),
            items=int(self.lost.sum()),
        )


def slice_of(measured: Measured, dimension: str | None, numbers: dict[str, int]) -> Slice:
    """One dimension, or the whole survey for None; `numbers` numbers the dimensions of the audit."""
    measurement = measured.measurement
    names = [item.dimension for item in measurement.items]
    inside = np.array([dimension is None or name == dimension for name in names], dtype=np.bool_)
    values = np.where(inside, measurement.values, np.nan)
    by_dimension = measured.metric.aggregate != "items" or dimension is not None
    labels = np.array([numbers[name] for name in names], dtype=np.int64)
    weights, strata = weigh(values, labels, by_dimension)
    if measurement.sizes is not None:
        weights = sized(strata, measurement.sizes)
    return Slice(measured, dimension, inside, weights, strata)


def answered_share(status: NDArray[np.int64]) -> float:
    """Answered ÷ asked; 0 where nothing was asked."""
    counts = status.sum(0)
    asked = int(counts[:NOT_RUN].sum())
    return float(counts[ANSWERED]) / asked if asked else 0.0

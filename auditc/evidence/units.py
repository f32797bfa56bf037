"""Units: participants of one condition who are, in part, those of another.

A draw has the same place, memory and seeds under every condition that does not change them, and what would be asked in
the same words is asked once: where an ablation leaves a participant as it was, the answers of both conditions are the
very same ones. Taken for independent they make the interval of a difference too wide. So participants who share a cell
are one unit: leaving the unit out leaves both out, and its influence on a difference is the difference of theirs,

    V_draws = Σ_u (influence of u on the one − its influence on the other)²

which holds whether or not what else the two answered hangs together, for units are drawn independently of each other.
Units whose answers are all shared say nothing of a difference: t has one degree of freedom less than there are others,
and never more than each condition alone would have.
Each participant is paired with at most one of another condition, so that as many cells as can be are within units.
Participants who are resampled (`redrawn`) are not paired: their differences stay as wide as of independent ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .measure import Measured
from .spread import Spread

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Units:
    """By who was asked, the number of each participant's unit `[D]`, those of one model and population counted
    together, and what they are called together."""

    of: Mapping[str, tuple[str, Ints]]
    count: Mapping[str, int]
    moving: Mapping[str, int]
    """How many units are not the very same under two conditions."""

    def joined(self, spread: Spread) -> Spread:
        """The spread with a row for each unit in the place of one for each participant."""
        draws, count = dict(spread.draws), dict(spread.count)
        for who in spread.draws.keys() & self.of.keys():
            name, numbers = self.of[who]
            rows = np.zeros((self.count[name], spread.draws[who].shape[1]))
            rows[numbers] = draws.pop(who)
            draws[name] = draws[name] + rows if name in draws else rows
            count[name] = min(count.pop(who), count.get(name, len(numbers)), self.moving[name])
        return replace(spread, draws=draws, count=count)


def units(sides: Sequence[Measured]) -> Units:
    """The units among the participants behind some figures; none where no two of them share a cell."""
    groups: dict[tuple[str, str], dict[str, Measured]] = {}
    for each in sides:
        own = each.measurement
        if each.cells is not None:
            groups.setdefault((own.model, own.population), {}).setdefault(own.draws_of, each)
    of: dict[str, tuple[str, Ints]] = {}
    count, moving = {}, {}
    for (model, population), asked in groups.items():
        (first, reference), *others = asked.items()
        found, total = {first: np.arange(len(_cells(reference)), dtype=np.int64)}, len(_cells(reference))
        same = np.ones(total, dtype=np.bool_)
        for who, each in others:
            mine, theirs, wholly = _paired(each, reference)
            same &= np.isin(found[first], theirs[wholly])
            if not len(mine):
                continue
            numbers = np.full(len(_cells(each)), -1, dtype=np.int64)
            numbers[mine] = theirs
            alone = numbers < 0
            numbers[alone] = total + np.arange(int(alone.sum()))
            total += int(alone.sum())
            found[who] = numbers
        if len(found) > 1:
            name = f"units\x1f{model}\x1f{population}"
            of |= {who: (name, numbers) for who, numbers in found.items()}
            count[name], moving[name] = total, total - int(same.sum())
    return Units(of, count, moving)


def _paired(one: Measured, other: Measured) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Rows of both that are in pairs, so that most cells are shared within pairs; and which pairs share all of them."""
    there = {item.id: place for place, item in enumerate(other.measurement.items)}
    mine = [place for place, item in enumerate(one.measurement.items) if item.id in there]
    theirs = [there[one.measurement.items[place].id] for place in mine]
    left, right = _cells(one)[:, mine], _cells(other)[:, theirs]
    _, numbers = np.unique(np.concatenate([left.ravel(), right.ravel()]), return_inverse=True)
    coded = numbers[: left.size].reshape(left.shape), numbers[left.size :].reshape(right.shape)
    shared = np.zeros((len(left), len(right)), dtype=np.int64)
    for column in range(left.shape[1]):
        same = coded[0][:, column, None] == coded[1][None, :, column]
        shared += same & (left[:, column, None] != "")
    rows, columns = linear_sum_assignment(-shared)
    wanted = shared[rows, columns] > 0
    rows, columns = rows[wanted], columns[wanted]
    wholly = (coded[0][rows] == coded[1][columns]).all(1)
    return rows.astype(np.int64), columns.astype(np.int64), wholly


def _cells(measured: Measured) -> NDArray[np.str_]:
    assert measured.cells is not None
    return measured.cells

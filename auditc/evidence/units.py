"""Units: participants of one condition who are, in part, those of another.

A draw has the same place, memory and seeds under every condition that does not change them, and what would be asked in
the same words is asked once: where an ablation leaves a participant as it was, the answers of both conditions are the
very same ones. Taken for independent they make the interval of a difference too wide, and that of a sum too short. So
participants who share a cell are one unit: leaving the unit out leaves both out, and its influence on a difference is
the difference of theirs,

    V_draws = Σ_u (influence of u on the one − its influence on the other)²

which holds whether or not what else the two answered hangs together, for units are drawn independently of each other.
Units whose answers are all shared say nothing of a difference: t has one degree of freedom less than there are others.
In a sum they say as much as others: how far each kind of units is to be trusted follows from what it adds to the
variance (Satterthwaite, 1946),

    degrees of freedom = V² / (V_same² / (n_same − 1) + V_others² / (n_others − 1))

rounded down, and in both never more than each condition alone would have. What a term is follows from its slopes by its
figures (`opposed`), and not from its variance: what is left of those who are the same in a difference hangs on the few
who are not, and would pass for much knowledge.
Each participant is paired with at most one of another condition, so that as many cells as can be are within units.
Participants who are resampled (`redrawn`) are not paired: their differences stay as wide as of independent ones.
Source of the degrees of freedom: Satterthwaite (1946), An approximate distribution of estimates of variance components.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from auditc.ir.answers import Answers
from auditc.ir.reread import SECOND_READING

from .measure import Measured
from .sources import ASKED, who_of
from .spread import Spread

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FACTOR = 0x9E3779B97F4A7C15
"""An odd number of 64 bits, whose powers make one number of a key's characters."""
CANCELLED = 0.25
"""Of a figure less itself under another condition, below this share what is left of it is no more than noise."""
OF_ONE = 0.5
"""Degrees of freedom of the variance that a single unit makes: fewer than of any two."""


@dataclass(frozen=True, slots=True)
class Units:
    """By who was asked, the number of each participant's unit `[D]`, those of one model and population counted
    together, and what they are called together."""

    of: Mapping[str, tuple[str, Ints]]
    same: Mapping[str, Bools]
    """Which units `[U]` are the very same under all conditions, on the items at hand."""

    def joined(self, spread: Spread) -> Spread:
        """The spread with a row for each unit in the place of one for each participant."""
        draws, count = dict(spread.draws), dict(spread.count)
        for who in spread.draws.keys() & self.of.keys():
            name, numbers = self.of[who]
            rows = np.zeros((len(self.same[name]), spread.draws[who].shape[1]))
            rows[numbers] = draws.pop(who)
            draws[name] = draws[name] + rows if name in draws else rows
            count[name] = min(count.pop(who), count.get(name, len(numbers)))
        return replace(spread, draws=draws, count=count)

    def counted(self, spread: Spread, difference: bool) -> Spread:
        """A whole term with as many participants as its variance may be trusted like; see above."""
        here = self.same.keys() & spread.draws.keys()
        if difference:
            # Where nobody differs, what cancels is gone, and the rest rests on everyone.
            others = {name: int((~self.same[name]).sum()) or spread.count[name] for name in here}
            return replace(spread, count={who: min(n, others.get(who, n)) for who, n in spread.count.items()})
        if not here:
            return spread
        whole, known = 0.0, 0.0
        for who, influence in spread.draws.items():
            moved = influence.sum(1) ** 2
            same = self.same.get(who, np.zeros(len(moved), dtype=np.bool_))
            for kind in (same, ~same):
                variance, units = float(moved[kind].sum()), min(int(kind.sum()), spread.count[who])
                whole += variance
                known += variance**2 / max(units - 1, OF_ONE)
        if known <= 0:
            return spread
        fewest = int(min(whole**2 / known, max(spread.count.values())) + 1e-9) + 1
        return replace(spread, count={who: min(n, fewest) for who, n in spread.count.items()})


def opposed(slopes: Mapping[tuple[str, str], Mapping[tuple[str, str], float]]) -> bool:
    """Whether a term sets participants against themselves, from its slopes by the figures of each model and population:
    those by what the figure is, and under which condition. Sums do not, nor does one figure of which little more than
    a part is taken off; of two figures that are not the same it is not known how much they have in common."""
    for own in slopes.values():
        found = [slope for slope in own.values() if slope]
        if min(found, default=0.0) < 0 < max(found, default=0.0):
            one = len({figure for figure, _ in own}) == 1
            if not one or abs(sum(found)) < CANCELLED * max(map(abs, found)):
                return True
    return False


class Participants:
    """Who answered in an audit, and the memory of who is who: the same pairs serve all metrics, parts and claims."""

    def __init__(self, answers: Sequence[Answers]) -> None:
        self._answers: dict[str, Answers] = {}
        for each in answers:
            if each.choices is not None and each.condition != SECOND_READING:
                self._answers[who_of(each)] = each
        self._read: dict[str, _Cells] = {}
        self._paired: dict[tuple[str, str], tuple[Ints, Ints]] = {}

    def units(self, sides: Sequence[Measured], items: Collection[str]) -> Units:
        """The units among the participants behind some figures on those items; none where no two share a cell."""
        groups: dict[tuple[str, str], list[str]] = {}
        for each in sides:
            own = each.measurement
            joins = own.influence is not None and each.pairs is None and each.metric.reads != "written"
            group = groups.setdefault((own.model, own.population), [])
            if joins and own.draws_of in self._answers and own.draws_of not in group:
                group.append(own.draws_of)
        of: dict[str, tuple[str, Ints]] = {}
        same: dict[str, Bools] = {}
        for (model, population), asked in groups.items():
            if len(asked) > 1:
                # What was asked has most in common with the others.
                numbers, alike = self._group(sorted(asked, key=lambda who: not who.endswith(f"\x1f{ASKED}")), items)
                if len(numbers) > 1:
                    name = f"units\x1f{model}\x1f{population}"
                    of |= {who: (name, own) for who, own in numbers.items()}
                    same[name] = alike
        return Units(of, same)

    def _group(self, asked: Sequence[str], items: Collection[str]) -> tuple[dict[str, Ints], Bools]:
        """The unit of each participant of those who share some with the first; and which units are the same for all."""
        first, *others = asked
        reference = self._cells(first)
        found = {first: np.arange(len(reference.keys), dtype=np.int64)}
        same, total = np.ones(len(reference.keys), dtype=np.bool_), len(reference.keys)
        for who in others:
            theirs, mine = self._pairs(first, who)
            if not len(mine):
                continue
            each = self._cells(who)
            numbers = np.full(len(each.keys), -1, dtype=np.int64)
            numbers[mine] = theirs
            alone = numbers < 0
            numbers[alone] = total + np.arange(int(alone.sum()))
            total += int(alone.sum())
            found[who] = numbers
            here = [name for name in items if name in reference.place and name in each.place]
            wholly = reference.of(here)[theirs] == each.of(here)[mine]
            same &= np.isin(found[first], theirs[wholly.all(1)] if here else [])
        return found, np.concatenate([same, np.zeros(total - len(same), dtype=np.bool_)])

    def _cells(self, who: str) -> _Cells:
        if who not in self._read:
            own = self._answers[who]
            self._read[who] = _Cells(numbered(own.cells), {item.id: at for at, item in enumerate(own.items)})
        return self._read[who]

    def _pairs(self, one: str, other: str) -> tuple[Ints, Ints]:
        if (one, other) not in self._paired:
            left, right = self._cells(one), self._cells(other)
            here = [name for name in left.place if name in right.place]
            self._paired[one, other] = paired(left.of(here), right.of(here))
        return self._paired[one, other]


@dataclass(frozen=True, slots=True)
class _Cells:
    """What participants were asked, as numbers `[D, I]` that are equal where keys are; `place` of each item."""

    keys: Ints
    place: Mapping[str, int] = field(default_factory=dict)

    def of(self, items: Sequence[str]) -> Ints:
        return self.keys[:, [self.place[name] for name in items]]


def numbered(cells: NDArray[np.str_]) -> Ints:
    """A number of 64 bits for each key, the same wherever keys are; 0 for none."""
    if not cells.size:
        return np.zeros(cells.shape, dtype=np.int64)
    width = (cells.dtype.itemsize // 4 + 1) // 2
    twos = np.ascontiguousarray(cells, dtype=f"U{2 * width}").view(np.uint64).reshape(*cells.shape, width)
    found = np.zeros(cells.shape, dtype=np.uint64)
    for place, power in enumerate(np.cumprod(np.full(width, FACTOR, dtype=np.uint64))):
        found += twos[..., place] * power
    return found.view(np.int64)


def paired(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Rows of both that are in pairs, so that most cells are shared within pairs; `left` and `right` `[D, I]` are
    numbers of the same items."""
    # One answer to a list of items has one key for all of them.
    column = np.arange(left.shape[1], dtype=np.int64)
    coded = [np.where(own != 0, own ^ column, 0) for own in (left, right)]
    keys, places = np.unique(np.concatenate([own.ravel() for own in coded]), return_inverse=True)
    tables = []
    for own, at in zip(coded, np.split(places, [left.size]), strict=True):
        there = own.ravel() != 0
        rows = np.repeat(np.arange(len(own)), own.shape[1])[there]
        ones = np.ones(int(there.sum()), dtype=np.int32)
        tables.append(csr_array((ones, (rows, at[there])), shape=(len(own), len(keys))))
    shared = (tables[0] @ tables[1].T).tocoo()
    rows, columns = shared.coords
    if len(np.unique(rows)) < len(rows) or len(np.unique(columns)) < len(columns):
        wanted = shared.toarray()
        rows, columns = linear_sum_assignment(-wanted)
        some = wanted[rows, columns] > 0
        rows, columns = rows[some], columns[some]
    return rows.astype(np.int64), columns.astype(np.int64)

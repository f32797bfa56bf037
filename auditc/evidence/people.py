"""How people answered, as arrays beside the items that a model was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditc.ir.plan import Group, Item, People

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Human shares `[I, K]`, zero past an item's options and NaN in the row of an item they were not asked, by `n[I]`
    persons; `nominal[I]` where n is what the survey declares and not how many answered the item."""

    shares: Array
    n: Array
    nominal: NDArray[np.bool_]


def options_of(items: tuple[Item, ...]) -> NDArray[np.bool_]:
    """`[I, K]`, true where an item has an option; K is the largest number of options."""
    sizes = np.array([item.size for item in items], dtype=np.int64)
    return np.arange(int(sizes.max(initial=1))) < sizes[:, None]


def crowd(people: dict[str, People], items: tuple[Item, ...]) -> Crowd:
    """The people of one country beside `items`. An item whose shares do not fit its options counts as not asked."""
    width = options_of(items).shape[1]
    shares = np.full((len(items), width), np.nan)
    n = np.full(len(items), np.nan)
    nominal = np.zeros(len(items), dtype=np.bool_)
    for row, item in enumerate(items):
        found = people.get(item.id)
        if found is None or len(found.shares) != item.size or sum(found.shares) <= 0:
            continue
        shares[row] = 0.0
        shares[row, : item.size] = np.asarray(found.shares) / sum(found.shares)
        n[row] = found.n
        nominal[row] = found.nominal
    return Crowd(shares, n, nominal)


def beside(groups: Sequence[Group], of: Mapping[str, str]) -> list[Group]:
    """The groups that are told apart by the same columns as one of them, that one first."""
    alike = [group for group in groups if group.of.keys() == of.keys()]
    return [*(group for group in alike if group.of == of), *(group for group in alike if group.of != of)]

"""Kept: a figure that is the quotient of two headlines, and what both are made of, so that it can be made of less.

The quotient hangs on all items at once: cut to some items it is another one, and so are the values that stand for it
item by item. An item is a mean over pairs of populations, and with fewer pairs it is another one too. So what is
compared on some items and pairs alone is made anew of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""A variation between peoples below this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """`own[Q, I]` and `peoples[Q, I]` by pair of populations, called by `names[Q]`, and item; NaN in both where either
    has none. `moves` says of each pair and each of its two populations at which row of all `draws` that one's begin,
    and how each of them `[D, I]` moved `own`; empty where probabilities are exact."""

    names: tuple[str, ...]
    own: Array
    peoples: Array
    moves: tuple[tuple[tuple[int, Array], ...], ...] = ()
    draws: int = 0

    @property
    def known(self) -> NDArray[np.bool_]:
        """`[Q, I]`."""
        return np.isfinite(self.own) & np.isfinite(self.peoples)

    def only(self, wanted: NDArray[np.bool_]) -> Pairs:
        """Those of `wanted[Q, I]` alone."""
        own, peoples = (np.where(wanted, side, np.nan) for side in (self.own, self.peoples))
        return replace(self, own=own, peoples=peoples)

    def sides(self) -> tuple[Array, Array]:
        """The model's variation and people's, item by item `[I]`; NaN without a pair."""
        count = self.known.sum(0)
        found = [
            np.where(count > 0, np.where(self.known, side, 0.0).sum(0) / np.maximum(count, 1), np.nan)
            for side in (self.own, self.peoples)
        ]
        return found[0], found[1]

    def quotient(self, weights: Array) -> tuple[Array, Array | None]:
        """The values `[I]` of `quotient`, and how each draw moved them; NaN all over where peoples do not differ."""
        own, peoples = self.sides()
        used = weights > 0
        theirs = float(weights[used] @ peoples[used])
        if theirs <= NEGLIGIBLE:
            return np.full(len(own), np.nan), self._moved(used, 1.0)
        return quotient(own, peoples, weights), self._moved(used, theirs)

    def _moved(self, used: NDArray[np.bool_], theirs: float) -> Array | None:
        if not self.moves:
            return None
        known = self.known
        moved = np.zeros((self.draws, known.shape[1]))
        for pair, both in enumerate(self.moves):
            for first, each in both:
                moved[first : first + len(each)] += np.where(known[pair], each, 0.0)
        return np.asarray(np.where(used, moved / np.maximum(known.sum(0), 1), 0.0) / theirs)


def quotient(own: Array, peoples: Array, weights: Array) -> Array:
    """Item by item `[I]` what has the quotient of the two headlines for its own, NaN where `weights` are zero:
    R + (m_i − R·p_i) ÷ P with R = M ÷ P."""
    used = weights > 0
    kept, theirs = (float(weights[used] @ side[used]) for side in (own, peoples))
    return np.where(used, kept / theirs + (own - kept / theirs * peoples) / theirs, np.nan)

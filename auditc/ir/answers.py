"""Answers: what one stage brought for one model, population and condition, as arrays that metrics read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import Item

REFUSED, UNPARSABLE, FAILED, NOT_RUN = -1, -2, -3, -4
"""Codes in `Answers.choices` for a turn without an answer; an answer is the 0-based index of its option."""
ANSWERED, NO_CELL = 0, -5
"""Further codes in `Answers.status`: an answered cell, and a place past an item's orders, where there is none."""


@dataclass(frozen=True, slots=True)
class Tally:
    """asked = answered + refused + unparsable + failed; planned = asked + not_run. Cells are counted: the items of a
    list, asked together, are one."""

    answered: int = 0
    refused: int = 0
    unparsable: int = 0
    failed: int = 0
    not_run: int = 0

    @property
    def asked(self) -> int:
        return self.answered + self.refused + self.unparsable + self.failed

    @property
    def planned(self) -> int:
        return self.asked + self.not_run

    def counts(self) -> dict[str, int]:
        """All seven numbers by name, as a row of the findings has them."""
        names = ("planned", "asked", "answered", "refused", "unparsable", "failed", "not_run")
        return {name: getattr(self, name) for name in names}

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.answered + other.answered,
            self.refused + other.refused,
            self.unparsable + other.unparsable,
            self.failed + other.failed,
            self.not_run + other.not_run,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """I items, O orders, K the largest number of options, D draws. Options always stand in the survey's own order.

    From Score: `shares[I, O, K]` are probabilities normalised over the options, NaN in cells that are not answered and
    past an item's options; `mass[I, O]` is the probability on the options before normalising, NaN where the
    cell failed or was not run. `status[I, O]` says what became of each cell, in the codes above; an engine's
    probabilities that are not finite are a failure. `offsets[I, O]` is by how many places order o rotates item i, so
    that the option shown at position p is (p + offset) mod k; -1 past an item's orders.
    From Converse: `choices[D, I]` with the codes above; `weights[D]` is how many drawn participants a row stands for.
    `texts[D, I]` are numbers that are equal where two whole answers to an item are the same text, -1 without a text
    (None where no metric reads them).
    From Predict: `likelihood[I, 3]` is of each text the sum of the natural-log probabilities of its tokens, how many
    tokens were predicted, and of how many bytes in UTF-8 they are; NaN without an answer. `status[I, 1]` as above.
    `cells[I, O]` or `cells[D, I]` are the keys of the stored answers, empty where none is stored; the items of a list
    have one key, for one answer holds all their choices.
    """

    stage: str
    block: str
    method: str
    model: str
    population: str
    condition: str
    language: str
    items: tuple[Item, ...]
    tally: Tally
    cells: NDArray[np.str_]
    shares: NDArray[np.float64] | None = None
    mass: NDArray[np.float64] | None = None
    status: NDArray[np.int64] | None = None
    offsets: NDArray[np.int64] | None = None
    choices: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None
    texts: NDArray[np.int64] | None = None
    likelihood: NDArray[np.float64] | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    unfit: int = 0
    """Cells, of those that failed, whose prompt did not fit into the model's window."""
    reread: int = 0
    """Cells, of those that are answered, that a model read, because the parser could not."""

"""A measurement: one metric on the answers of one model, population and condition, a value for each item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import Item

ANSWERED, REFUSED, UNPARSABLE, FAILED, NOT_RUN = range(5)
"""Columns of `Measurement.status`."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """I items that the metric applies to, D draws.

    `values[I]` are corrected for the bias of a plug-in over draws where the metric asks for it; NaN without a value.
    `influence[D, I]` is how much each draw moved each value, so that an item's variance over draws is the sum of
    squares of its column and that of any weighted sum over items is the sum of squares of the rows' sums; zero where a
    draw has no answer to an item. None where probabilities are exact or only one draw was asked.
    `status[I, 5]` counts cells by the columns above.
    """

    measure: str
    metric: str
    block: str
    method: str
    model: str
    population: str
    condition: str
    survey: str
    items: tuple[Item, ...]
    asked_of: int
    """Items that were asked; those the metric does not apply to are not among `items`."""
    draws_of: str
    """Which participants answered: measurements with the same word here share their draws."""
    values: NDArray[np.float64]
    influence: NDArray[np.float64] | None
    draws: int | None
    """Participants with an answer to any of the items; None where probabilities are exact."""
    status: NDArray[np.int64]
    people_n: NDArray[np.float64]
    """`[I]` persons behind each item's human shares, NaN without any."""
    people_nominal: NDArray[np.bool_]
    sizes: NDArray[np.float64] | None = None
    """`[I]` how much each item counts in the headline, as of a text its tokens; None where all count alike."""

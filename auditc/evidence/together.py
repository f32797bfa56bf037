"""Values that hang on the others': a metric that settles them is given those of all models of a block together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .measure import Measured


def settled(measured: Sequence[Measured]) -> list[Measured]:
    """The same measurements in the same order; those of a metric with a `settle` have the values that it gives for all
    models of one measure, population and condition together."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, each in enumerate(measured):
        own = each.measurement
        if each.metric.settle is not None:
            groups.setdefault((own.measure, own.population, own.condition), []).append(index)
    found = list(measured)
    for members in groups.values():
        # Models of a block are asked the same items; a short one would only mean that its cells are not there yet.
        ids = sorted({item.id for index in members for item in found[index].measurement.items})
        column = {name: number for number, name in enumerate(ids)}
        table = np.full((len(members), len(ids)), np.nan)
        places = [[column[item.id] for item in found[index].measurement.items] for index in members]
        for row, index in enumerate(members):
            table[row, places[row]] = found[index].measurement.values
        settle = found[members[0]].metric.settle
        assert settle is not None
        final = np.asarray(settle(table), dtype=np.float64)
        for row, index in enumerate(members):
            own = replace(found[index].measurement, values=final[row, places[row]])
            found[index] = replace(found[index], measurement=own)
    return found

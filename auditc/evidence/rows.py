"""Rows beside the findings: counts of every stage, and every item's answers with the cells they came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import Answers
from auditc.ir.finding import ItemRow, TallyRow
from auditc.ir.measurement import ANSWERED, NOT_RUN
from auditc.ir.plan import Survey

from .findings import rounded
from .measure import Measured, mean_shares, status_of
from .people import crowd

Array = NDArray[np.float64]


def tally_row(answers: Answers) -> TallyRow:
    """The counts of one stage, population and condition."""
    return TallyRow(
        stage=answers.stage,
        block=answers.block,
        model=answers.model,
        population=answers.population,
        condition=answers.condition,
        **answers.tally.counts(),
        too_long=answers.unfit,
        reread=answers.reread,
    )


def item_rows(answers: Answers, survey: Survey, country: str, measured: Sequence[Measured]) -> Iterable[ItemRow]:
    """A row for each item; `measured` are the measurements of these answers."""
    people = crowd(survey.people.get(country, {}), answers.items)
    status = status_of(answers)
    shares = model_shares(answers)
    values = [_values_by_item(each) for each in measured if not each.part.brief]
    for row, item in enumerate(answers.items):
        keys = answers.cells[:, row] if answers.choices is not None else answers.cells[row]
        yield ItemRow(
            block=answers.block,
            model=answers.model,
            population=answers.population,
            condition=answers.condition,
            item=item.id,
            model_shares=_tuple(shares[row, : item.size]),
            people_shares=_tuple(people.shares[row, : item.size]),
            people_n=None if math.isnan(people.n[row]) else int(people.n[row]),
            people_nominal=bool(people.nominal[row]),
            answered=int(status[row, ANSWERED]),
            asked=int(status[row, :NOT_RUN].sum()),
            values={name: found[item.id] for name, found in values if item.id in found},
            cells=tuple(str(key) for key in keys if key),
        )


def model_shares(answers: Answers) -> Array:
    """`[I, K]`: exact probabilities averaged over orders, or weighted shares of drawn answers; NaN without an
    answer."""
    width = max((item.size for item in answers.items), default=1)
    if answers.choices is not None:
        weights = np.ones(len(answers.choices)) if answers.weights is None else answers.weights
        picked = answers.choices[..., None] == np.arange(width)
        counts = (picked * weights[:, None, None]).sum(0)
        total = counts.sum(-1, keepdims=True)
        return np.where(total > 0, counts / np.where(total > 0, total, 1.0), np.nan)
    if answers.shares is None:
        return np.full((len(answers.items), width), np.nan)
    options = np.arange(width) < np.array([item.size for item in answers.items])[:, None]
    return mean_shares(np.where(options[:, None, :], answers.shares[..., :width], 0.0))


def _values_by_item(measured: Measured) -> tuple[str, dict[str, float | None]]:
    measurement = measured.measurement
    name = "/".join(word for word in (measurement.metric, measured.part.name) if word)
    return name, {
        item.id: rounded(float(value)) if math.isfinite(value) else None
        for item, value in zip(measurement.items, measurement.values, strict=True)
    }


def _tuple(shares: Array) -> tuple[float, ...] | None:
    return tuple(rounded(float(share)) for share in shares) if np.isfinite(shares).all() else None

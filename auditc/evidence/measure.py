"""Measure: answers and a metric become a value for each item, with what draws and missing cells did to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import ANSWERED, FAILED, NOT_RUN, REFUSED, UNPARSABLE, Answers
from auditc.ir.measurement import Measurement
from auditc.ir.plan import Measure, Survey
from auditc.metrics._contract import Metric, Part, Sheet
from auditc.metrics._parts import parts_of

from .jackknife import jackknife, jackknife_of_texts, whole
from .kept import Pairs
from .people import Crowd, beside, crowd, options_of
from .redrawn import moved_by, redrawn
from .sources import who_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measurement with what it was made from: floors, reference lines and bounds put other answers in the same place.

    `base[I, K]` are the model's shares (reads shares) or counts (reads counts), NaN in the row of an item without any,
    None for what is not about the distribution of answers; `rows[I]` the draws that answered (of unequal weight: as
    many of equal weight as are worth the same, (Σw)²/Σw²), or the cells.
    """

    measurement: Measurement
    metric: Metric[Any]
    params: Any
    part: Part
    sheet: Sheet
    base: Array | None
    rows: NDArray[np.int64]
    pairs: Pairs | None = None
    """Of what is a quotient over all populations, what it is made of."""

    @property
    def drawn(self) -> bool:
        return self.measurement.influence is not None

    @property
    def lacks(self) -> Mapping[str, NDArray[np.bool_]]:
        """Items without a value whatever part they might be in, by reason (see `Metric.lacks`)."""
        if self.metric.lacks is None or self.base is None or self.sheet.people is None:
            return {}
        return self.metric.lacks(self.base, self.sheet, self.params)

    def values(
        self, x: Array, *, n: Array | None = None, people: Array | None = None, of: Array | None = None
    ) -> Array:
        """The metric with other answers x, or other people (of `of` persons), in the same place."""
        sheet = replace(self.sheet, n=n)
        if people is not None:
            sheet = replace(sheet, people=people, people_n=of)
        return np.asarray(self.metric.values(x, sheet, self.params), dtype=np.float64)

    def from_counts(self, counts: Array) -> Array:
        """The metric on counts of drawn answers `[..., I, K]`, whichever of counts and shares it reads."""
        return _from_counts(self.metric, self.params, self.sheet, counts)


def measure(
    stage: Measure,
    metric: Metric[Any],
    answers: Answers,
    partner: Answers | None,
    survey: Survey,
    country: str,
    name: str,
) -> tuple[Measured, ...]:
    """One metric on the answers of one model, population and condition: each of its parts, or one for a metric without.

    `partner` are the written answers for a metric that reads `written`. `name` is the survey's. Items on a scale that
    the metric does not apply to are left out.
    """
    asked = answers if partner is None else partner
    applies = [metric.takes(item) for item in answers.items]
    if partner is not None:
        wanted = {item.id for item in partner.items}
        applies = [fits and item.id in wanted for fits, item in zip(applies, answers.items, strict=True)]
    index = np.flatnonzero(applies)
    items = tuple(answers.items[i] for i in index)
    options = options_of(items)
    people = crowd(survey.people.get(country, {}), items)
    rises = np.array([float(item.rises) for item in items])
    params = metric.params.model_validate(stage.params)
    status = status_of(asked)
    if partner is None:
        status = status[index]
    else:
        position = {item.id: row for row, item in enumerate(partner.items)}
        status = status[[position[item.id] for item in items]].reshape(-1, 5)
    who = who_of(asked)
    again = None
    if not metric.smooth and answers.choices is not None:
        # The same participants are drawn again for every part: what they have in common is then taken for that.
        again, who = redrawn(answers.choices[:, index], answers.weights, options.shape[1], who), f"{who}\x1fdrawn again"
    found = []
    told = survey.groups.get(country, ())
    for part in parts_of(metric, params, [group.of for group in told]):
        sheet = Sheet(options, people.shares, people.n, None, rises, part if metric.parts else None)
        people_n, nominal = people.n, people.nominal
        if part.group:
            groups = [crowd(group.people, items) for group in beside(told, part.group)]
            sheet = replace(
                sheet, groups=np.stack([g.shares for g in groups]), groups_n=np.stack([g.n for g in groups])
            )
            people_n, nominal = groups[0].n, groups[0].nominal | people.nominal
        values, influence, base, rows = _read(metric, params, sheet, answers, partner, index, again)
        measurement = _measurement(
            stage, answers, asked, name, items, who, values, influence, status, people_n, nominal
        )
        if metric.sizes is not None and answers.likelihood is not None:
            measurement = replace(measurement, sizes=np.asarray(metric.sizes(answers.likelihood[index])))
        found.append(Measured(measurement, metric, params, part, sheet, base, rows))
    return tuple(found)


def _measurement(
    stage: Measure,
    answers: Answers,
    asked: Answers,
    name: str,
    items: tuple[Any, ...],
    who: str,
    values: Array,
    influence: Array | None,
    status: NDArray[np.int64],
    people_n: Array,
    nominal: NDArray[np.bool_],
) -> Measurement:
    return Measurement(
        measure=stage.name,
        metric=stage.metric,
        block=stage.block,
        method=answers.method,
        model=answers.model,
        population=answers.population,
        condition=answers.condition,
        survey=name,
        items=items,
        asked_of=len(asked.items),
        draws_of=who,
        values=values,
        influence=influence,
        draws=None if asked.choices is None else int((asked.choices >= 0).any(1).sum()),
        status=status,
        people_n=people_n,
        people_nominal=nominal,
    )


Read = tuple[Array, Array | None, Array | None, NDArray[np.int64]]
"""Values, influence, base and rows."""


def _read(
    metric: Metric[Any],
    params: Any,
    sheet: Sheet,
    answers: Answers,
    partner: Answers | None,
    index: NDArray[np.int64],
    again: Array | None,
) -> Read:
    if metric.reads == "written":
        return _written(metric, params, sheet, answers, partner, index)
    if answers.choices is not None:
        return _drawn(metric, params, sheet, answers, index, again)
    return _exact(metric, params, sheet, answers, index)


def _exact(metric: Metric[Any], params: Any, sheet: Sheet, answers: Answers, index: NDArray[np.int64]) -> Read:
    status = status_of(answers)[index]
    answered = status[:, 0]
    nothing = np.full(len(index), np.nan)
    base: Array | None = None
    x: Array
    if metric.reads == "status":
        x = status[:, :4].astype(np.float64)
    elif metric.reads == "likelihood" and answers.likelihood is not None:
        x = answers.likelihood[index]
    elif metric.reads == "mass" and answers.mass is not None:
        x = answers.mass[index]
    elif metric.reads == "orders" and answers.shares is not None:
        x = _trim(answers.shares[index], sheet.options[:, None, :])
    elif metric.reads == "shares" and answers.shares is not None:
        x = base = mean_shares(_trim(answers.shares[index], sheet.options[:, None, :]))
    else:
        return nothing, None, None, answered
    return np.asarray(metric.values(x, sheet, params), dtype=np.float64), None, base, answered


def _drawn(
    metric: Metric[Any],
    params: Any,
    sheet: Sheet,
    answers: Answers,
    index: NDArray[np.int64],
    again: Array | None,
) -> Read:
    assert answers.choices is not None
    choices = answers.choices[:, index]
    weights = np.ones(len(choices)) if answers.weights is None else answers.weights.astype(np.float64)
    if metric.reads == "texts" and answers.texts is not None:
        return _texts(metric, params, sheet, answers.texts[:, index], weights)
    if metric.reads not in ("status", "shares", "counts"):
        return np.full(len(index), np.nan), None, None, (choices >= 0).sum(0)
    codes, width = (_status_codes(choices), 4) if metric.reads == "status" else (choices, sheet.options.shape[1])

    def evaluate(counts: Array) -> Array:
        return _from_counts(metric, params, sheet, counts)

    if len(choices) < 2 and metric.reads == "status":
        # One written answer for each item: nothing to leave out, and nothing to correct in a yes or no.
        counts = np.stack([(codes == code).sum(0) for code in range(width)], axis=-1).astype(np.float64)
        return evaluate(counts), None, None, (codes >= 0).sum(0)
    result = (
        jackknife(codes, weights, width, evaluate, metric.bias == "jackknife")
        if again is None
        else whole(codes, weights, width, evaluate)
    )
    if metric.no_interval:
        # An infinite value has no jackknife, and none is wanted.
        result = replace(result, values=evaluate(result.counts), influence=np.zeros(codes.shape))
    n = result.counts.sum(-1, keepdims=True)
    base = np.where(n > 0, result.counts if metric.reads == "counts" else result.counts / np.maximum(n, 1e-300), np.nan)
    held = np.where(codes >= 0, weights[:, None], 0.0)
    effective = np.round(held.sum(0) ** 2 / np.maximum((held**2).sum(0), 1e-300)).astype(np.int64)
    influence = result.influence if again is None else moved_by(evaluate(again), result.values, len(choices))
    return result.values, influence, None if metric.reads == "status" else base, effective


def _texts(metric: Metric[Any], params: Any, sheet: Sheet, texts: NDArray[np.int64], weights: Array) -> Read:
    """Of whole texts only whether two are the same is known."""

    def evaluate(counts: Array) -> Array:
        return np.asarray(metric.values(counts, sheet, params), dtype=np.float64)

    result = jackknife_of_texts(texts, weights, evaluate)
    return result.values, result.influence, None, result.rows


def _written(
    metric: Metric[Any],
    params: Any,
    sheet: Sheet,
    answers: Answers,
    partner: Answers | None,
    index: NDArray[np.int64],
) -> Read:
    """A participant's answer to an item agrees or not; an item's value is the mean over its participants."""
    nothing = np.full(len(index), np.nan)
    if partner is None or partner.choices is None or answers.shares is None:
        return nothing, None, None, np.zeros(len(index), dtype=np.int64)
    position = {item.id: column for column, item in enumerate(partner.items)}
    choices = partner.choices[:, [position[answers.items[i].id] for i in index]]
    exact = mean_shares(_trim(answers.shares[index], sheet.options[:, None, :]))
    width = sheet.options.shape[1]
    said = (choices[..., None] == np.arange(width)).astype(np.float64)
    x = np.stack([np.broadcast_to(exact, said.shape), said], axis=-2)
    agrees = np.asarray(metric.values(x, sheet, params), dtype=np.float64)
    rows = np.isfinite(agrees).sum(0)
    if len(agrees) < 2:
        return (agrees[0] if len(agrees) else nothing), None, None, rows
    codes = np.where(np.isnan(agrees), -1, agrees).astype(np.int64)
    weights = np.ones(len(choices)) if partner.weights is None else partner.weights.astype(np.float64)
    result = jackknife(codes, weights, 2, lambda c: c[..., 1] / np.maximum(c.sum(-1), 1e-300), correct=False)
    return result.values, result.influence, None, result.rows


def mean_shares(shares: Array) -> Array:
    """`[I, O, K]` to the mean over answered orders `[I, K]`; the row of an item without any is NaN."""
    known = ~np.any(np.isnan(shares), axis=-1)
    count = np.asarray(known.sum(-1))[:, None]
    total = np.where(known[..., None], shares, 0.0).sum(1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def status_of(answers: Answers) -> NDArray[np.int64]:
    """`[I, 5]`: cells answered, refused, unparsable, failed and not run, item by item."""
    if answers.choices is not None:
        codes = np.minimum(answers.choices, ANSWERED).T
    elif answers.status is not None:
        codes = answers.status
    else:
        return np.zeros((len(answers.items), 5), dtype=np.int64)
    columns = [codes == code for code in (ANSWERED, REFUSED, UNPARSABLE, FAILED, NOT_RUN)]
    return np.stack([column.sum(1) for column in columns], axis=-1).astype(np.int64)


def _status_codes(choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Columns of answered, refused, unparsable, failed for each turn; −1 where it was not asked."""
    codes = np.full(choices.shape, -1, dtype=np.int64)
    codes[choices >= 0] = 0
    for column, code in enumerate((REFUSED, UNPARSABLE, FAILED), start=1):
        codes[choices == code] = column
    return codes


def _from_counts(metric: Metric[Any], params: Any, sheet: Sheet, counts: Array) -> Array:
    n = counts.sum(-1)
    if metric.reads in ("counts", "status"):
        return np.asarray(metric.values(counts, replace(sheet, n=n), params), dtype=np.float64)
    shares = np.where(n[..., None] > 0, counts / np.where(n > 0, n, 1.0)[..., None], np.nan)
    return np.asarray(metric.values(shares, replace(sheet, n=n), params), dtype=np.float64)


def _trim(shares: Array, options: NDArray[np.bool_]) -> Array:
    """Zero past an item's options, where answers hold NaN; as many columns as the items at hand need."""
    return np.where(options, shares[..., : options.shape[-1]], 0.0)


def crowd_of(survey: Survey, country: str, items: tuple[Any, ...]) -> Crowd:
    """The people of another country beside the same items."""
    return crowd(survey.people.get(country, {}), items)

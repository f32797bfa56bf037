"""Simulated peoples with groups of known preferences, and simulated models, through the estimators of findings.

Items and shares are those of examples/us_cn: our own figures, in the repository. A model answers with a person effect
as in `simulations`; people of each group are drawn anew in every audit, at the sizes of the groups.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditc.evidence.estimate import Estimand, Nature, estimate
from auditc.evidence.jackknife import jackknife, whole
from auditc.evidence.redrawn import moved_by, redrawn
from auditc.evidence.spread import spread_of, weigh
from auditc.metrics import metrics
from auditc.metrics._contract import Sheet
from auditc.metrics._parts import parts_of

from .simulations import SEED, Array, Coverage, Pool, answer

SHARES = Path(__file__).parents[2] / "examples" / "us_cn" / "shares.csv"
CHINA_BY_AGE = (560, 1282, 1193)
"""Under 30, 30-49, 50 and over."""


def own_shares(country: str = "United States") -> Pool:
    """How all people of a country answered the items of examples/us_cn."""
    with SHARES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == country and not row["sex"] + row["age"]]
    told = [[float(share) for share in row["shares"].split("|")] for row in rows]
    options = np.arange(max(map(len, told))) < np.array([len(own) for own in told])[:, None]
    shares = np.zeros(options.shape)
    for row, own in enumerate(told):
        shares[row, : len(own)] = np.array(own) / sum(own)
    return Pool(options, shares)


def first_answers(shares: Array, draws: int, trials: int = 4000, seed: int = SEED) -> Array:
    """`[I, K]`: how likely each option is to be the most frequent of so many answers, ties shared out."""
    generator = np.random.default_rng(seed)
    found = np.zeros(shares.shape)
    for _ in range(trials // 200):
        counts = generator.multinomial(draws, shares, size=(200, len(shares)))
        first = counts == counts.max(-1, keepdims=True)
        found += (first / first.sum(-1, keepdims=True)).sum(0)
    chances: Array = found / found.sum(-1, keepdims=True)
    return chances


@dataclass(frozen=True, slots=True, eq=False)
class Peoples:
    """Groups `truth[G, I, K]` of so many people, and a model that answers `model[I, K]`."""

    pool: Pool
    truth: Array
    sizes: tuple[int, ...]
    model: Array


def equal(pool: Pool, model: Array, sizes: tuple[int, ...] = CHINA_BY_AGE) -> Peoples:
    """Groups that answer alike."""
    return Peoples(pool, np.broadcast_to(pool.shares, (len(sizes), *pool.shares.shape)), sizes, model)


def planted(pool: Pool, model: Array, strength: float, sizes: tuple[int, ...] = CHINA_BY_AGE) -> Peoples:
    """The first group answers partly as the model does: `strength` 1 wholly, 0 like the others."""
    mine = (1 - strength) * pool.shares + strength * model
    return Peoples(pool, np.stack([mine, *[pool.shares] * (len(sizes) - 1)]), sizes, model)


def simulate(
    peoples: Peoples,
    *,
    items: int,
    draws: int,
    repetitions: int,
    rate: str = "corrected",
    group: int = 0,
    estimand: Estimand = "items like these",
    way: str = "drawn again",
    metric: str = "preference_bias",
    alike: float = 0.0,
    seed: int = SEED,
) -> tuple[float, Coverage, dict[str, float]]:
    """The truth, how often the interval of 95 % held it, and means of the estimate, of its spread over audits and of
    the standard error that it was given; how often the interval lay above and below 0.

    The truth is that of the most frequent of so many answers. `way` is how draws make their part of the variance:
    `drawn again` as in findings, `jackknife`, or `none`. `alike` is how much the answers of one person in the survey
    correlate: what those who were asked have in common is in no interval."""
    generator = np.random.default_rng([seed, items, draws, group])
    taken = metrics.take(metric)
    params = taken.params.model_validate({"by": ["age"], "base_rate": rate} if taken.parts else {})
    names = [{"age": str(number)} for number in range(len(peoples.sizes))]
    part = next(p for p in parts_of(taken, params, names) if not taken.parts or p.axes["age"] == str(group))
    chances = first_answers(peoples.model, draws)
    order = [group, *(g for g in range(len(peoples.sizes)) if g != group)]
    sizes = np.array(peoples.sizes, dtype=np.float64)
    everyone = np.einsum("g,gik->ik", sizes / sizes.sum(), peoples.truth)
    told = _values(taken, params, part, peoples.pool.options, peoples.truth[order], sizes[order] * 1e9, everyone)
    truth = float((chances * told(None)).sum(-1).mean())
    hits, halves, points, errors, above, below = [], [], [], [], 0, 0
    for repetition in range(repetitions):
        rows = generator.integers(len(peoples.pool), size=items)
        counts = np.stack([_asked(peoples.truth[g, rows], n, alike, generator) for g, n in enumerate(peoples.sizes)])
        shares = (counts / sizes[:, None, None])[order]
        all_people = counts.sum(0) / sizes.sum()
        own = _values(taken, params, part, peoples.pool.options[rows], shares, sizes[order], all_people)
        choices = answer(peoples.model[rows], draws, 0.3, generator)
        spread = _spread(choices, own, peoples.pool.options.shape[1], draws, way, repetition)
        nature = Nature(proportion=part.share, share=part.share, repetitions=999)
        found = estimate(spread, nature, estimand, repetition)
        ends = found.interval(0.025)
        target = truth if estimand == "items like these" else float((chances[rows] * own(None)).sum(-1).mean())
        points.append(found.point)
        if ends is not None:
            hits.append(ends[0] <= target <= ends[1])
            halves.append((ends[1] - ends[0]) / 2)
            errors.append(found.error or 0.0)
            above, below = above + (ends[0] > 0), below + (ends[1] < 0)
    measured = Coverage(float(np.mean(hits)), float(np.mean(halves)), len(hits))
    told_of = {
        "estimate": float(np.mean(points)),
        "spread": float(np.std(points)),
        "error": float(np.mean(errors)),
        "above 0": above / len(hits),
        "below 0": below / len(hits),
    }
    return truth, measured, told_of


def _asked(shares: Array, n: int, alike: float, generator: np.random.Generator) -> Array:
    """How many of `n` people choose each option."""
    if not alike:
        return generator.multinomial(n, shares).astype(np.float64)
    choices = answer(shares, n, alike, generator)
    return np.stack([(choices == option).sum(0) for option in range(shares.shape[1])], axis=-1).astype(np.float64)


def _values(taken: Any, params: Any, part: Any, options: Any, groups: Array, sizes: Array, everyone: Array) -> Any:
    """From shares or counts of the model's answers to the values of the items; of None, to the value `[I, K]` that each
    option would have as the most frequent answer."""
    shape = everyone.shape
    n = np.full(len(groups), 1.0) * sizes
    sheet = Sheet(options, everyone, np.full(shape[0], n.sum()), None)
    if part.group:
        groups_n = np.broadcast_to(n[:, None], (len(groups), shape[0]))
        sheet = replace(sheet, part=part, groups=groups, groups_n=groups_n)

    def evaluate(counts: Array | None) -> Array:
        if counts is None:
            each = np.broadcast_to(np.eye(shape[1])[:, None, :], (shape[1], *shape))
            found = np.moveaxis(np.asarray(taken.values(each, sheet, params)), 0, -1)
            return np.where(options, found, 0.0)
        total = counts.sum(-1, keepdims=True)
        x = np.where(total > 0, counts / np.where(total > 0, total, 1.0), np.nan)
        return np.asarray(taken.values(x, sheet, params), dtype=np.float64)

    return evaluate


def _spread(choices: NDArray[np.int64], own: Any, width: int, draws: int, way: str, repetition: int) -> Any:
    ones = np.ones(draws)
    if way == "jackknife":
        result = jackknife(choices, ones, width, own, False)
        values, influence = result.values, result.influence
    else:
        values = whole(choices, ones, width, own).values
        influence = np.zeros(choices.shape)
        if way == "drawn again":
            influence = moved_by(own(redrawn(choices, None, width, str(repetition))), values, draws)
    weights, strata = weigh(values, np.zeros(len(values), dtype=np.int64), False)
    return spread_of(values, weights, strata, influence, "all", draws)

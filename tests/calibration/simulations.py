"""Simulated audits with known truth, run through the estimators that findings are made by.

Pools of human shares are synthetic, shaped like a values survey (2 to 10 options, mean 4.7); the shares of a real one
take their place where the environment variable AUDITC_WVS_REFERENCE names a file with them. Participants answer with a
person effect: a Gaussian copula gives every answer of one participant the correlation `person`, and leaves each item's
shares exactly what the model says. Items are drawn from the pool with replacement, so that its mean is the truth.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from auditc.evidence.correct import holm
from auditc.evidence.estimate import Estimand, Nature, Uncertainty, draws_variance, estimate
from auditc.evidence.jackknife import jackknife, jackknifed_counts
from auditc.evidence.spread import spread_of, weigh
from auditc.metrics import metrics
from auditc.metrics._contract import Metric, Sheet

Array = NDArray[np.float64]
PEOPLE = 2500
SEED = 20261121


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Items of a domain: `options[I, K]` and people's `shares[I, K]`, zero past an item's options."""

    options: NDArray[np.bool_]
    shares: Array

    def __len__(self) -> int:
        return len(self.shares)


def synthetic(count: int = 247, seed: int = SEED) -> Pool:
    """Shares as peaked as those of a values survey: the favourite of people holds about half of them."""
    generator = np.random.default_rng(seed)
    sizes = generator.choice([2, 3, 4, 5, 10], p=[0.24, 0.08, 0.36, 0.09, 0.23], size=count)
    options = np.arange(10) < sizes[:, None]
    raw = np.where(options, generator.gamma(1.0, size=(count, 10)), 0.0)
    counts = [generator.multinomial(PEOPLE, row / row.sum()) for row in raw]
    return Pool(options, np.array(counts) / PEOPLE)


def reference() -> Pool | None:
    """The shares of United States respondents in the file that AUDITC_WVS_REFERENCE names; None without."""
    path = os.environ.get("AUDITC_WVS_REFERENCE")
    if not path:
        return None
    rows = [row["US"]["share"] for row in json.loads(Path(path).read_text(encoding="utf-8")) if "US" in row]
    shares = np.zeros((len(rows), max(map(len, rows))))
    for row, own in enumerate(rows):
        shares[row, : len(own)] = np.array(own) / sum(own)
    options = np.arange(shares.shape[1]) < np.array([len(own) for own in rows])[:, None]
    return Pool(options, shares)


def model(pool: Pool, kind: str, seed: int = SEED) -> Array:
    """What a simulated model answers: shares `[I, K]`."""
    generator = np.random.default_rng(seed)
    q, size = pool.shares, pool.options.sum(-1)
    rows = np.arange(len(pool))
    made: Array
    match kind:
        case "human-like":
            made = q
        case "favourite":
            made = np.eye(q.shape[1])[q.argmax(-1)]
        case "sharpened":
            made = q**3
        case "flattened":
            made = np.sqrt(q)
        case "uniform":
            made = pool.options.astype(np.float64)
        case "peaked":
            made = np.where(pool.options, 0.1 / (size - 1)[:, None], 0.0)
            made[rows, generator.integers(size)] = 0.9
        case "shifted":
            made = np.stack([np.concatenate([np.roll(r[:k], 1), r[k:]]) for r, k in zip(q, size, strict=True)])
        case _:
            raise ValueError(kind)
    return np.asarray(made / made.sum(-1, keepdims=True), dtype=np.float64)


def sheet(pool: Pool, rows: Any = slice(None)) -> Sheet:
    shares = pool.shares[rows]
    return Sheet(pool.options[rows], shares, np.full(len(shares), float(PEOPLE)), None)


def metric(name: str) -> Metric[Any]:
    return metrics.take(name)


def values(name: str, shares: Array, paper: Sheet) -> Array:
    """The metric's true values for these model shares."""
    taken = metric(name)
    return np.asarray(taken.values(shares, paper, taken.params()))


def from_counts(name: str, paper: Sheet) -> Any:
    taken = metric(name)

    def evaluate(counts: Array) -> Array:
        n = counts.sum(-1, keepdims=True)
        shares = np.where(n > 0, counts / np.where(n > 0, n, 1.0), np.nan)
        return np.asarray(taken.values(shares, paper, taken.params()))

    return evaluate


def estimator_means(name: str, pool: Pool, kind: str, draws: int, repetitions: int) -> dict[str, float]:
    """Mean over items of the truth, of the plug-in and of the jackknife, from independent draws."""
    generator = np.random.default_rng(SEED)
    shares = model(pool, kind)
    paper = sheet(pool)
    evaluate = from_counts(name, paper)
    plug, jack = [], []
    for _ in range(repetitions):
        counts = generator.multinomial(draws, shares).astype(np.float64)
        plug.append(evaluate(counts).mean())
        jack.append(jackknifed_counts(counts, evaluate, True).mean())
    return {
        "truth": float(values(name, shares, paper).mean()),
        "plug-in": float(np.mean(plug)),
        "jackknife": float(np.mean(jack)),
        "error": float(np.std(jack) / np.sqrt(repetitions)),
    }


def answer(shares: Array, draws: int, person: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """`[D, I]` answers with the given correlation within a participant."""
    effect = generator.standard_normal((draws, 1)) * np.sqrt(person)
    latent = effect + generator.standard_normal((draws, len(shares))) * np.sqrt(1 - person)
    cuts = ndtri(np.minimum(np.cumsum(shares, axis=-1), 1.0))
    chosen: NDArray[np.int64] = (latent[..., None] > cuts[None]).sum(-1)
    return np.minimum(chosen, shares.shape[1] - 1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often an interval held the truth, and how long it reached on average."""

    covered: float
    half: float
    repetitions: int

    @property
    def error(self) -> float:
        return float(np.sqrt(max(self.covered * (1 - self.covered), 0.25 / self.repetitions) / self.repetitions))


def drawn_coverage(
    name: str,
    pool: Pool,
    kind: str,
    *,
    items: int,
    draws: int,
    person: float,
    repetitions: int,
    estimand: Estimand = "items like these",
    level: float = 0.95,
    dimensions: int = 1,
    seed: int = SEED,
) -> dict[str, Coverage]:
    """Coverage of the default, of the summed variance that claims use, and of each part alone, on the same audits."""
    generator = np.random.default_rng([seed, items, draws])
    shares = model(pool, kind)
    everything = values(name, shares, sheet(pool))
    groups = np.arange(len(pool)) % dimensions
    truth = float(np.mean([everything[groups == group].mean() for group in range(dimensions)]))
    taken = metric(name)
    hits: dict[str, list[bool]] = {}
    halves: dict[str, list[float]] = {}
    for repetition in range(repetitions):
        rows = _sample(groups, items, generator)
        codes = answer(shares[rows], draws, person, generator)
        paper = sheet(pool, rows)
        width = paper.options.shape[1]
        result = jackknife(codes, np.ones(draws), width, from_counts(name, paper), taken.bias == "jackknife")
        weights, strata = weigh(result.values, groups[rows], True)
        spread = spread_of(result.values, weights, strata, result.influence, "all", draws)
        target = truth
        if estimand == "these items":
            target = float(weights @ everything[rows])
        nature = Nature(repetitions=999)
        procedures = {"default": estimate(spread, nature, estimand, repetition)}
        if estimand == "items like these":
            sure = Nature(sure=True, repetitions=999)
            procedures["sum of both"] = estimate(spread, sure, estimand, repetition)
            between = float(np.sqrt((spread.items**2).sum()))
            procedures["items only"] = _plain(spread.point, between, items - 1)
            procedures["draws only"] = _plain(spread.point, float(np.sqrt(draws_variance(spread))), draws - 1)
        for which, found in procedures.items():
            ends = found.interval((1 - level) / 2)
            if ends is not None:
                hits.setdefault(which, []).append(ends[0] <= target <= ends[1])
                halves.setdefault(which, []).append((ends[1] - ends[0]) / 2)
    return {which: _coverage(hits[which], halves[which]) for which in hits}


def exact_coverage(
    name: str,
    pool: Pool,
    kind: str,
    *,
    items: int,
    repetitions: int,
    level: float = 0.95,
    dimensions: int = 1,
    seed: int = SEED,
) -> dict[str, Coverage]:
    """Coverage of the studentised bootstrap over items and of Student's t, for exact probabilities."""
    generator = np.random.default_rng([seed, items])
    everything = values(name, model(pool, kind), sheet(pool))
    groups = np.arange(len(pool)) % dimensions
    truth = float(np.mean([everything[groups == group].mean() for group in range(dimensions)]))
    hits: dict[str, list[bool]] = {}
    halves: dict[str, list[float]] = {}
    for repetition in range(repetitions):
        rows = _sample(groups, items, generator)
        own = everything[rows]
        weights, strata = weigh(own, groups[rows], True)
        spread = spread_of(own, weights, strata)
        nature = Nature(repetitions=999)
        found = estimate(spread, nature, "items like these", repetition)
        plain = _plain(spread.point, float(np.sqrt((spread.items**2).sum())), items - dimensions)
        for which, one in (("default", found), ("t", plain)):
            ends = one.interval((1 - level) / 2)
            if ends is not None:
                hits.setdefault(which, []).append(ends[0] <= truth <= ends[1])
                halves.setdefault(which, []).append((ends[1] - ends[0]) / 2)
    return {which: _coverage(hits[which], halves[which]) for which in hits}


def _sample(groups: NDArray[np.int64], items: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Items from the pool, as many from each dimension, with replacement."""
    each = items // (int(groups.max()) + 1)
    return np.concatenate([generator.choice(np.flatnonzero(groups == g), each) for g in range(int(groups.max()) + 1)])


def _plain(point: float, error: float, freedom: int) -> Uncertainty:
    return Uncertainty(point, error, "t", "items like these", freedom=freedom)


def _coverage(hits: list[bool], halves: list[float]) -> Coverage:
    return Coverage(float(np.mean(hits)), float(np.mean(halves)), len(hits))


def false_alarms(
    name: str,
    pool: Pool,
    kind: str,
    *,
    items: int,
    draws: int | None,
    repetitions: int,
    parts: int = 1,
    seed: int = SEED,
) -> dict[str, float]:
    """How often at least one of `parts` claims is decided wrongly, each claim's threshold being the truth itself, at
    95 % with Holm's correction. The parts share items and have models of their own; with `draws`, participants too."""
    generator = np.random.default_rng([seed, items, parts])
    models = [model(pool, kind, seed + part) for part in range(parts)]
    truths = [values(name, shares, sheet(pool)) for shares in models]
    taken = metric(name)
    wrong = {"below": 0, "above": 0}
    for repetition in range(repetitions):
        rows = generator.integers(len(pool), size=items)
        paper = sheet(pool, rows)
        found = []
        for part, (shares, everything) in enumerate(zip(models, truths, strict=True)):
            if draws is None:
                own, influence = everything[rows], None
            else:
                codes = answer(shares[rows], draws, 0.3, generator)
                evaluate = from_counts(name, paper)
                result = jackknife(codes, np.ones(draws), paper.options.shape[1], evaluate, taken.bias == "jackknife")
                own, influence = result.values, result.influence
            weights, strata = weigh(own, np.zeros(items, dtype=np.int64), True)
            spread = spread_of(own, weights, strata, influence, "all", draws or 0)
            nature = Nature(sure=True, repetitions=1999)
            found.append(estimate(spread, nature, "items like these", repetition * parts + part))
        for side in ("below", "above"):
            chances = [
                min(1.0, 2 * one.chance(side, float(everything.mean())))  # type: ignore[arg-type]
                for one, everything in zip(found, truths, strict=True)
            ]
            shares_of = holm(chances, [0.05] * parts)
            wrong[side] += any(chance <= share for chance, share in zip(chances, shares_of, strict=True))
    return {side: count / repetitions for side, count in wrong.items()}


def binomial_bounds(rate: float, repetitions: int, z: float = 3.5) -> tuple[float, float]:
    """Where a measured rate lies when the true one is `rate`, but for one time in two thousand."""
    reach = z * float(np.sqrt(rate * (1 - rate) / repetitions))
    return rate - reach, rate + reach

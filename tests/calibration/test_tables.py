"""The two tables that the estimator and the intervals of KL divergence were chosen by, on the shares of examples/us_cn.

docs/benchmarks/statistics.md prints them; here they are worked out again, so that neither the code nor the page can
change alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auditc.evidence.jackknife import jackknifed_counts

from . import simulations
from .estimators import ESTIMATORS, expectations
from .groups import own_shares

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "statistics.md"
KINDS = ("human-like", "favourite", "sharpened", "flattened", "uniform", "peaked")
POOL = own_shares()
DRAWS = 20
PUBLISHED = {
    "human-like": (0.000, 0.097, 0.005, 0.071, 0.026, 0.000),
    "favourite": (0.727, 0.727, 0.635, 0.471, 0.727, 0.727),
    "sharpened": (0.215, 0.276, 0.184, 0.154, 0.240, 0.224),
    "flattened": (0.069, 0.170, 0.078, 0.162, 0.088, 0.063),
    "uniform": (0.385, 0.486, 0.394, 0.456, 0.400, 0.376),
}
"""The table that the choice was made by, on 247 items of the World Values Survey that cannot be given on."""


def _printed() -> dict[str, list[float]]:
    head = f"| model | truth | {' | '.join(ESTIMATORS)} |"
    lines = PAGE.read_text(encoding="utf-8").partition(head)[2].splitlines()[2:]
    rows = [line.strip("| ").split(" | ") for line in lines[: len(KINDS)]]
    return {cells[0]: [float(cell) for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_estimators_is_what_they_give_on_average(kind: str) -> None:
    found = expectations(POOL, kind, DRAWS)
    assert _printed()[kind] == [round(value, 3) + 0.0 for value in found.values()]


@pytest.mark.parametrize("kind", KINDS)
def test_our_estimator_gives_its_expectation(kind: str) -> None:
    """The plug-in and the jackknife of findings, drawn 200 times, within four standard errors of what they must be."""
    generator = np.random.default_rng(simulations.SEED)
    evaluate = simulations.from_counts("kl", simulations.sheet(POOL))
    counts = generator.multinomial(DRAWS, simulations.model(POOL, kind), size=(200, len(POOL))).astype(np.float64)
    wanted = expectations(POOL, kind, DRAWS)
    for name, values in (("plug-in", evaluate(counts)), ("jackknife", jackknifed_counts(counts, evaluate, True))):
        means = values.mean(-1)
        error = float(means.std() / np.sqrt(len(means)))
        assert float(means.mean()) == pytest.approx(wanted[name], abs=4 * error + 1e-9), name


def test_why_the_jackknife_was_chosen() -> None:
    """It is never far off. Smoothing the model's side rewards peaked models by a third; taking the floor off punishes
    them; the correction by options seen leaves a part of the bias."""
    found = {kind: expectations(POOL, kind, DRAWS) for kind in KINDS}
    off = {name: max(abs(each[name] - each["truth"]) for each in found.values()) for name in ESTIMATORS}
    assert off["jackknife"] < 0.02 < min(off[name] for name in ESTIMATORS if name != "jackknife")
    favourite = found["favourite"]
    assert favourite["add ½"] < 0.7 * favourite["truth"]
    assert favourite["plug-in − (k − 1)/2n"] < favourite["truth"] - 0.05
    assert abs(found["human-like"]["jackknife"]) < 0.002 < found["human-like"]["Miller–Madow"]


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_table_it_was_chosen_by_is_reproduced_on_its_own_items(kind: str) -> None:
    """Of the file those items with at most ten options, as then; the table was simulated and has that error."""
    pool = simulations.reference()
    if pool is None:
        pytest.skip("AUDITC_WVS_REFERENCE names no file with a survey's shares")
    few = pool.options.sum(-1) <= 10
    found = expectations(simulations.Pool(pool.options[few], pool.shares[few]), kind, DRAWS)
    assert few.sum() == 247
    assert list(found.values()) == pytest.approx(PUBLISHED[kind], abs=0.003)


def test_a_model_that_answers_exactly_like_people_has_a_divergence_of_zero() -> None:
    found = simulations.drawn_coverage("kl", POOL, "human-like", items=30, draws=50, person=0.3, repetitions=100)
    assert found["default"].covered >= simulations.binomial_bounds(0.95, 100)[0]
    assert found["default"].half < 0.03


@pytest.mark.slow
@pytest.mark.parametrize(
    ("items", "draws", "kind", "least"),
    [
        (15, 20, "human-like", 0.95),
        (15, 20, "sharpened", 0.92),
        (30, 20, "sharpened", 0.92),
        (60, 20, "sharpened", 0.91),
        (60, 20, "peaked", 0.92),
        (15, 50, "shifted", 0.88),
        (60, 50, "shifted", 0.93),
        (30, 50, "human-like", 0.95),
        (30, 50, "sharpened", 0.93),
        (30, 50, "flattened", 0.93),
        (30, 50, "uniform", 0.93),
        (30, 50, "peaked", 0.93),
    ],
)
def test_the_table_of_intervals(items: int, draws: int, kind: str, least: float) -> None:
    """At 50 draws and 30 items at least 93 %; what falls short of it, with fewer, is what the page says. At most 97 %,
    but for a model exactly like people, where the interval is known to be too wide."""
    found = simulations.drawn_coverage("kl", POOL, kind, items=items, draws=draws, person=0.3, repetitions=1000)
    low = simulations.binomial_bounds(least, 1000, z=2.5)[0]
    high = 1.0 if kind == "human-like" else simulations.binomial_bounds(0.97, 1000, z=2.5)[1]
    assert low <= found["default"].covered <= high, found["default"]

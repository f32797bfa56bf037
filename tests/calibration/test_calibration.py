"""Does an interval of 95 % hold the truth 95 times in 100? Simulated models with known truth, through auditc's own
estimators.

The quick tests (a few hundred audits) fail only on what chance cannot explain; the slow ones (`-m slow`, thousands)
hold the figures themselves. The tables are in docs/benchmarks/statistics.md; benchmarks/coverage.py makes them.
"""

from __future__ import annotations

import pytest

from . import simulations

POOL = simulations.synthetic()
QUICK, SLOW = 300, 2000
LEAST, MOST = 0.93, 0.97
"""Coverage that an interval of 95 % must have at 30 items and 50 draws (statistics.md, review.md b1)."""


def _near(measured: simulations.Coverage, least: float = LEAST, most: float = MOST) -> None:
    """Whether the true coverage can lie between, given how often it was tried."""
    low = simulations.binomial_bounds(least, measured.repetitions)[0]
    high = simulations.binomial_bounds(most, measured.repetitions)[1]
    assert low <= measured.covered <= high, measured


@pytest.mark.parametrize(
    ("kind", "residue"),
    [
        ("human-like", 0.005),
        ("favourite", 1e-9),
        ("sharpened", 0.015),
        ("flattened", 0.01),
        ("uniform", 0.015),
        ("peaked", 0.035),
    ],
)
def test_the_jackknife_takes_the_bias_off(kind: str, residue: float) -> None:
    found = simulations.estimator_means("kl", POOL, kind, draws=20, repetitions=60)
    assert abs(found["jackknife"] - found["truth"]) < residue
    if kind != "favourite":
        assert found["plug-in"] - found["truth"] > 3 * abs(found["jackknife"] - found["truth"])


def test_the_jackknife_takes_the_bias_off_on_real_people() -> None:
    pool = simulations.reference()
    if pool is None:
        pytest.skip("AUDITC_WVS_REFERENCE names no file with a survey's shares")
    for kind, truth, jackknife in (
        ("human-like", 0, 0.000),
        ("favourite", 0.727, 0.727),
        ("sharpened", 0.215, 0.224),
        ("flattened", 0.069, 0.063),
        ("uniform", 0.385, 0.376),
    ):
        found = simulations.estimator_means("kl", pool, kind, draws=20, repetitions=60)
        assert found["truth"] == pytest.approx(truth, abs=0.02), kind
        assert found["jackknife"] - found["truth"] == pytest.approx(jackknife - truth, abs=0.004), kind


@pytest.mark.parametrize(
    ("metric", "kind"), [("kl", "sharpened"), ("kl", "flattened"), ("jsd", "sharpened"), ("emd", "sharpened")]
)
def test_two_way_intervals_cover(metric: str, kind: str) -> None:
    found = simulations.drawn_coverage(metric, POOL, kind, items=30, draws=50, person=0.3, repetitions=QUICK)
    _near(found["default"])
    assert found["sum of both"].covered >= found["default"].covered


def test_one_way_intervals_do_not() -> None:
    """Why the default is two-way: draws alone miss the truth about one time in three, items alone more than they
    may."""
    found = simulations.drawn_coverage("kl", POOL, "sharpened", items=30, draws=50, person=0.3, repetitions=QUICK)
    assert found["draws only"].covered < 0.85
    assert found["items only"].covered < found["default"].covered


def test_a_model_like_people_is_covered_generously() -> None:
    """At zero distance the first derivative vanishes and the jackknife's variance is too large: never too small."""
    found = simulations.drawn_coverage("kl", POOL, "human-like", items=30, draws=50, person=0.3, repetitions=QUICK)
    assert found["default"].covered >= 0.95


def test_draws_alone_cover_these_items() -> None:
    found = simulations.drawn_coverage(
        "kl", POOL, "sharpened", items=30, draws=50, person=0.3, repetitions=QUICK, estimand="these items"
    )
    _near(found["default"], least=0.92)


@pytest.mark.parametrize(("items", "dimensions", "least"), [(20, 1, 0.92), (60, 1, LEAST), (64, 8, LEAST)])
@pytest.mark.parametrize("metric", ["kl", "jsd"])
def test_the_studentised_bootstrap_covers(metric: str, items: int, dimensions: int, least: float) -> None:
    found = simulations.exact_coverage(metric, POOL, "sharpened", items=items, dimensions=dimensions, repetitions=QUICK)
    _near(found["default"], least=least)


@pytest.mark.parametrize(("items", "draws", "parts"), [(60, None, 1), (60, None, 4), (30, 50, 1), (30, 50, 3)])
def test_claims_at_the_boundary_are_seldom_decided_wrongly(items: int, draws: int | None, parts: int) -> None:
    found = simulations.false_alarms("kl", POOL, "peaked", items=items, draws=draws, repetitions=QUICK, parts=parts)
    assert max(found.values()) <= simulations.binomial_bounds(0.05, QUICK)[1]


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["kl", "jsd", "emd"])
@pytest.mark.parametrize("kind", ["sharpened", "flattened", "peaked", "uniform"])
def test_two_way_intervals_cover_between_93_and_97(metric: str, kind: str) -> None:
    found = simulations.drawn_coverage(metric, POOL, kind, items=30, draws=50, person=0.3, repetitions=SLOW)
    _near(found["default"])
    assert found["sum of both"].covered >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sharpened", "uniform", "peaked", "shifted"])
@pytest.mark.parametrize(("items", "dimensions", "least"), [(20, 1, 0.91), (60, 1, LEAST), (64, 8, LEAST)])
def test_the_studentised_bootstrap_covers_whatever_the_model(
    kind: str, items: int, dimensions: int, least: float
) -> None:
    found = simulations.exact_coverage("kl", POOL, kind, items=items, dimensions=dimensions, repetitions=SLOW)
    _near(found["default"], least=least)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["peaked", "shifted", "sharpened"])
@pytest.mark.parametrize(("items", "draws", "parts"), [(60, None, 1), (60, None, 4), (30, 50, 1), (30, 50, 4)])
def test_families_of_claims_keep_their_level(kind: str, items: int, draws: int | None, parts: int) -> None:
    found = simulations.false_alarms("kl", POOL, kind, items=items, draws=draws, repetitions=SLOW, parts=parts)
    assert max(found.values()) <= simulations.binomial_bounds(0.05, SLOW, z=2.0)[1]

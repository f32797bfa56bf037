"""Metrics that look at the most frequent answer alone: do they find what is there, and nothing where nothing is?

Groups of the sizes of China's by age answer the items of examples/us_cn. Quick tests fail only on what chance cannot
explain; the slow ones (`-m slow`, 1,000 audits each) hold the figures of docs/benchmarks/statistics.md.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from . import groups, simulations

POOL = groups.own_shares("China")
QUICK, SLOW = 60, 1000
LEAST, MOST = 0.93, 0.97


def _near(measured: simulations.Coverage, least: float = LEAST, most: float = MOST) -> None:
    low = simulations.binomial_bounds(least, measured.repetitions)[0]
    high = simulations.binomial_bounds(most, measured.repetitions)[1]
    assert low <= measured.covered <= high, measured


def _like(kind: str) -> groups.Array:
    return simulations.model(POOL, kind)


def test_groups_that_answer_alike_are_no_bias_though_their_sizes_differ() -> None:
    alike = groups.equal(POOL, _like("flattened"))
    for group in (0, 1):
        truth, covered, found = groups.simulate(alike, items=60, draws=50, repetitions=QUICK, group=group)
        assert abs(truth) < 1e-9 and abs(found["estimate"]) < 0.003
        _near(covered)
    largest = groups.simulate(alike, items=60, draws=50, repetitions=15, rate="raw", group=1)[2]
    smallest = groups.simulate(alike, items=60, draws=50, repetitions=15, rate="raw", group=0)[2]
    assert largest["estimate"] > 0.85 and smallest["estimate"] < 0.01


def test_a_group_whose_answers_the_model_gives_is_found() -> None:
    biased = groups.planted(POOL, _like("shifted"), 0.3)
    truth, covered, found = groups.simulate(biased, items=60, draws=50, repetitions=QUICK)
    assert truth > 0.2 and found["above 0"] > 0.95
    _near(covered)
    raw = groups.simulate(biased, items=60, draws=50, repetitions=15, rate="raw")[2]
    assert raw["estimate"] < 0.6, "the paper's variant sees a small group with difficulty"


@pytest.mark.parametrize("n", [30, 100, 560, 3000])
@pytest.mark.parametrize("expected", [3, 5, 20])
def test_what_is_left_of_the_bias_of_a_logarithm_of_a_share(n: int, expected: int) -> None:
    """By summing over all counts: 0.002 at 3 and at 5 expected persons, and nothing at 20."""
    share = expected / n
    counts = np.arange(n + 1)
    mean = float(binom.pmf(counts, n, share) @ np.log((counts + 0.5) / (n + 0.5)))
    assert abs(mean - np.log(share)) < {3: 0.003, 5: 0.003, 20: 0.0002}[expected]


def test_how_many_items_match_is_covered() -> None:
    _, covered, found = groups.simulate(
        groups.equal(POOL, _like("flattened")), items=60, draws=50, repetitions=QUICK, metric="matching"
    )
    _near(covered)
    assert 0.6 < found["estimate"] < 0.9


def test_leaving_one_draw_out_makes_too_much_of_what_jumps() -> None:
    alike = groups.equal(POOL, _like("flattened"))
    again, left_out = (
        groups.simulate(alike, items=60, draws=50, repetitions=20, way=way)[2] for way in ("drawn again", "jackknife")
    )
    assert left_out["error"] > 1.4 * again["error"]


@pytest.mark.slow
@pytest.mark.parametrize("group", [0, 1, 2])
@pytest.mark.parametrize("kind", ["human-like", "sharpened", "flattened"])
def test_no_bias_is_covered_for_every_group_and_model(kind: str, group: int) -> None:
    alike = groups.equal(POOL, _like(kind))
    _near(groups.simulate(alike, items=60, draws=50, repetitions=SLOW, group=group)[1])


@pytest.mark.slow
@pytest.mark.parametrize(("items", "draws"), [(30, 50), (60, 50), (60, 200)])
def test_a_planted_bias_is_covered(items: int, draws: int) -> None:
    biased = groups.planted(POOL, _like("shifted"), 0.3)
    _near(groups.simulate(biased, items=items, draws=draws, repetitions=SLOW)[1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["human-like", "sharpened", "flattened", "peaked"])
def test_the_share_that_matches_is_covered_whatever_the_model(kind: str) -> None:
    alike = groups.equal(POOL, _like(kind))
    _near(groups.simulate(alike, items=60, draws=50, repetitions=SLOW, metric="matching")[1])

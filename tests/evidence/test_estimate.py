"""Pieces of the arithmetic of intervals, each against a formula or a brute force of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from auditc.evidence.bounds import bounds
from auditc.evidence.estimate import Nature, Uncertainty, estimate
from auditc.evidence.measure import measure
from auditc.evidence.spread import Spread, collapse, combine, constant, mean, placed, spread_of, weigh
from auditc.ir.answers import REFUSED, UNPARSABLE
from auditc.metrics import metrics

from . import audits


def _spread(values: Any, groups: Any = None, influence: Any = None) -> Any:
    values = np.asarray(values, dtype=float)
    labels = np.zeros(len(values), dtype=int) if groups is None else np.asarray(groups)
    weights, strata = weigh(values, labels, True)
    return spread_of(values, weights, strata, influence, "all", 0 if influence is None else len(influence))


def test_one_stratum_has_the_variance_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(size=30)
    spread = _spread(values)
    assert spread.point == pytest.approx(values.mean())
    assert (spread.items**2).sum() == pytest.approx(values.var(ddof=1) / 30)


def test_dimensions_weigh_the_same_and_their_variances_add_up() -> None:
    generator = np.random.default_rng(2)
    values, groups = generator.normal(size=30), np.repeat([0, 1, 2], [5, 10, 15])
    spread = _spread(values, groups)
    parts = [values[groups == g] for g in range(3)]
    assert spread.point == pytest.approx(np.mean([part.mean() for part in parts]))
    assert (spread.items**2).sum() == pytest.approx(sum(part.var(ddof=1) / len(part) for part in parts) / 9)


def test_items_without_a_value_take_no_part() -> None:
    spread = _spread([1.0, np.nan, 3.0, 2.0], [0, 0, 0, 1])
    assert spread.point == pytest.approx((2 + 2) / 2) and spread.used == 3


def test_strata_of_one_are_put_together() -> None:
    assert list(collapse(np.array([0, 1, 2]))) == [2, 2, 2]
    assert len(set(collapse(np.array([0, 0, 0, 1, 1, 2])))) == 2
    assert list(collapse(np.array([0, -1, 0]))) == [0, -1, 0]
    assert (_spread([1.0, 2.0, 4.0], [0, 1, 2]).items ** 2).sum() == pytest.approx(np.var([1, 2, 4], ddof=1) / 3)


def test_a_difference_is_the_spread_of_differences() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.normal(size=(2, 25))
    left, right = _spread(a), _spread(b)
    difference = combine("-", left, right)
    direct = _spread(a - b)
    np.testing.assert_allclose(difference.items, direct.items)
    assert difference.point == pytest.approx(direct.point)
    product = combine("*", left, constant(3.0, 25))
    np.testing.assert_allclose(product.items, 3 * left.items)
    np.testing.assert_allclose(mean([left, right]).items, _spread((a + b) / 2).items)
    with pytest.raises(ZeroDivisionError):
        combine("/", left, constant(0.0, 25))


def test_the_delta_method_is_the_derivative() -> None:
    generator = np.random.default_rng(4)
    a, b = generator.normal(3, 1, 4000), generator.normal(5, 1, 4000)
    ratio = combine("/", _spread(a), _spread(b))
    samples = [a[i].mean() / b[i].mean() for i in generator.integers(4000, size=(400, 4000))]
    assert np.sqrt((ratio.items**2).sum()) == pytest.approx(np.std(samples), rel=0.15)


def test_two_way_adds_up_what_participants_and_items_do() -> None:
    """Components of variance are found again: participants 1, items 2, the rest 3, on 40 draws of 30 items."""
    generator = np.random.default_rng(5)
    found = []
    for _ in range(400):
        table = generator.normal(size=(40, 1)) + np.sqrt(2) * generator.normal(size=(1, 30))
        table = table + np.sqrt(3) * generator.normal(size=(40, 30))
        values = table.mean(0)
        influence = (table - values) / 40 * np.sqrt(40 / 39)
        error = estimate(_spread(values, influence=influence), Nature(), "items like these", 0).error
        assert error is not None
        found.append(error**2)
    assert np.mean(found) == pytest.approx(1 / 40 + 2 / 30 + 3 / 1200, rel=0.06)


@pytest.mark.parametrize("draws", [5, 12, 90])
@pytest.mark.parametrize("sizes", [(4, 9, 17), (17, 9, 4)])
def test_degrees_of_freedom_are_those_of_draws_or_of_items_within_strata(draws: int, sizes: tuple[int, ...]) -> None:
    generator = np.random.default_rng(9)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    values = generator.normal(size=len(groups))
    weights, strata = weigh(values, groups, True)
    influence = generator.normal(size=(draws, len(groups))) / draws
    spread = spread_of(values, weights, strata, influence, "who", draws)
    assert spread.count == {"who": draws}
    assert estimate(spread, Nature(), "items like these", 0).freedom == min(draws - 1, len(groups) - len(sizes))
    assert estimate(spread, Nature(), "these items", 0).freedom == draws - 1


def test_student_and_wilson_are_the_textbook_ones() -> None:
    found = Uncertainty(2.0, 0.5, "t", "items like these", freedom=9)
    assert found.interval(0.025) == pytest.approx(stats.t(9, 2.0, 0.5).interval(0.95))
    assert found.chance("below", 3.0) == pytest.approx(stats.t.cdf(-2, 9))
    assert found.chance("above", 1.0) == pytest.approx(stats.t.cdf(-2, 9))
    rate = Uncertainty(0.7, 0.0, "Wilson", "items like these", units=20)
    expected = stats.binomtest(14, 20).proportion_ci(method="wilson")
    assert rate.interval(0.025) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("tail", [0.005, 0.025, 0.05])
def test_a_p_value_and_its_interval_say_the_same(skewed: bool, tail: float) -> None:
    generator = np.random.default_rng(6)
    values = generator.lognormal(size=40) if skewed else generator.normal(3, 1, 40)
    for draws in (None, generator.normal(size=(30, 40)) / 200):
        found = estimate(_spread(values, influence=draws), Nature(repetitions=1999), "items like these", 1)
        ends = found.interval(tail)
        assert ends is not None
        nudge = 1e-9
        assert found.chance("above", ends[0] - nudge) <= tail < found.chance("above", ends[0] + nudge)
        assert found.chance("below", ends[1] + nudge) <= tail < found.chance("below", ends[1] - nudge)


def test_the_bootstrap_gives_way_to_student_where_it_has_nothing_to_resample() -> None:
    values = np.zeros(12)
    values[0] = 1.0
    found = estimate(_spread(values), Nature(), "items like these", 1)
    assert found.replicates is None and any("Student" in note for note in found.notes)


def _measured(metric: str, choices: Any, draws: int = 12) -> Any:
    asked = audits.items(choices.shape[1], 1, sizes=(3,), nominal=0)
    survey = audits.survey(asked)
    stage = audits.converse_stage("a", tuple(i.id for i in asked), populations=("us",), draws=draws)
    answers = audits.drawn(stage, survey, "us", choices)
    used = audits.measure_stage("citizens", metric, (stage.name,))
    (found,) = measure(used, metrics.take(metric), answers, None, survey, "United States", "values")
    return found


@pytest.mark.parametrize("metric", ["kl", "emd", "diversity"])
def test_bounds_hold_every_allocation(metric: str) -> None:
    """Every way to hand the three missing answers of an item to its three options, tried one by one."""
    generator = np.random.default_rng(7)
    choices = generator.integers(3, size=(12, 4))
    choices[:2, 0] = REFUSED
    choices[5, 0] = UNPARSABLE
    low, high, _ = bounds(_measured(metric, choices))
    plain = _measured(metric, choices).measurement.values
    np.testing.assert_array_equal(low[1:], plain[1:])
    np.testing.assert_array_equal(high[1:], plain[1:])
    assert low[0] <= plain[0] <= high[0]
    for allocation in np.ndindex(3, 3, 3):
        filled = choices.copy()
        filled[[0, 1, 5], 0] = allocation
        value = _measured(metric, filled).measurement.values[0]
        assert low[0] - 1e-9 <= value <= high[0] + 1e-9


def test_an_item_without_any_answer_has_bounds_all_the_same() -> None:
    choices = np.zeros((12, 12), dtype=int)
    choices[:, 0] = REFUSED
    measured = _measured("kl", choices)
    low, high, _ = bounds(measured)
    assert np.isnan(measured.measurement.values[0]) and low[0] < 0.1 < high[0]


def test_items_of_one_value_decide_a_claim_by_it_and_have_no_interval() -> None:
    found = estimate(_spread(np.full(60, 0.9)), Nature(sure=True), "items like these", 1)
    assert found.interval(0.025) is None
    assert [found.chance("above", at) for at in (0.8, 0.9, 0.95)] == [0, 1, 1]
    assert [found.chance("below", at) for at in (0.8, 0.9, 0.95)] == [1, 1, 0]
    figure = estimate(_spread(np.full(60, 0.9)), Nature(), "items like these", 1)
    assert figure.error is None and figure.chance("above", 0.8) == 1
    same = combine("-", _spread(np.full(60, 0.9)), _spread(np.full(60, 0.8)))
    assert estimate(same, Nature(sure=True), "items like these", 1).error is None, "two figures that nowhere differ"


def test_what_differs_by_rounding_is_one_value() -> None:
    noise = 1e-8 * np.random.default_rng(1).random(40)
    assert not _spread(1 - noise).items.any() and _spread(1 - 100 * noise).items.any()
    assert _spread(1e-5 * (1 + np.arange(40) / 40)).items.any(), "small values that do differ"
    assert _spread(1 - noise).alike == pytest.approx(1) and _spread(1 - 100 * noise).alike is None


def _decided(spread: Spread) -> bool:
    return estimate(spread, Nature(sure=True), "items like these", 1).chance("below", 5) == 0


def test_values_that_are_one_in_each_dimension_or_figure_alone_decide_nothing() -> None:
    """Five items of .2 and five of .6: with half of others at 1 that is all there is in one of 32 audits."""
    dimensions = np.repeat([0, 1], 5)
    apart = np.repeat([0.2, 0.6], 5)
    assert not _decided(spread_of(apart, *weigh(apart, dimensions, True)))
    even = np.full(10, 0.2)
    assert _decided(spread_of(even, *weigh(even, dimensions, True)))
    many, few = placed(_spread(np.zeros(100)), np.arange(100), 100), placed(_spread(np.zeros(10)), np.arange(10), 100)
    assert _decided(mean([many, many])) and _decided(mean([many, few])), "one value, of whatever items"
    half, other = _spread(np.full(10, 0.5)), _spread(np.full(10, 0.4))
    assert _decided(mean([half, half, half])) and not _decided(mean([half, half, other]))
    assert not _decided(combine("*", half, half))


def test_a_number_moves_the_one_value_of_items_and_does_not_turn_it_round() -> None:
    one, two = _spread(np.full(12, 0.5)), constant(2.0, 12)
    for operator in "+-*/":
        assert _decided(combine(operator, one, two))
    less = combine("-", two, one)
    assert not _decided(combine("+", less, one)), "that is a comparison"
    assert not _decided(combine("+", combine("*", one, constant(-1.0, 12)), one))


def test_one_participant_decides_nothing_by_items_of_one_value() -> None:
    values = np.full(12, 0.5)
    alone = spread_of(values, *weigh(values, np.zeros(12, dtype=np.int64), False), np.zeros((1, 12)), "who", 1)
    assert not _decided(alone)

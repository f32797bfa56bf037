"""Laws of the metrics: what must hold whatever the shares are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditc.evidence.jackknife import jackknife, jackknifed_counts
from auditc.metrics import metrics
from auditc.metrics._contract import Sheet

DISTANCES = ("kl", "jsd", "emd")
WEIGHTS = st.floats(0, 1, allow_subnormal=False).map(lambda weight: weight if weight > 1e-6 else 0.0)


@st.composite
def shares(draw: st.DrawFn, count: int = 1) -> Any:
    """`[count, k]` distributions over the same 2 to 10 options, zeros allowed."""
    size = draw(st.integers(2, 10))
    rows = []
    for _ in range(count):
        weights = draw(st.lists(WEIGHTS, min_size=size, max_size=size).filter(lambda row: sum(row) > 0.01))
        rows.append(np.array(weights) / sum(weights))
    return np.stack(rows)


def _value(name: str, model: Any, people: Any, n: float = 500.0) -> float:
    metric = metrics.take(name)
    sheet = Sheet(np.ones((1, len(people)), dtype=bool), people[None], np.array([n]), None)
    return float(metric.values(model[None], sheet, metric.params())[0])


@given(shares(2), st.randoms(use_true_random=False))
@pytest.mark.parametrize("name", ["kl", "jsd"])
def test_the_order_of_options_does_not_matter(name: str, pair: Any, random: Any) -> None:
    order = list(range(pair.shape[1]))
    random.shuffle(order)
    assert _value(name, *pair[:, order]) == pytest.approx(_value(name, *pair), abs=1e-9)


@given(shares(2))
def test_a_scale_turned_round_leaves_emd_as_it_is(pair: Any) -> None:
    assert _value("emd", *pair[:, ::-1]) == pytest.approx(_value("emd", *pair), abs=1e-9)


@given(shares(2))
@pytest.mark.parametrize("name", DISTANCES)
def test_a_value_lies_within_its_bounds(name: str, pair: Any) -> None:
    low, high = metrics.take(name).bounds
    assert low - 1e-9 <= _value(name, *pair) <= high + 1e-9


@given(shares(2))
@pytest.mark.parametrize("name", ["jsd", "emd"])
def test_jsd_and_emd_do_not_care_which_side_is_which(name: str, pair: Any) -> None:
    assert _value(name, *pair) == pytest.approx(_value(name, *pair[::-1]), abs=1e-9)


@given(shares(1))
def test_nothing_is_nearer_than_the_same(pair: Any) -> None:
    same = pair[0]
    assert _value("jsd", same, same) == pytest.approx(1, abs=1e-7)
    assert _value("emd", same, same) == pytest.approx(0, abs=1e-12)
    assert _value("kl", same, same, n=1e12) == pytest.approx(0, abs=1e-6)


@given(shares(3))
def test_emd_and_the_root_of_jsd_obey_the_triangle(three: Any) -> None:
    a, b, c = three
    assert _value("emd", a, c) <= _value("emd", a, b) + _value("emd", b, c) + 1e-9
    root = {(x, y): 1 - _value("jsd", three[x], three[y]) for x, y in ((0, 1), (1, 2), (0, 2))}
    assert root[0, 2] <= root[0, 1] + root[1, 2] + 1e-9


@given(shares(2), st.integers(3, 30), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", [*DISTANCES, "diversity"])
def test_who_is_called_first_does_not_matter(name: str, pair: Any, draws: int, seed: int) -> None:
    """Permuting draws permutes their influence and changes nothing else."""
    generator = np.random.default_rng(seed)
    codes = generator.choice(pair.shape[1], size=(draws, 1), p=pair[0])
    codes[generator.random((draws, 1)) < 0.2] = -1
    weights = generator.choice([1.0, 2.0], size=draws)
    order = generator.permutation(draws)
    first = _jackknifed(name, codes, weights, pair[1])
    again = _jackknifed(name, codes[order], weights[order], pair[1])
    np.testing.assert_allclose(again.values, first.values, atol=1e-9)
    np.testing.assert_allclose(again.influence, first.influence[order], atol=1e-9)


@given(shares(2), st.integers(3, 30), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", DISTANCES)
def test_the_jackknife_is_the_textbook_one(name: str, pair: Any, draws: int, seed: int) -> None:
    """Equal weights: n·θ − (n − 1)·mean of θ without one, and (n − 1)/n · Σ (θ without one − their mean)²."""
    codes = np.random.default_rng(seed).choice(pair.shape[1], size=(draws, 1), p=pair[0])
    evaluate = _evaluate(name, pair[1])
    counts = np.bincount(codes[:, 0], minlength=pair.shape[1]).astype(float)[None]
    without = np.array([evaluate(counts - np.eye(pair.shape[1])[code])[0] for code in codes[:, 0]])
    found = _jackknifed(name, codes, np.ones(draws), pair[1])
    expected = draws * evaluate(counts)[0] - (draws - 1) * without.mean()
    assert found.values[0] == pytest.approx(expected, abs=1e-9)
    assert jackknifed_counts(counts, evaluate, True)[0] == pytest.approx(expected, abs=1e-9)
    variance = (draws - 1) / draws * ((without - without.mean()) ** 2).sum()
    assert (found.influence**2).sum() == pytest.approx(variance, abs=1e-9)


def _evaluate(name: str, people: Any) -> Any:
    metric = metrics.take(name)
    sheet = Sheet(np.ones((1, len(people)), dtype=bool), people[None], np.array([500.0]), None)

    def evaluate(counts: Any) -> Any:
        x = counts
        if metric.reads == "shares":
            n = counts.sum(-1, keepdims=True)
            x = np.where(n > 0, counts / np.where(n > 0, n, 1.0), np.nan)
        return metric.values(x, sheet, metric.params())

    return evaluate


def _jackknifed(name: str, codes: Any, weights: Any, people: Any) -> Any:
    correct = metrics.take(name).bias == "jackknife"
    return jackknife(codes, weights, len(people), _evaluate(name, people), correct)

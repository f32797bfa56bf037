"""What a design could show: the quick figures against a slow one made by the definitions, one draw at a time."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Literal

import pytest
from scipy import stats

from auditc.evidence.power import best_case, student
from auditc.ir.design import Design
from auditc.ir.plan import Item, People

SHARES = ((0.5, 0.3, 0.2), (0.1, 0.2, 0.3, 0.4), (0.6, 0.4), (0.25, 0.25, 0.25, 0.25))
DIMENSIONS = ("one", "one", "one", "two")
ITEMS = tuple(
    Item(
        id=f"q{number}",
        scale="ordinal",
        dimension=dimension,
        text={"en": "?"},
        options={"en": tuple("abcd"[: len(shares)])},
    )
    for number, (shares, dimension) in enumerate(zip(SHARES, DIMENSIONS, strict=True))
)
PEOPLE = tuple(People(n=1500, nominal=False, shares=shares) for shares in SHARES)


def kl(counts: list[int], shares: tuple[float, ...], n: int) -> float:
    """As statistics.md 1 defines it: people's counts plus a half, the model's side as it is."""
    total = sum(counts)
    people = [(share * n + 0.5) / (n + len(shares) / 2) for share in shares]
    return sum(c / total * math.log(c / total / q) for c, q in zip(counts, people, strict=True) if c)


def headline(items: Sequence[tuple[str, float]]) -> float:
    """The mean over dimensions of means in each."""
    dimensions = {dimension for dimension, _ in items}
    return fmean(fmean(value for own, value in items if own == dimension) for dimension in dimensions)


def one_model(draws: int, copies: int, chance: random.Random) -> tuple[float, float, list[tuple[str, float]]]:
    """A model that answers like people: its jackknifed headline, the jackknife's variance over draws, leaving each out
    of everything, and the values of the items."""
    corrected: list[tuple[str, float]] = []
    without: list[list[tuple[str, float]]] = [[] for _ in range(draws)]
    for _ in range(copies):
        for shares, dimension in zip(SHARES, DIMENSIONS, strict=True):
            said = chance.choices(range(len(shares)), weights=shares, k=draws)
            counts = [said.count(option) for option in range(len(shares))]
            fewer = [
                kl([c - (o == gone) for o, c in enumerate(counts)], shares, 1500) if counts[gone] else 0.0
                for gone in range(len(shares))
            ]
            for draw, answer in enumerate(said):
                without[draw].append((dimension, fewer[answer]))
            less = fmean(fewer[answer] for answer in said)
            corrected.append((dimension, draws * kl(counts, shares, 1500) - (draws - 1) * less))
    left = [headline(each) for each in without]
    variance = (draws - 1) / draws * sum((each - fmean(left)) ** 2 for each in left)
    return headline(corrected), variance, corrected


def between(items: Sequence[tuple[str, float]]) -> float:
    """The variance of the headline by the spread of items within their dimensions."""
    dimensions = sorted({dimension for dimension, _ in items})
    within = [[value for own, value in items if own == dimension] for dimension in dimensions]
    return sum(stdev(values) ** 2 / len(values) for values in within) / len(within) ** 2


def design(
    metric: str = "kl",
    draws: int = 50,
    threshold: float = 0.02,
    *,
    items: tuple[Item, ...] = ITEMS,
    copies: int = 1,
    parts: int = 1,
    level: float = 0.95,
    like_these: bool = False,
) -> Design:
    estimand: Literal["items like these", "these items"] = "items like these" if like_these else "these items"
    side: Literal["below", "above"] = "above" if metric == "jsd" else "below"
    tail = (1 - level) / 2
    return Design(metric, items * copies, PEOPLE * copies, draws, parts, side, threshold, tail, estimand, 7)


def chance_of(design: Design) -> float:
    found = best_case(design)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("draws", "threshold"), [(20, 0.05), (20, 0.1), (60, 0.015), (60, 0.025)])
def test_the_chance_of_these_items_is_that_of_the_definition(draws: int, threshold: float) -> None:
    chance = random.Random(20261121)
    slow = [one_model(draws, 1, chance) for _ in range(1000)]
    reach = float(stats.t.ppf(0.975, draws - 1))
    held = fmean(point + reach * math.sqrt(variance) <= threshold for point, variance, _ in slow)
    found = best_case(design("kl", draws, threshold))
    assert found is not None and 0.02 < held < 0.999
    points = [point for point, _, _ in slow]
    assert found[0] == pytest.approx(fmean(points), abs=4 * stdev(points) / math.sqrt(200))
    assert found[1] == pytest.approx(held, abs=0.09)


@pytest.mark.parametrize(("draws", "threshold"), [(20, 0.03), (20, 0.05), (60, 0.008), (60, 0.015)])
def test_the_chance_of_items_like_these_counts_their_spread_too(draws: int, threshold: float) -> None:
    chance = random.Random(20261121)
    slow = [one_model(draws, 4, chance) for _ in range(500)]
    reach = float(stats.t.ppf(0.975, min(draws - 1, 16 - 2)))
    held = fmean(p + reach * math.sqrt(variance + between(items)) <= threshold for p, variance, items in slow)
    found = chance_of(design("kl", draws, threshold, copies=4, like_these=True))
    assert found == pytest.approx(held, abs=0.09)
    assert found <= chance_of(design("kl", draws, threshold, copies=4))


def test_more_draws_and_more_parts_show_more_and_a_higher_level_less() -> None:
    rising = [chance_of(design("jsd", draws, 0.9)) for draws in (25, 100, 400)]
    assert rising == sorted(rising) and rising[0] < 0.5 < 0.95 < rising[2]
    assert chance_of(design("kl", 50, 0.02, parts=6)) > chance_of(design("kl", 50, 0.02)) + 0.1
    assert chance_of(design("kl", 50, 0.02, level=0.999)) < chance_of(design("kl", 50, 0.02)) - 0.1


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 19, 50, 199, 200, 201, 1000])
def test_the_quantile_is_that_of_scipy(freedom: int) -> None:
    for tail in (0.1, 0.025, 0.0005):
        assert student(freedom, tail) == pytest.approx(float(stats.t.ppf(1 - tail, freedom)), rel=1e-3)


def test_there_is_no_figure_where_people_have_no_part() -> None:
    assert best_case(design("diversity")) is None
    assert best_case(design("culture_map")) is None
    assert best_case(design("emd", items=tuple(i.model_copy(update={"scale": "nominal"}) for i in ITEMS))) is None

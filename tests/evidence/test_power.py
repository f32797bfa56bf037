"""What a design could show: the quick figure against a slow one made by the definitions, one draw at a time."""

from __future__ import annotations

import math
import random
from statistics import fmean, stdev

import pytest

from auditc.evidence.power import best_case
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


def one_model(draws: int, chance: random.Random) -> float:
    """The headline of one model that answers like people: jackknifed items, then means of dimensions."""
    found: dict[str, list[float]] = {}
    for shares, dimension in zip(SHARES, DIMENSIONS, strict=True):
        said = chance.choices(range(len(shares)), weights=shares, k=draws)
        counts = [said.count(option) for option in range(len(shares))]
        without = []
        for answer in said:
            fewer = list(counts)
            fewer[answer] -= 1
            without.append(kl(fewer, shares, 1500))
        found.setdefault(dimension, []).append(draws * kl(counts, shares, 1500) - (draws - 1) * fmean(without))
    return fmean(fmean(values) for values in found.values())


@pytest.mark.parametrize("draws", [20, 60])
def test_the_spread_of_a_model_like_people_is_that_of_the_definition(draws: int) -> None:
    chance = random.Random(20261121)
    slow = [one_model(draws, chance) for _ in range(1500)]
    found = best_case("kl", ITEMS, PEOPLE, draws, 0.95, 7)
    assert found is not None
    middle, low, high = found
    assert middle == pytest.approx(fmean(slow), abs=4 * stdev(slow) / math.sqrt(200))
    assert (high - low) / 2 == pytest.approx(1.96 * stdev(slow), rel=0.2)


def test_more_draws_show_more_and_a_higher_level_less() -> None:
    def width(draws: int, level: float = 0.95) -> float:
        found = best_case("jsd", ITEMS, PEOPLE, draws, level, 7)
        assert found is not None
        return found[2] - found[1]

    assert width(400) < width(100) < width(25)
    assert width(100, 0.95) < width(100, 0.99)


def test_there_is_no_figure_where_people_have_no_part() -> None:
    assert best_case("diversity", ITEMS, PEOPLE, 50, 0.95, 7) is None
    assert best_case("culture_map", ITEMS, PEOPLE, 50, 0.95, 7) is None
    nominal = tuple(item.model_copy(update={"scale": "nominal"}) for item in ITEMS)
    assert best_case("emd", nominal, PEOPLE, 50, 0.95, 7) is None

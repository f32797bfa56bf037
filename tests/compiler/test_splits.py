"""Splits of a survey: sizes near the shares, groups split alike, and hardly anything moves when an item is added."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditc.compiler.declarations import Split
from auditc.compiler.splits import PARTS, parts
from auditc.ir.plan import Item, Score
from tests.compiler.said import errors, planned


def items(count: int, groups: int) -> tuple[Item, ...]:
    return tuple(
        Item(id=f"Q{n}", scale="nominal", dimension=f"d{n % groups}", text={"en": "?"}, options={"en": ("a", "b")})
        for n in range(count)
    )


def part_of(asked: tuple[Item, ...], split: Split, seed: int) -> dict[str, str]:
    return {item.id: name for name, chosen in parts(asked, split, seed).items() for item in chosen}


shares = st.tuples(*(st.integers(0, 20) for _ in PARTS)).filter(any)
splits = st.builds(
    lambda sizes, by: Split(**{name: size / sum(sizes) for name, size in zip(PARTS, sizes, strict=True)}, by=by),
    shares,
    st.sampled_from([None, "dimension"]),
)
seeds = st.integers(0, 2**32)


@given(splits, st.integers(1, 80), st.integers(1, 7), seeds)
def test_every_item_is_in_one_part_and_sizes_are_within_one_of_the_shares(
    split: Split, count: int, groups: int, seed: int
) -> None:
    asked = items(count, groups)
    found = parts(asked, split, seed)
    assert sorted(item.id for chosen in found.values() for item in chosen) == sorted(item.id for item in asked)
    assert found.keys() == {name for name in PARTS if getattr(split, name) > 0}
    for name, chosen in found.items():
        assert abs(len(chosen) - getattr(split, name) * count) < 1
        assert chosen == tuple(item for item in asked if item in chosen), "in the survey's own order"


@given(splits, st.integers(1, 80), st.integers(1, 7), seeds)
def test_every_group_is_split_alike(split: Split, count: int, groups: int, seed: int) -> None:
    by_dimension = split.model_copy(update={"by": "dimension"})
    asked = items(count, groups)
    there = Counter(item.dimension for item in asked)
    for name, chosen in parts(asked, by_dimension, seed).items():
        taken = Counter(item.dimension for item in chosen)
        assert all(abs(taken[group] - getattr(split, name) * there[group]) < 2 for group in there)


@given(splits, st.integers(1, 60), seeds, st.randoms())
def test_the_order_of_the_file_does_not_matter(split: Split, count: int, seed: int, chance: object) -> None:
    asked = list(items(count, 3))
    before = part_of(tuple(asked), split, seed)
    chance.shuffle(asked)  # type: ignore[attr-defined]
    assert part_of(tuple(asked), split, seed) == before


@given(splits, st.integers(1, 60), st.integers(1, 5), seeds)
def test_an_item_more_moves_few(split: Split, count: int, groups: int, seed: int) -> None:
    """One at each of the two cuts of its group, and two where the turns of a later group begin one later."""
    before, after = part_of(items(count, groups), split, seed), part_of((*items(count, groups), MORE), split, seed)
    moved = [name for name, part in before.items() if after[name] != part]
    assert len(moved) <= (2 * groups if split.by else 2)


MORE = Item(id="more", scale="nominal", dimension="d0", text={"en": "?"}, options={"en": ("a", "b")})


def test_the_seed_matters() -> None:
    split = Split(train=0.5, test=0.5)
    assert len({tuple(sorted(part_of(items(20, 2), split, seed).items())) for seed in range(9)}) > 5


SURVEY = """survey values {{
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country, sex, age])
  split {{ {split} }}
}}

first_token opinions {{
  ask = {ask}
  of  = [sim]
  as  = [us, cn]
  jsd {{ }}
}}
"""


def asked(split: str, ask: str, folder: Path) -> tuple[str, ...]:
    stage = planned(SURVEY.format(split=split, ask=ask), folder).stage("opinions/sim")
    assert isinstance(stage, Score)
    return stage.items


def test_parts_are_asked_apart_and_can_be_narrowed(tmp_path: Path) -> None:
    split = "train = 50%  valid = 20%  test = 30%"
    train, valid, test = (asked(split, f"values.{part}", tmp_path) for part in PARTS)
    assert sorted((*train, *valid, *test)) == ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6"]
    nominal = {"Q3", "Q4"}
    rest = tuple(item for item in train if item not in nominal)
    assert asked(split, "values.train.where(scale != nominal)", tmp_path) == rest


@pytest.mark.parametrize(
    ("split", "ask", "expected"),
    [
        ("train = 50%  test = 40%", "values", [("AC313", 4)]),
        ("train = 50%  test = 60%", "values", [("AC313", 4)]),
        ("train = 150%  test = -50%", "values", [("AC304", 4), ("AC304", 4)]),
        ("train = 50%  test = 50%  by = country", "values", [("AC213", 4)]),
        ("train = 50%  test = 50%", "values.valid", [("AC385", 8)]),
        ("train = 50%  test = 50%", "values.sample(3).test", [("AC385", 8)]),
        ("train = 50%  test = 50%", "values.tests", [("AC385", 8)]),
    ],
)
def test_what_is_refused(split: str, ask: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    assert errors(SURVEY.format(split=split, ask=ask), tmp_path) == expected

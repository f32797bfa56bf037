"""Samples of items: even over groups, drawn by hash, hardly disturbed by an item more."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from auditc.compiler.itemsets import _drawn
from auditc.ir.plan import Item


def items(count: int, groups: int) -> tuple[Item, ...]:
    return tuple(
        Item(id=f"Q{n}", scale="nominal", dimension=f"d{n % groups}", text={"en": "?"}, options={"en": ("a", "b")})
        for n in range(count)
    )


@given(count=st.integers(1, 60), groups=st.integers(1, 9), seed=st.integers(0, 2**32), data=st.data())
def test_a_sample_has_its_size_and_is_even(count: int, groups: int, seed: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, count))
    asked = items(count, groups)
    drawn = _drawn(asked, size, "dimension", seed)
    assert len(set(drawn)) == size
    taken = Counter(item.dimension for item in asked if item.id in set(drawn))
    there = Counter(item.dimension for item in asked)
    most = max(taken.values())
    assert all(taken[group] >= min(there[group], most - 1) for group in there)


@given(count=st.integers(2, 60), seed=st.integers(0, 2**32), data=st.data())
def test_a_larger_sample_holds_the_smaller_one(count: int, seed: int, data: st.DataObject) -> None:
    small = data.draw(st.integers(1, count - 1))
    assert set(_drawn(items(count, 3), small, "", seed)) < set(_drawn(items(count, 3), small + 1, "", seed))


@given(count=st.integers(2, 60), seed=st.integers(0, 2**32), data=st.data())
def test_an_item_more_changes_one_at_most(count: int, seed: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, count))
    before, after = set(_drawn(items(count, 1), size, "", seed)), set(_drawn(items(count + 1, 1), size, "", seed))
    assert len(before - after) <= 1


def test_the_seed_matters() -> None:
    assert len({tuple(_drawn(items(30, 3), 4, "dimension", seed)) for seed in range(9)}) > 5

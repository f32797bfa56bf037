"""The parts of a survey that training and testing use: which item is in which part."""

from __future__ import annotations

from typing import Final

from auditc.ir.canonical import seeded
from auditc.ir.plan import Item

from .declarations import Split

PARTS: Final = ("train", "valid", "test")


def parts(items: tuple[Item, ...], split: Split, seed: int) -> dict[str, tuple[Item, ...]]:
    """The items of each part that has a share, in the survey's own order.

    Items are ordered by hash, group by group, and each goes to the part that is furthest behind its share: so every
    group is split nearly alike, the sizes are within one item of the shares, and the order of the file does not matter.
    """
    shares = {name: getattr(split, name) for name in PARTS if getattr(split, name) > 0}
    order = sorted(items, key=lambda item: _rank(item, split.by, seed))
    filled = dict.fromkeys(shares, 0)
    chosen: dict[str, str] = {}
    for count, item in enumerate(order, start=1):
        behind = max(shares, key=lambda name: shares[name] * count - filled[name])
        filled[behind] += 1
        chosen[item.id] = behind
    return {name: tuple(item for item in items if chosen[item.id] == name) for name in shares}


def _rank(item: Item, by: str | None, seed: int) -> tuple[int, str, int, str]:
    group = getattr(item, by) if by else ""
    return seeded(seed, "split", "group", group), group, seeded(seed, "split", item.id), item.id

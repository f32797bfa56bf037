"""The parts of a survey that training and testing use: which item is in which part."""

from __future__ import annotations

from typing import Final

from auditc.ir.canonical import seeded
from auditc.ir.plan import Item

from .declarations import Split

PARTS: Final = ("train", "valid", "test")


def parts(items: tuple[Item, ...], split: Split, seed: int) -> dict[str, tuple[Item, ...]]:
    """The items of each part that has a share, in the survey's own order.

    How many items of each group go to each part is settled by turns, the part that is furthest behind its share first:
    so every group is split nearly alike, and the sizes are within one item of the shares. Which items they are is the
    order by hash, cut into stretches: so the order of the file does not matter, and an item more or less moves one item
    at each cut, and not every item behind it.
    """
    shares = {name: getattr(split, name) for name in PARTS if getattr(split, name) > 0}
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(getattr(item, split.by) if split.by else "", []).append(item)
    filled = dict.fromkeys(shares, 0)
    chosen: dict[str, str] = {}
    for group in sorted(groups, key=lambda group: (seeded(seed, "split", "group", group), group)):
        ranked = sorted(groups[group], key=lambda item: (seeded(seed, "split", item.id), item.id))
        turns = sorted((_turn(shares, filled) for _ in ranked), key=PARTS.index)
        chosen |= {item.id: name for item, name in zip(ranked, turns, strict=True)}
    return {name: tuple(item for item in items if chosen[item.id] == name) for name in shares}


def _turn(shares: dict[str, float], filled: dict[str, int]) -> str:
    """The part that takes the next item; it is counted among those that have."""
    count = sum(filled.values()) + 1
    behind = max(shares, key=lambda name: shares[name] * count - filled[name])
    filled[behind] += 1
    return behind

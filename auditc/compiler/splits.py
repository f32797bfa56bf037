"""The parts of a survey that training and testing use: which item is in which part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from auditc.diagnostics import Sink
from auditc.ir.canonical import seeded
from auditc.ir.plan import Item
from auditc.spec.syntax import Attribute, Block, Expression, Word

from .declarations import Split
from .mistakes import POISON, Poison, close, listing, report
from .tables import MANY, Grid

PARTS: Final = ("train", "valid", "test")


def parts(
    items: tuple[Item, ...], split: Split, seed: int, assigned: Mapping[str, str] | None = None
) -> dict[str, tuple[Item, ...]]:
    """The items of each part that has a share, in the survey's own order. A split by a column takes them from
    `assigned`, part by item id; otherwise they are drawn.

    How many items of each group go to each part is settled by turns, the part that is furthest behind its share first:
    so every group is split nearly alike, and the sizes are within one item of the shares. Which items they are is the
    order by hash, cut into stretches: so the order of the file does not matter, and an item more or less moves one item
    at each cut, and not every item behind it.
    """
    if split.column is not None:
        found = {name: tuple(item for item in items if (assigned or {}).get(item.id) == name) for name in PARTS}
        return {name: there for name, there in found.items() if there}
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


def assigned(
    grid: Grid, split: Split | None, written: Block | Expression | None, sink: Sink
) -> dict[str, str] | Poison:
    """The part of each item by its id, where the split names a column of the items' table for it; an item whose cell is
    empty is in no part. `written` is the split as it stands in the spec."""
    if split is None or split.column is None:
        return {}
    if not grid.has(split.column):
        label = f"`{grid.source.name}` has no column `{split.column}`"
        remedy = close(split.column, grid.columns) or "Add it, with `train`, `valid` or `test` for each item."
        named = column_of(written)
        return report(sink, "AC022", named.span if named else grid.head, label, remedy=remedy)
    bad = [row for row in range(len(grid.rows)) if grid.cell(row, split.column) not in ("", *PARTS)]
    for row in bad[:MANY]:
        word = grid.cell(row, split.column)
        remedy = close(word, PARTS) or f"The parts are {listing(PARTS)}; leave the cell empty for none of them."
        report(sink, "AC495", grid.place(row, split.column), f"`{word}` is no part of a split", remedy=remedy)
    return POISON if bad else {grid.cell(row, "id"): grid.cell(row, split.column) for row in range(len(grid.rows))}


def column_of(written: Block | Expression | None) -> Word | None:
    """The column that a split names, as it stands in the spec, whatever else is wrong with it."""
    body = written.body if isinstance(written, Block) else ()
    values = (part.value for part in body if isinstance(part, Attribute) and part.name.text == "column")
    return next((value for value in values if isinstance(value, Word)), None)


def _turn(shares: dict[str, float], filled: dict[str, int]) -> str:
    """The part that takes the next item; it is counted among those that have."""
    count = sum(filled.values()) + 1
    behind = max(shares, key=lambda name: shares[name] * count - filled[name])
    filled[behind] += 1
    return behind

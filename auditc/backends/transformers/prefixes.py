"""Which prompts begin alike, so that their common beginning is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHORTEST = 16
"""A common beginning of fewer tokens costs more to keep than to compute again."""

CACHED = 16
"""A micro-batch may keep this many times its token budget: keys and values take less than what is being computed."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share their first `shared` tokens; 0 when they share nothing worth keeping."""

    rows: tuple[int, ...]
    shared: int


def groups(prompts: Mapping[int, tuple[int, ...]]) -> list[Group]:
    """A partition of the prompts, by their tokens alone. A shared beginning leaves each prompt its last token."""
    order = sorted(prompts, key=lambda row: (prompts[row], row))
    found: list[Group] = []
    open_rows: list[int] = []
    shared = 0
    for row in order:
        if open_rows:
            common = min(shared, _common(prompts[open_rows[-1]], prompts[row]))
            # Joining may shorten what the others share: it must save more tokens than it loses.
            if common >= SHORTEST and common * len(open_rows) > shared * (len(open_rows) - 1):
                open_rows.append(row)
                shared = common
                continue
            found.append(_closed(open_rows, shared))
        open_rows, shared = [row], len(prompts[row]) - 1
    if open_rows:
        found.append(_closed(open_rows, shared))
    return found


def micro_batches(found: Sequence[Group], prompts: Mapping[int, tuple[int, ...]], budget: int) -> list[list[Group]]:
    """Groups that are computed together: neither their beginnings nor their ends are more tokens than `budget`.

    Those of near equal length stand together, the longest first; a group that is too large is computed in parts.
    """
    parts: list[Group] = []
    for group in found:
        end = max(len(prompts[row]) for row in group.rows) - group.shared
        size = max(1, min(budget // end, budget * CACHED // (end + group.shared)))
        parts += [Group(group.rows[at : at + size], group.shared) for at in range(0, len(group.rows), size)]
    ends = {part: max(len(prompts[row]) for row in part.rows) - part.shared for part in parts}
    parts.sort(key=lambda part: (part.shared == 0, -ends[part], -part.shared, part.rows))
    batches: list[list[Group]] = []
    for part in parts:
        if batches and _fits([*batches[-1], part], ends, budget):
            batches[-1].append(part)
        else:
            batches.append([part])
    return batches


def _fits(batch: list[Group], ends: dict[Group, int], budget: int) -> bool:
    if (batch[0].shared == 0) != (batch[-1].shared == 0):
        return False
    rows = sum(len(part.rows) for part in batch)
    end, shared = max(ends[part] for part in batch), max(part.shared for part in batch)
    return max(rows * end, len(batch) * shared) <= budget and rows * (end + shared) <= budget * CACHED


def _closed(rows: list[int], shared: int) -> Group:
    return Group(tuple(rows), shared if len(rows) > 1 else 0)


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many first tokens are equal, but for the last of either."""
    most = min(len(one), len(other)) - 1
    return next((at for at in range(most) if one[at] != other[at]), most)

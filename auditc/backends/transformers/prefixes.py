"""Which prompts begin alike, so that their common beginning is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SHORTEST = 16
"""A common beginning of fewer tokens costs more to keep than to compute again."""

SHORTEST_LAID = 4
"""The same where prompts are laid end to end, and a beginning is kept for nothing."""

LARGEST = 128
"""A group of more rows saves next to nothing more for each."""

CACHED = 16
"""A micro-batch may keep this many times its token budget: keys and values take less than what is being computed."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share their first `shared` tokens; 0 when they share nothing worth keeping."""

    rows: tuple[int, ...]
    shared: int


def groups(prompts: Mapping[int, tuple[int, ...]], shortest: int = SHORTEST) -> list[Group]:
    """The partition of the prompts that saves the most tokens. Each prompt keeps at least its last token for itself.

    In the order of their tokens, prompts that begin alike stand together, and what a stretch of them shares is the
    least that two neighbours share. So the best partition is one into stretches, found from left to right.
    """
    order = sorted(prompts, key=lambda row: (prompts[row], row))
    common = [0, *(_shared(prompts[one], prompts[other]) for one, other in pairwise(order))]
    saved, begin, shares = [0], [0], [0]  # of the best partition of the first n: its saving, and its last stretch
    for end in range(1, len(order) + 1):
        best, shared, start = (saved[end - 1], end - 1, 0), len(prompts[order[end - 1]]), end - 1
        while start > 0 and end - start < LARGEST and (shared := min(shared, common[start])) >= shortest:
            start -= 1
            best = max(best, (saved[start] + shared * (end - start - 1), start, shared))
        saved.append(best[0])
        begin.append(best[1])
        shares.append(best[2])
    found: list[Group] = []
    end = len(order)
    while end > 0:
        found.append(Group(tuple(order[begin[end] : end]), shares[end]))
        end = begin[end]
    return found[::-1]


def laid_batches(prompts: Mapping[int, tuple[int, ...]], budget: int) -> list[list[Group]]:
    """Prompts that are laid end to end and computed together: no more tokens than `budget`, a beginning counted once;
    one prompt always fits. The group of the longest prompt comes first."""
    found = groups(prompts, SHORTEST_LAID)
    found.sort(key=lambda group: (-max(len(prompts[row]) for row in group.rows), group.rows))
    batches: list[list[Group]] = []
    room = 0
    for group in found:
        begun = False
        for row in group.rows:
            own = len(prompts[row]) - group.shared
            if not batches or own + (0 if begun else group.shared) > room:
                batches.append([])
                room, begun = budget, False
            if begun:
                batches[-1][-1] = Group((*batches[-1][-1].rows, row), group.shared)
            else:
                batches[-1].append(Group((row,), group.shared))
                room -= group.shared
            room, begun = room - own, True
    return batches


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


def _shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many first tokens are equal, but for the last of either."""
    return _equal(one, other, min(len(one), len(other)) - 1)


def begun(prompt: tuple[int, ...], before: tuple[int, ...]) -> int:
    """How many first tokens of a prompt, but for its last, are those of one that was computed before."""
    return _equal(prompt, before, min(len(prompt) - 1, len(before)))


def _equal(one: tuple[int, ...], other: tuple[int, ...], most: int) -> int:
    if one[:most] == other[:most]:
        return max(most, 0)
    low, high = 0, most  # the first `low` are equal, the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low

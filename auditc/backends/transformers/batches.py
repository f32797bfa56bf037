"""Which requests are computed together: a function of what was asked alone, so that repeating it rounds the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from auditc.backends.transformers.faults import failure, out_of_memory
from auditc.ir.exchange import Failure

R = TypeVar("R")


def by_length(indices: Sequence[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Micro-batches of near equal length, longest first; rows × longest is within `budget`, one row always fits.
    Those of equal length stay in the order of `indices`.

    Longest first: if memory is short, that shows at once and not after an hour.
    """
    batches: list[list[int]] = []
    for index in sorted(indices, key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def answered(batch: list[int], compute: Callable[[list[int]], Sequence[R]], torch: Any) -> dict[int, R | Failure]:
    """Reply by index. A batch that does not fit into memory is halved; any other fault fails these requests only."""
    waiting, replies = [batch], dict[int, R | Failure]()
    while waiting:
        rows = waiting.pop()
        try:
            replies.update(zip(rows, compute(rows), strict=True))
            continue
        except Exception as fault:  # a fault of one micro-batch is a counted failure, never the end of the run
            halved = out_of_memory(fault, torch) and len(rows) > 1
            failed = None if halved else failure(fault, torch)
        # Only here, when the traceback no longer holds the tensors, is their memory free.
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        if failed is not None:
            replies.update({row: failed for row in rows})
        else:
            middle = len(rows) // 2
            waiting += [rows[middle:], rows[:middle]]
    return replies

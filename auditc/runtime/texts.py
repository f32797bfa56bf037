"""Which written answers are the same text, as numbers: a metric of whole texts needs no more, and no text is kept."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from auditc.ir.exchange import GenerateReply, Reply
from auditc.ir.plan import Measure, Plan
from auditc.metrics import metrics


def compares_texts(plan: Plan, stage: str) -> bool:
    """Whether a metric reads the whole texts of a stage."""
    return any(
        isinstance(each, Measure) and stage in each.needs and metrics.take(each.metric).reads == "texts"
        for each in plan.stages
    )


def text_numbers(rows: list[list[bytes]], reply: Callable[[bytes], Reply | None]) -> NDArray[np.int64]:
    """`[D, I]` from the keys of the answers: equal where two are the same text, -1 where there is none.

    The items of a list are answered by one text, and so share a key: it is numbered at the first of them, and the
    others have none, for one text is not as many as it has items.
    """
    found = np.full((len(rows), len(rows[0]) if rows else 0), -1, dtype=np.int64)
    for row, keys in enumerate(rows):
        first = {key: column for column, key in reversed(list(enumerate(keys))) if key}
        for key, column in first.items():
            answer = reply(key)
            if isinstance(answer, GenerateReply):
                found[row, column] = _number(answer.text)
    return found


def _number(text: str) -> int:
    """63 bits of a text's digest: two texts with one number are less likely than a fault of the memory."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1

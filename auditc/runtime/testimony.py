"""Who answered for a hosted model, as its server said it, and when: read off the stored answers of a run.

Weights here have a digest, and answer today as they did. What stands behind a provider's name changes without a word,
so a finding on it says what its answers came with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from auditc.ir.exchange import Failure
from auditc.ir.finding import ModelRow

from .store import Store


def testified(row: ModelRow, keys: Iterable[bytes], store: Store) -> ModelRow:
    """The row with what the stored answers under these keys came with."""
    reported: Counter[str] = Counter()
    times = set()
    for key in set(keys):
        reply = store.get(key)
        if reply is None or isinstance(reply, Failure):
            continue
        reported[reply.reported] += 1
        times.add(store.taken(key))
    told = [time for time in times if time is not None]
    answered = (moment(min(told)), moment(max(told))) if told else ()
    # An empty name is that of answers whose server said nothing.
    return row.model_copy(update={"reported": dict(sorted(reported.items())), "answered": answered})


def moment(at: int | None) -> str:
    """Seconds since 1970 as ISO 8601 in UTC; empty for None, and for what no calendar holds: clocks go wrong."""
    try:
        return "" if at is None else (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).isoformat()
    except OverflowError:
        return ""

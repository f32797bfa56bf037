"""The backend `simulated`, which looks at the words of no prompt."""

from __future__ import annotations

from ..case import Case

CASES = {
    "simulated": Case(
        "simulated",
        {"like": "values"},
        lacks={
            "tokens": "its texts are as long as they are",
            "stops": "its texts are as long as they are",
            "spellings": "it has no tokens",
            "faults": "no prompt is too long for it",
        },
    )
}

"""What to call the faults of a library."""

from __future__ import annotations

from auditc.diagnostics.scrub import scrubbed


def plain(fault: BaseException) -> str:
    """One short line without paths: it is stored with the answers and may be printed in a report."""
    first = (str(fault).strip().splitlines() or [""])[0]
    return f"{type(fault).__name__}: {scrubbed(first)}".strip(": ")[:200]

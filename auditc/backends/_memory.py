"""When an estimate of memory forbids to open a model: one rule for the run that binds it and the worker that loads."""

from __future__ import annotations

import os
from typing import Final

CLEARLY: Final = 0.8
"""A model is refused where this share of the estimate is more than is free: an estimate may be a fifth too high."""

OVERRIDE: Final = "AUDITC_MEMORY"
"""Set to `unchecked`, nothing is refused: whoever sets it knows better, or has swap to spare."""


def fits(needed: int, free: int) -> bool:
    """Whether a model that needs about so many bytes may be tried with so many free."""
    return needed * CLEARLY <= free


def unchecked() -> bool:
    """Whether whoever runs this wants it tried all the same."""
    return os.environ.get(OVERRIDE) == "unchecked"

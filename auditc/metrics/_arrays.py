"""numpy for the files of this shelf, and what several of them do with it; loaded at the first value that is worked out.

Checking a spec asks a metric what it is and never for a number; with numpy that would take half as long again.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        """Stands for numpy; keeps what it was asked for, so that a second question costs nothing."""

        def __getattr__(self, name: str) -> Any:
            found = getattr(importlib.import_module("numpy"), name)
            setattr(self, name, found)
            return found

    np = _Numpy()

__all__ = ["np", "per"]


def per(amount: Any, count: Any) -> Any:
    """`amount / count`, arrays of one shape; NaN where nothing was counted."""
    return np.where(count > 0, amount / np.where(count > 0, count, 1.0), np.nan)

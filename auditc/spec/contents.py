"""The bytes of a file that a stranger may have named: an ordinary file, and no more of it than is allowed."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class NotOrdinary(OSError):
    """What is named is a pipe, a socket or a device: reading it might wait, or go on, for ever."""


def contents(path: Path, most: int) -> bytes | None:
    """The bytes of a file; None if there are more than `most`. Raises OSError, NotOrdinary among them.

    Raises ValueError for a name that no text can hold: it would stand in a plan and in messages.
    """
    path.name.encode()
    with os.fdopen(_opened(path), "rb") as file:
        kind = os.fstat(file.fileno())
        if not stat.S_ISREG(kind.st_mode):
            raise IsADirectoryError if stat.S_ISDIR(kind.st_mode) else NotOrdinary
        if kind.st_size > most:
            return None
        # Some files are longer than they say, and any may grow while it is read.
        found = file.read(most + 1)
    return found if len(found) <= most else None


def _opened(path: Path) -> int:
    """A descriptor; without waiting for somebody to write into a pipe."""
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))

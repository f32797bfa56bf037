"""A place in the cache: taken by one process at a time, filled aside, and published by one rename."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from auditc.weights._contract import WeightsUnavailable


@contextlib.contextmanager
def taken(place: Path) -> Iterator[None]:
    """Only one process is inside for one place; the others wait. The lock dies with its process."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place.parent / f".{place.name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        raise unwritable(fault) from fault
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def aside(place: Path) -> Iterator[Path]:
    """An empty folder on the disk of `place`, gone at the end whatever happens; what the disk refuses is told."""
    try:
        # A killed process leaves its folder behind; whoever holds the lock knows that nobody uses it any more.
        for left in place.parent.glob(f".{place.name}.part-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.part-", dir=place.parent))
    except OSError as fault:
        raise unwritable(fault) from fault
    try:
        yield folder
    except OSError as fault:
        raise unwritable(fault) from fault
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(filled: Path, place: Path) -> None:
    """Make `filled` be `place`, durably and at once: a reader sees all of it or none."""
    for file in sorted(filled.rglob("*")):
        _sync(file)
    _sync(filled)
    if place.exists():  # what is there failed its check: put it out of the way, in one step
        rejected = Path(tempfile.mkdtemp(prefix=f".{place.name}.part-", dir=place.parent))
        os.rename(place, rejected / "rejected")
        os.rename(filled, place)
        shutil.rmtree(rejected, ignore_errors=True)
    else:
        os.rename(filled, place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(fault: OSError) -> WeightsUnavailable:
    """What the disk said, as a message with a remedy."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return WeightsUnavailable(
            "the disk of the model cache is full: free some space, or set AUDITC_HOME to another disk"
        )
    reason = os.strerror(fault.errno) if fault.errno else type(fault).__name__
    return WeightsUnavailable(
        f"the model cache cannot be used ({reason}): set AUDITC_HOME to a folder that can be written"
    )

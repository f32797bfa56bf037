"""The writing side of the store: one thread that puts batches on disk while the next ones are asked."""

from __future__ import annotations

import errno
import itertools
import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from . import journal
from .faults import StoreFailed
from .segment import Segment, Taken, content_digest, from_bytes, segment, table, to_bytes

WAITING = 32
"""Batches that may wait for the disk; when there are more, asking waits too."""

SMALL = 4 * 2**20
"""Files below this many bytes are put together when a run ends."""

ROWS = 20_000
"""Files of as many answers are not small, and no more than about twice as many are put together: all their prompts are
held at once."""

MANY = 16
"""Fewer small files than this are left alone."""


@dataclass(slots=True, eq=False)
class Committer:
    """Commits batches in the order they are put. Used by one thread; owns another."""

    folder: Path
    known: journal.Journal
    _entries: list[journal.Entry] = field(init=False)
    _checksum: str = field(init=False)
    _end: int = field(init=False)
    _next: int = field(init=False)
    _queue: queue.Queue[Taken | None] = field(init=False)
    _thread: threading.Thread = field(init=False)
    _failed: Exception | None = field(default=None, init=False)
    written: queue.SimpleQueue[tuple[Segment, list[Taken]]] = field(default_factory=queue.SimpleQueue, init=False)
    """What is safe on disk, as arrays, and what it was made of; whoever takes it out may forget the latter."""

    def __post_init__(self) -> None:
        self._entries = list(self.known.entries)
        self._checksum, self._end = self.known.checksum, self.known.end
        self._next = 1 + max((int(path.name[:8]) for path in self._batches.glob("*.parquet")), default=0)
        manifest = self.folder / "manifest"
        if manifest.exists() and manifest.stat().st_size > self._end:
            os.truncate(manifest, self._end)
        self._queue = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="auditc-store", daemon=True)
        self._thread.start()

    @property
    def _batches(self) -> Path:
        return self.folder / "batches"

    def adopt(self, entries: Sequence[journal.Entry]) -> None:
        """Add lines for whole files that have none. Raises OSError."""
        if entries:
            self._add_lines(entries)

    def put(self, batch: Taken) -> None:
        """Hand over a batch; waits while the disk is behind. Raises StoreFailed once a batch could not be written."""
        self._check()
        self._queue.put(batch)

    def flush(self) -> None:
        """Wait for everything put so far. Raises StoreFailed."""
        self._queue.join()
        self._check()

    def close(self) -> None:
        """Write what was put, if that is possible, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def compact(self) -> None:
        """Replace small files that follow each other by one: the new files, then a new manifest, then away with the
        old ones.

        What is put together keeps its place, and the number of its last file: of two answers to one cell the first
        counts. A kill before the new manifest leaves files that bring nothing new, one after it leaves the old ones;
        both are removed by the next writer.
        """
        self.flush()
        try:
            kept: list[journal.Entry] = []
            gone: list[journal.Entry] = []
            for small, entries in itertools.groupby(list(self._entries), self._small):
                together = list(entries)
                if small and len(together) >= MANY:
                    for part in _parts(together):
                        kept.append(self._put_together(part))
                        gone.extend(part)
                else:
                    kept.extend(together)
            if not gone:
                return
            data, self._checksum = journal.lines(kept, "")
            journal.write_aside(self.folder / "manifest", data)
            self._entries, self._end = kept, len(data)
            for entry in gone:
                (self._batches / entry.name).unlink()
        except OSError as error:
            raise _failure(error) from error

    def _small(self, entry: journal.Entry) -> bool:
        return entry.rows < ROWS and (self._batches / entry.name).stat().st_size < SMALL

    def _put_together(self, entries: Sequence[journal.Entry]) -> journal.Entry:
        """One file with the rows of several, in their order."""
        tables = [from_bytes((self._batches / entry.name).read_bytes(), everything=True) for entry in entries]
        return self._write(pa.concat_tables(tables), entries[-1].number)

    def _check(self) -> None:
        if isinstance(self._failed, OSError):
            raise _failure(self._failed) from self._failed
        if self._failed is not None:
            raise self._failed

    def _work(self) -> None:
        while True:
            taken = [self._queue.get()]
            while True:
                try:
                    taken.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            batches = [batch for batch in taken if batch is not None and batch.given]
            if batches and self._failed is None:
                try:
                    rows = table(batches)
                    entry = self._write(rows, self._next)
                    self._add_lines([entry])
                    self.written.put((segment(entry.name, rows), batches))
                except Exception as error:  # whatever it is, the asking thread must hear of it
                    self._failed = error
            for _ in taken:
                self._queue.task_done()
            if None in taken:
                return

    def _write(self, rows: Any, number: int) -> journal.Entry:
        data = to_bytes(rows)
        digest = content_digest(data)
        name = f"{number:08d}.{digest}.parquet"
        self._next = max(self._next, number + 1)
        journal.write_aside(self._batches / name, data)
        return journal.Entry(name, digest, rows.num_rows)

    def _add_lines(self, entries: Sequence[journal.Entry]) -> None:
        data, checksum = journal.lines(entries, self._checksum)
        manifest = self.folder / "manifest"
        new = not manifest.exists()
        with manifest.open("ab", buffering=0) as file:
            try:
                if file.write(data) < len(data):  # the last room of a disk takes a part of a line, without an error
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                os.truncate(manifest, self._end)  # a part of a line would hide the lines of a later attempt
                raise
        if new:
            journal.sync_folder(self.folder)
        self._entries.extend(entries)
        self._checksum, self._end = checksum, self._end + len(data)


def _parts(entries: Sequence[journal.Entry]) -> list[list[journal.Entry]]:
    """Files in their order, as many together as have about `ROWS` answers."""
    parts: list[list[journal.Entry]] = [[]]
    for entry in entries:
        if sum(one.rows for one in parts[-1]) >= ROWS:
            parts.append([])
        parts[-1].append(entry)
    return parts


def _failure(error: OSError) -> StoreFailed:
    return StoreFailed(
        f"answers could not be stored: {error.strerror or error}",
        "make room or give access to `.auditc/store`, and run again: what was stored is whole, only the rest is asked",
    )

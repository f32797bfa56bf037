"""The store: raw answers by key, append-only, safe against a kill at any byte.

    store/
      version                 the form of everything below
      lock                    held by the one writer (flock: the system lets go of it when the writer dies)
      manifest                which batches there are, one checksummed line each (see `journal`)
      batches/N.SHA256.parquet

Answers come in batches. A batch is written beside its place, forced to disk, renamed into place, and its folder
forced to disk; then its line is added to the manifest and forced to disk. Whatever moment a kill picks, a file under
its own name is whole: its name holds the digest of its bytes. A batch without a line is therefore taken in by
the next writer after a check, and a line without its end is cut off. What is in the manifest and not as written is
damage: it is named, and nothing is read past it in silence. Parquet alone would not do: a file that lost its
last bytes is unreadable as a whole, and one with a flipped bit may well be read.

While one batch is on its way to disk, the next are collected, and what has been collected meanwhile becomes the
next file. With a slow engine each batch is a file; with a fast one the disk sets the pace, and a kill loses what
came in during one write.

Only raw answers are held: texts and log-probabilities, what a server said of who answered, and when the answer was
taken in. What a parser reads in them is worked out anew each time. Failures are kept for the record, and never answer
for a cell again. Of two answers to one cell the one that was taken in first counts, whatever the clock said.

A store of an older form is read as it is; the next writer takes it over by writing its own form into `version`. A
store of a form that this auditc does not know is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from auditc.ir.exchange import Failure, Prompt, Reply

from . import journal
from .commit import Committer
from .faults import StoreBusy, StoreDamaged, StoreFailed, StoreVersionUnknown
from .segment import Given, Segment, Taken, content_digest, from_bytes, prompt_of, segment

FORMAT = "auditc.store.v2"
_OLDER = ("auditc.store.v1",)
_BATCH = re.compile(r"\d{8}\.([0-9a-f]{64})\.parquet")


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that is stored of one asked cell. `at` is when its answer was taken in, in seconds since 1970 in UTC;
    None where its store did not say so yet."""

    key: bytes
    prompt: Prompt
    settings: dict[str, Any]
    reply: Reply
    at: int | None


@dataclass(slots=True, eq=False)
class Store:
    """An open store. Made by `Store.open`; a reader sees what was committed when it opened."""

    folder: Path
    _committer: Committer | None = None
    _segments: list[Segment] = field(default_factory=list)
    _answered: dict[bytes, int] = field(default_factory=dict)
    _failed: dict[bytes, int] = field(default_factory=dict)
    _recent: dict[bytes, tuple[Reply, int]] = field(default_factory=dict)
    """What this writer has taken in and not yet looked up on disk, and when; failures too."""
    _lock: int = -1

    @staticmethod
    def open(folder: Path, write: bool) -> Store:
        """Raises StoreFailed in one of its kinds. A reader of a store that is not there yet sees an empty one."""
        try:
            within(folder.parent, folder, folder / "batches")
            return _opened(folder, write)
        except OSError as error:
            raise StoreFailed(
                f"the store cannot be {'written' if write else 'read'}: {error.strerror or error}",
                "check that the disk has room and that the folder `.auditc/store` may be written to",
            ) from error

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.flush()
        except StoreFailed:
            if error is None:
                raise
        finally:
            self.close()

    def __len__(self) -> int:
        return len(self._answered) + sum(
            key not in self._answered for key, (reply, _) in self._recent.items() if not isinstance(reply, Failure)
        )

    def __contains__(self, key: bytes) -> bool:
        return key in self._answered or self.get(key) is not None

    def get(self, key: bytes) -> Reply | None:
        """The stored answer to a cell; None where there is none, and where only failures are stored."""
        place = self._answered.get(key)
        if place is not None:
            return self._segments[place >> 32].reply(place & 0xFFFFFFFF)
        recent = self._recent.get(key)
        return None if recent is None or isinstance(recent[0], Failure) else recent[0]

    def taken(self, key: bytes) -> int | None:
        """When the stored answer to a cell was taken in, in seconds since 1970 in UTC, as the clock of its machine had
        it: it may lie in the future. None where there is no answer, or none that says so."""
        place = self._answered.get(key)
        if place is not None:
            return self._segments[place >> 32].taken(place & 0xFFFFFFFF)
        recent = self._recent.get(key)
        return None if recent is None or isinstance(recent[0], Failure) else recent[1]

    def failure(self, key: bytes) -> Failure | None:
        """The last failure that is stored of a cell."""
        place = self._failed.get(key)
        found = self._recent.get(key) if place is None else self._segments[place >> 32].reply(place & 0xFFFFFFFF)
        return found if isinstance(found, Failure) else None

    def find(self, prefix: str) -> tuple[bytes, ...]:
        """The keys, answered or failed, whose hexadecimal form begins with `prefix`; sorted."""
        found = {key for key in (*self._answered, *self._failed, *self._recent) if key.hex().startswith(prefix.lower())}
        return tuple(sorted(found))

    def show(self, key: bytes, failed: bool = False) -> Stored | None:
        """All that is stored of one cell, read again from its file; of a cell without an answer, or where `failed` asks
        for it, its last failure."""
        if self._committer is not None:
            self.flush()
            with Store.open(self.folder, write=False) as reader:
                return reader.show(key, failed)
        place = self._failed.get(key) if failed else self._answered.get(key, self._failed.get(key))
        if place is None:
            return None
        found, index = self._segments[place >> 32], place & 0xFFFFFFFF
        rows = from_bytes((self.folder / "batches" / found.name).read_bytes(), everything=True)
        return Stored(
            key=key,
            prompt=prompt_of(rows.column("prompt")[index].as_py()),
            settings=json.loads(rows.column("settings")[index].as_py()),
            reply=found.reply(index),
            at=found.taken(index),
        )

    def append(self, batch: Sequence[Given]) -> None:
        """Take in a batch. It answers at once, and is durable after the next `flush` at the latest. A cell that has an
        answer keeps it: what a report rests on is never another answer later. A failure takes the place of nothing.

        Raises StoreFailed when an earlier batch could not be written: then nothing more is taken in.
        """
        if self._committer is None:
            raise StoreFailed("the store is open for reading only")
        self._settle()
        at = int(time.time())
        self._committer.put(Taken(batch, at))
        for given in batch:
            before = self._recent.get(given.key)
            if before is None or isinstance(before[0], Failure):
                self._recent[given.key] = given.reply, at

    def _settle(self) -> None:
        """Keep what has been written as arrays, and no longer as replies: a run may have a million of them."""
        while self._committer is not None and not self._committer.written.empty():
            batch, taken = self._committer.written.get()
            self._index(batch)
            for given in (given for one in taken for given in one.given):
                recent = self._recent.get(given.key)
                if recent is not None and recent[0] is given.reply:
                    del self._recent[given.key]

    def flush(self) -> None:
        """Wait until everything taken in is on disk. Raises StoreFailed when it cannot be."""
        if self._committer is not None:
            self._committer.flush()
            self._settle()

    def compact(self) -> None:
        """Put many small files together as one, with the same care as any other commit."""
        if self._committer is not None:
            self._committer.compact()

    def close(self) -> None:
        """Let go of the store. What was taken in is written first, if it can be; a second time does nothing."""
        if self._committer is not None:
            self._committer.close()
            self._committer = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _index(self, batch: Segment) -> None:
        place = len(self._segments) << 32
        self._segments.append(batch)
        for index, (key, ok) in enumerate(zip(batch.keys.to_pylist(), batch.ok.tolist(), strict=True)):
            if ok:
                self._answered.setdefault(key, place | index)
            else:
                self._failed[key] = place | index

    def _read(self, write: bool) -> None:
        """Read all batches, and as a writer mend what a kill left behind."""
        manifest, folder = self.folder / "manifest", self.folder / "batches"
        known = journal.read(manifest)
        damaged = [] if known.damaged is None else [f"manifest, line {known.damaged}"]
        lost = 0
        for entry in known.entries:
            data = _bytes(folder / entry.name)
            if data is None or content_digest(data) != entry.digest:
                damaged.append(f"batches/{entry.name}" + (" is missing" if data is None else ""))
                lost += entry.rows
                continue
            self._index(segment(entry.name, from_bytes(data)))
        if damaged:
            raise _damage(tuple(damaged), lost)
        orphans = self._adopt(known.entries, remove=write)
        if write:
            self._committer = Committer(self.folder, known)
            self._committer.adopt(orphans)

    def _adopt(self, entries: Sequence[journal.Entry], remove: bool) -> list[journal.Entry]:
        """Take in the whole batches that no line speaks of: a kill came between the file and its line."""
        orphans = []
        listed, last = {entry.name for entry in entries}, max((entry.number for entry in entries), default=0)
        for path in sorted((self.folder / "batches").glob("*")):
            match = _BATCH.fullmatch(path.name)
            if match is None:
                if remove and path.name.endswith(".tmp"):
                    path.unlink()
                continue
            if path.name in listed:
                continue
            data = _bytes(path)
            if data is None or content_digest(data) != match[1]:
                continue
            batch, entry = segment(path.name, from_bytes(data)), journal.Entry(path.name, match[1], 0)
            if entry.number <= last and all(
                key in self._answered or key in self._failed for key in batch.keys.to_pylist()
            ):
                # What compaction had already put together with others, or was about to.
                if remove:
                    path.unlink()
                continue
            last = max(last, entry.number)
            self._index(batch)
            orphans.append(replace(entry, rows=len(batch)))
        return orphans


def _opened(folder: Path, write: bool, patience: int = 3) -> Store:
    """An open store. A writer may put files together while a reader reads them: the reader begins again then."""
    before = _bytes(folder / "manifest") or b""
    store = Store(folder)
    try:
        if write:
            store._lock = _take_lock(folder)
        found = _check_version(folder)
        store._read(write)
        if write and found in _OLDER:
            journal.write_aside(folder / "version", FORMAT.encode() + b"\n")
    except StoreDamaged:
        store.close()
        # While batches are only added, the manifest goes on as it began.
        if not write and patience and not (_bytes(folder / "manifest") or b"").startswith(before):
            return _opened(folder, write, patience - 1)
        raise
    except BaseException:
        store.close()
        raise
    return store


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this lasts, no run writes into the workspace of a store. Raises StoreBusy, OSError."""
    descriptor = _take_lock(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def within(workspace: Path, *places: Path) -> None:
    """Raises StoreFailed where a workspace, or a place in it, is a link that leads out of the folder it stands in: a
    folder that came from somebody else must not make auditc write elsewhere."""
    home = workspace.parent.resolve()
    for place in (workspace, *places):
        if not place.resolve().is_relative_to(home):
            raise StoreFailed(
                f"`{place.name}` is a link that leads out of the workspace",
                f"put a folder in the place of the link `{place.relative_to(workspace.parent)}`, or run where it leads",
            )


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _damage(parts: tuple[str, ...], lost: int) -> StoreDamaged:
    files = ", ".join(parts)
    remove = " and ".join(f"`{part}`" for part in parts if part.startswith("batches/") and not part.endswith("missing"))
    return StoreDamaged(
        f"the store is damaged: {files} is not what was written"
        if len(parts) == 1
        else f"the store is damaged: {files}",
        f"in `.auditc/store`, delete `manifest`{' and ' + remove if remove else ''}: the manifest is made again from "
        f"the whole batches, and {lost or 'no'} answers are asked again",
        parts,
    )


def _take_lock(folder: Path) -> int:
    """Become the one writer, and make the store's folders if they are not there."""
    batches = folder / "batches"
    if not batches.is_dir():
        batches.mkdir(parents=True)
        journal.sync_folder(folder)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreBusy(
            "another run is writing to this store", "wait until it ends, or end it; what it has stored can be read"
        ) from None
    version = folder / "version"
    if not version.exists() and not any(batches.iterdir()):
        journal.write_aside(version, FORMAT.encode() + b"\n")
    return descriptor


def _check_version(folder: Path) -> str:
    """What a store says of its form; `no version` where there is none. Raises StoreVersionUnknown."""
    written = _bytes(folder / "version")
    found = "no version" if written is None else written.decode(errors="replace").strip()[:40]
    batches = folder / "batches"
    holds = batches.exists() and (written is not None or any(batches.iterdir()))
    if holds and found not in (FORMAT, *_OLDER):
        raise StoreVersionUnknown(
            f"the store says `{found}`, and this auditc reads `{FORMAT}` and older ones",
            "use the auditc that wrote it, or a newer one; or move `.auditc/store` away: then all is asked again",
        )
    return found

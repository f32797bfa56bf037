"""The manifest: which batches are in the store, one line each, in the order they were committed.

A line is `JSON <tab> checksum`, and a checksum covers its line and the checksum before it. So a changed, lost or moved
line breaks the chain where it happened. What a kill leaves behind is a last line without its end (or a tail of
zeros, where the disk had made room before it had the data): that is torn, not damaged, and the next writer cuts it off.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed batch: its file's name, the digest of the file's bytes, and how many answers it holds."""

    name: str
    digest: str
    rows: int

    @property
    def number(self) -> int:
        """Batches are numbered as they are committed."""
        return int(self.name[:8])


@dataclass(frozen=True, slots=True)
class Journal:
    """A manifest as read: its entries, where its sound part ends, and the first damaged line (1-based) if any."""

    entries: tuple[Entry, ...]
    end: int
    checksum: str
    damaged: int | None = None


def read(path: Path) -> Journal:
    """The manifest's sound part; an absent file is an empty manifest."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    entries: list[Entry] = []
    end, checksum = 0, ""
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        entry = _entry(line, checksum)
        if entry is None:
            torn = data[end:].find(b"\n") < 0 or not data[end:].strip(b"\0")
            return Journal(tuple(entries), end, checksum, None if torn else number)
        entries.append(entry)
        end += len(line)
        checksum = _checksum(line.rpartition(b"\t")[0], checksum)
    return Journal(tuple(entries), end, checksum)


def _entry(line: bytes, before: str) -> Entry | None:
    """The entry of a sound line, None for any other."""
    text, tab, check = line.rpartition(b"\t")
    if not tab or check != _checksum(text, before).encode() + b"\n":
        return None
    fields = json.loads(text)
    return Entry(fields["batch"], fields["sha256"], fields["rows"])


def _checksum(text: bytes, before: str) -> str:
    return hashlib.sha256(before.encode() + text).hexdigest()[:32]


def lines(entries: Sequence[Entry], before: str) -> tuple[bytes, str]:
    """The lines of some entries that follow a checksum, and the checksum of the last."""
    written = []
    for entry in entries:
        text = json.dumps({"batch": entry.name, "rows": entry.rows, "sha256": entry.digest}).encode()
        before = _checksum(text, before)
        written.append(text + b"\t" + before.encode() + b"\n")
    return b"".join(written), before


def write_aside(path: Path, data: bytes) -> None:
    """Put a whole file in place at once: after a kill there is the old one or the new one, never a part."""
    # Two processes may write the same file: each has a name of its own beside it.
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A recording in a file, plain or gzip: its head, and all that it holds, found by what is asked.

A file is taken for what was written only if its digest is the one it is known by, and its body is as long and has the
digest that its first line says: a torn or edited one is refused, and the message names the file and the line.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from auditc.ir.exchange import Reply, Request
from auditc.ir.recorded import LONGEST, Head, NotRecorded, asked, exchange_of, head_of

LARGEST: Final = 1_000_000_000
"""Bytes of all lines together, unpacked: a small file may unpack into one without end."""
LOOKED_AT: Final = 50_000_000
"""Bytes of lines that are looked at while a spec is checked, at each change of it; the rest is when it is opened."""
_GZIP: Final = b"\x1f\x8b"


class Faulty(Exception):
    """A file is no whole recording. The message names the file, the line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was read. `found` has the reply to each request, by what `ir.recorded.asked` makes of it; where
    several were recorded, the first."""

    head: Head
    found: dict[bytes, Reply]

    def reply(self, who: int, request: Request) -> Reply | None:
        """What was recorded, or None."""
        return self.found.get(asked(who, request))


def digest_of(path: Path) -> str:
    """sha256 of a file's bytes as they lie. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_head(path: Path) -> Head:
    """The first line. Raises Faulty, OSError."""
    with _unpacked(path) as file:
        return _head(path.name, file)


def check(path: Path) -> Head:
    """The head of a file whose body is as long, and has the digest, that it says. Raises Faulty, OSError."""
    with path.open("rb") as file:
        return checked(path.name, file)


def checked(name: str, content: BinaryIO) -> Head:
    """The same of what a file of this name holds. Raises Faulty."""
    return _checked(name, content, LARGEST)


def glanced(name: str, content: BinaryIO) -> Head:
    """The same, without what lies behind the first `LOOKED_AT` bytes of lines. Raises Faulty."""
    return _checked(name, content, LOOKED_AT)


def _checked(name: str, content: BinaryIO, enough: int) -> Head:
    with _lines(name, content) as file:
        head, size = _head(name, file), 0
        for _, line in _body(name, head, file):
            size += len(line)
            if size > enough:
                break
    return head


def read(path: Path, only: str = "") -> Recording:
    """A whole recording; with `only`, what the model of that name answered. Raises Faulty, OSError."""
    found: dict[bytes, Reply] = {}
    with _unpacked(path) as file:
        head = _head(path.name, file)
        wanted = head.who(only) if only else None
        for number, line in _body(path.name, head, file):
            try:
                exchange = exchange_of(line, len(head.models))
            except NotRecorded as error:
                raise Faulty(f"{path.name}, line {number}: {error}") from None
            if wanted is None or exchange.who == wanted:
                found.setdefault(asked(exchange.who, exchange.request), exchange.reply)
    return Recording(head, found)


def _head(name: str, file: BinaryIO) -> Head:
    line = file.readline(LONGEST + 1)
    try:
        if not line.endswith(b"\n"):
            raise NotRecorded("it has no end")
        return head_of(line)
    except NotRecorded as error:
        raise Faulty(f"{name}, line 1: {error}") from None


def _body(name: str, head: Head, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines after the first, with their numbers in the file."""
    total, number, size = hashlib.sha256(), 1, 0
    while line := file.readline(LONGEST + 1):
        number, size = number + 1, size + len(line)
        if not line.endswith(b"\n"):
            raise Faulty(f"{name}, line {number}: it has no end, or one after more than {LONGEST:,} bytes")
        if size > LARGEST:
            raise Faulty(f"{name}, line {number}: the lines of a recording hold {LARGEST:,} bytes at most")
        if number - 1 > head.exchanges:
            raise Faulty(f"{name}, line {number}: there is more in it than the {head.exchanges:,} exchanges it states")
        total.update(line)
        yield number, line
    if number - 1 < head.exchanges:
        raise Faulty(f"{name}, line {number}: it ends here, with {number - 1:,} of {head.exchanges:,} exchanges")
    if total.hexdigest() != head.sha256:
        raise Faulty(f"{name}: it was changed after it was written: the digest of its lines is not what line 1 says")


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file, _lines(path.name, file) as lines:
        yield lines


@contextmanager
def _lines(name: str, file: BinaryIO) -> Iterator[BinaryIO]:
    """The lines of a file; whether it is packed is told by its bytes, and not by its name."""
    packed = file.read(2) == _GZIP
    file.seek(0)
    try:
        if packed:
            with gzip.GzipFile(fileobj=file, mode="rb") as inside:
                yield cast(BinaryIO, inside)
        else:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise Faulty(f"{name}: it is torn: its gzip stream does not end as it should") from None

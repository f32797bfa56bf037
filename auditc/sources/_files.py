"""Files that strangers wrote, as text and as rows of named cells: ordinary ones, no larger than is allowed, in
UTF-8."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auditc.diagnostics.cells import clean
from auditc.diagnostics.suggest import suggest

from ._contract import BadData, Fault, Unreadable

LARGEST: Final = 8_000_000_000
"""Bytes of any file; one with a row for each respondent is never held in memory whole."""

LARGEST_TEXT: Final = 200_000_000
"""Bytes of a JSON or CSV file that is held in memory, and of what a compressed one unpacks to."""

LONGEST: Final = 20_000
"""Signs of one text."""

_QUOTING: Final = (
    'Put a cell that holds a comma, a quote or a line break in quotes, and double a quote in it: `"a, b"`.'
)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Named cells of one row of a file; `number` counts from 1, without the head."""

    file: str
    number: int
    cells: dict[str, Any]

    def fault(self, column: str, message: str, remedy: str) -> Fault:
        return Fault(self.file, message, remedy, self.number, column)


def ordinary(path: Path, most: int) -> os.stat_result:
    """What the system says of a file. Raises Unreadable for what is no ordinary file, BadData for one that is too large
    or empty."""
    try:
        path.name.encode()
        about = path.stat()
    except (OSError, ValueError) as error:
        raise Unreadable(*_why(path, error)) from None
    if not stat.S_ISREG(about.st_mode):
        what = "a folder" if stat.S_ISDIR(about.st_mode) else "a pipe or a device"
        raise Unreadable(f"{path.name} is {what}", "Name an ordinary file.")
    if about.st_size > most:
        raise BadData(Fault(path.name, f"the file has more than {most:,} bytes", "Keep the rows and columns you need."))
    if not about.st_size:
        raise BadData(Fault(path.name, "the file is empty", "Download it again."))
    return about


def _why(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    name = path.name.encode("ascii", "backslashreplace").decode()
    if isinstance(error, FileNotFoundError):
        try:
            beside = [entry.name for entry in path.parent.iterdir()]
        except OSError:
            beside = []
        found = suggest(path.name, beside)
        return f"there is no file {name}", f"Did you mean {found}?" if found else "Mend the path."
    reason = (error.strerror if isinstance(error, OSError) else None) or "no file can have this name"
    return f"{name} cannot be read: {reason}", "Look at the file's name and permissions."


def text(path: Path) -> str:
    """A whole file as text, unpacked if its name ends in `.gz`."""
    ordinary(path, LARGEST_TEXT)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TEXT + 1)
    except OSError as error:
        raise Unreadable(*_why(path, error)) from None
    if path.suffix == ".gz":
        content = _unpacked(path.name, content)
    return decoded(path.name, content)


def _unpacked(name: str, content: bytes) -> bytes:
    """Of a file that unpacks to more than is allowed no more than that is unpacked."""
    found = b""
    try:
        while content:
            unpacking = zlib.decompressobj(wbits=31)
            found += unpacking.decompress(content, LARGEST_TEXT + 1 - len(found))
            if len(found) > LARGEST_TEXT or unpacking.unconsumed_tail:
                message = f"it unpacks to more than {LARGEST_TEXT:,} bytes"
                raise BadData(Fault(name, message, "Keep the rows you need."))
            if not unpacking.eof:
                raise Unreadable(f"{name} ends before it is complete", "Download it again.")
            content = unpacking.unused_data
    except zlib.error:
        raise Unreadable(f"{name} is not compressed with gzip, or is damaged", "Download it again.") from None
    return found


def decoded(name: str, content: bytes) -> str:
    """UTF-8 with or without its mark; of another encoding the fault says which it looks like."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadData(Fault(name, "the file is in UTF-16", "Save it as UTF-8."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    raise BadData(
        Fault(name, f"line {line:,} holds bytes that are no UTF-8{_looks_like(content)}", "Save it as UTF-8.")
    )


def _looks_like(content: bytes) -> str:
    try:
        content[:1_000_000].rpartition(b"\n")[0].decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "; it may be in GB18030"


def csv_rows(name: str, content: str) -> list[Row]:
    """The rows of a CSV file with a head; all have as many cells as the head."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[Row] = []
    head: list[str] | None = None
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadData(Fault(name, f"the row cannot be taken apart ({error})", _QUOTING, number + 1)) from None
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if head is None:
            head = checked_head(name, [cell.strip() for cell in cells])
            continue
        number += 1
        if len(cells) != len(head):
            raise BadData(Fault(name, f"{len(cells)} cells, and the head has {len(head)}", _QUOTING, number))
        rows.append(Row(name, number, dict(zip(head, cells, strict=True))))
    if not rows:
        raise BadData(Fault(name, "there are no rows of data", "Download the file again."))
    return rows


def checked_head(name: str, head: list[str]) -> list[str]:
    """Names of columns, none of which stands twice."""
    twice = sorted(column for column, times in Counter(head).items() if times > 1)
    if twice:
        raise BadData(Fault(name, f"the column `{twice[0]}` stands twice", "Leave one of them out.", None, twice[0]))
    return head


def json_rows(name: str, content: str) -> list[Row]:
    """The objects of a JSON list, or of JSON lines."""
    values: list[Any] = []
    if content.lstrip().startswith("["):
        found = _json(name, content, None)
        values = found if isinstance(found, list) else []
    else:
        lines = [line for line in content.split("\n") if line.strip()]
        values = [_json(name, line, number) for number, line in enumerate(lines, start=1)]
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise BadData(Fault(name, "this is no JSON object", 'Each row is an object, `{"question": …}`.', number))
    if not values:
        raise BadData(Fault(name, "there are no rows of data", "Download the file again."))
    return [Row(name, number, value) for number, value in enumerate(values, start=1)]


def _json(name: str, content: str, row: int | None) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if row is None and isinstance(error, json.JSONDecodeError) else ""
        raise BadData(Fault(name, f"this is not JSON{where}", "Download the file again.", row)) from None


def rows_of(path: Path) -> list[Row]:
    """The rows of a `.csv`, `.json` or `.jsonl` file, compressed or not."""
    endings = [suffix for suffix in path.suffixes if suffix != ".gz"]
    if endings and endings[-1] == ".csv":
        return csv_rows(path.name, text(path))
    return json_rows(path.name, text(path))


def know_columns(row: Row, needed: Iterable[str], allowed: Iterable[str] = ()) -> None:
    """Raises BadData unless a row has the cells that are needed, and none that is not known."""
    wanted = tuple(needed)
    known = (*wanted, *allowed)
    for column in wanted:
        if column not in row.cells:
            near = suggest(column, row.cells)
            remedy = f"Is it `{clean(near)}`? Name it `{column}`." if near else "Is this the right kind of file?"
            raise BadData(Fault(row.file, f"there is no column `{column}`", remedy, row.number, column))
    for column in row.cells:
        if column not in known:
            near = suggest(column, known)
            remedy = f"Did you mean `{near}`?" if near else "Leave the column out, or check the kind of file."
            shown = shortened(column)
            raise BadData(Fault(row.file, f"nothing reads the column `{shown}`", remedy, row.number, shown))


def words(value: Any) -> str:
    """A cell as text on one line, without characters that cannot be seen; empty for what is no text or number, or is
    too long to be one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    said = " ".join(str(value).split())
    shown = clean(said) if len(said) <= LONGEST else ""
    return shown if shown.isascii() else shown.encode("utf-8", "ignore").decode("utf-8")


def shortened(value: object, most: int = 60) -> str:
    """Foreign text for a message."""
    said = clean(str(value)[: 4 * most])
    return said if len(said) <= most else said[: most - 1] + "…"

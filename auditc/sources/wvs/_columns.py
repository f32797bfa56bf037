"""Some columns of a respondents' file, CSV, SPSS or Stata, each as distinct values and which of them every respondent
has.

Only the columns that are asked for are taken out: such a file has hundreds.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditc.diagnostics.cells import clean
from auditc.sources._contract import BadData, Fault, Unreadable
from auditc.sources._files import LARGEST, checked_head, decoded, ordinary

MOST_ROWS: Final = 5_000_000
_HEAD: Final = 2_000_000
_DELIMITERS: Final = (",", ";", "\t")

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`values[index[r]]` is the text that respondent r (0-based) has; a missing one is empty."""

    values: tuple[str, ...]
    index: Index

    def first(self, value: int) -> int:
        """The first respondent, 0-based, who has a value."""
        return int(np.argmax(self.index == value))


@dataclass(frozen=True, slots=True)
class Labels:
    """What a file says of a column: a title, what its codes mean, and codes that it declares to be missing."""

    title: str = ""
    codes: dict[int, str] = field(default_factory=dict)
    missing: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A file whose columns are known; `take` reads some of them."""

    name: str
    columns: tuple[str, ...]
    take: Callable[[tuple[str, ...]], dict[str, Column]]
    labels: dict[str, Labels] = field(default_factory=dict)


def opened(path: Path) -> Opened:
    """A file by the ending of its name. Raises BadData, Unreadable."""
    ordinary(path, LARGEST)
    ending = path.suffix.casefold()
    if ending == ".csv":
        return _csv(path)
    if ending in (".sav", ".zsav", ".dta"):
        return _labelled(path, "read_dta" if ending == ".dta" else "read_sav")
    message = f"its name ends in `{clean(path.suffix)}`, and a file of respondents in `.csv`, `.sav` or `.dta`"
    raise BadData(Fault(path.name, message, "Name one of these."))


def _csv(path: Path) -> Opened:
    try:
        with path.open("rb") as file:
            begun = file.read(_HEAD)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}", "Look at its permissions.") from None
    line, found, _ = begun.partition(b"\n")
    if not found:
        raise BadData(Fault(path.name, "there are no rows of data", "Is this the right file?"))
    head = decoded(path.name, line).rstrip("\r")
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        columns = next(csv.reader(io.StringIO(head), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise BadData(Fault(path.name, "the head cannot be taken apart", "Is this a CSV file?")) from None
    columns = checked_head(path.name, [column.strip() for column in columns])
    return Opened(path.name, tuple(columns), lambda wanted: _from_csv(path, columns, delimiter, wanted))


def _from_csv(path: Path, columns: list[str], delimiter: str, wanted: tuple[str, ...]) -> dict[str, Column]:
    """With all threads first; if a row is at fault, once more with one, which knows the row's number."""
    from pyarrow import ArrowException, ArrowInvalid, ArrowKeyError

    for threads, breaks in ((True, False), (False, True)):
        try:
            return _parsed(path, columns, delimiter, wanted, threads, breaks)
        except (ArrowInvalid, ArrowKeyError) as error:
            said = str(error)
        except (ArrowException, OSError) as error:
            raise Unreadable(f"{path.name} cannot be read: {clean(str(error))[:200]}", "Download it again.") from None
    row = re.search(r"Row #(\d+)", said)
    cells = re.search(r"Expected (\d+) columns, got (\d+)", said)
    remedy = "Export the file again, with each cell that holds a comma or a line break in quotes."
    if "UTF8" in said or "UTF-8" in said:
        raise BadData(Fault(path.name, "the file holds bytes that are no UTF-8", "Save it as UTF-8."))
    message = f"{cells[2]} cells, and the head has {cells[1]}" if cells else "the file cannot be taken apart as CSV"
    raise BadData(Fault(path.name, message, remedy, int(row[1]) - 1 if row else None))


def _parsed(
    path: Path, columns: list[str], delimiter: str, wanted: tuple[str, ...], threads: bool, breaks: bool
) -> dict[str, Column]:
    import pyarrow
    from pyarrow import csv as arrow

    as_text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    table = arrow.read_csv(
        path,
        read_options=arrow.ReadOptions(use_threads=threads, block_size=8 << 20, column_names=columns, skip_rows=1),
        parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=breaks),
        convert_options=arrow.ConvertOptions(
            include_columns=list(wanted), column_types=dict.fromkeys(wanted, as_text), strings_can_be_null=False
        ),
    ).unify_dictionaries()
    return {name: _from_arrow(table.column(name)) for name in wanted}


def _from_arrow(chunked: Any) -> Column:
    joined = chunked.combine_chunks()
    chunks = joined.chunks if hasattr(joined, "chunks") else [joined]
    if not chunks:
        return Column((), np.zeros(0, dtype=np.int64))
    index = np.concatenate([np.asarray(chunk.indices, dtype=np.int64) for chunk in chunks])
    return _column([str(value) for value in chunks[0].dictionary.to_pylist()], index)


def _labelled(path: Path, reader: str) -> Opened:
    """An SPSS or Stata file; the library that reads it is the extra `data`."""
    try:
        import pyreadstat
    except ModuleNotFoundError:
        raise Unreadable(f"{path.name} needs pyreadstat to be read", 'pip install "auditc[data]"') from None
    read = getattr(pyreadstat, reader)

    def called(**options: Any) -> Any:
        try:
            return read(str(path), output_format="dict", disable_datetime_conversion=True, **options)
        except Exception as error:  # its errors share no class; each says that the bytes are not what it takes
            remedy = "Download it again, or export it as CSV with codes, not labels."
            raise Unreadable(f"{path.name} cannot be taken apart: {clean(str(error))[:200]}", remedy) from None

    # SPSS codes that are declared missing are read as they stand, so that they can be counted.
    coded = {"user_missing": True} if reader == "read_sav" else {}
    _, about = called(metadataonly=True, **coded)
    if (about.number_rows or 0) > MOST_ROWS:
        raise BadData(Fault(path.name, f"there are more than {MOST_ROWS:,} rows", "Keep the rows you need."))
    columns = checked_head(path.name, [str(column) for column in about.column_names])

    def take(wanted: tuple[str, ...]) -> dict[str, Column]:
        found, _ = called(usecols=list(wanted), **coded)
        return {name: _from_values(found[name]) for name in wanted}

    return Opened(path.name, tuple(columns), take, _labels(about, columns))


def _labels(about: Any, columns: Iterable[str]) -> dict[str, Labels]:
    found = {}
    for name in columns:
        codes = {
            int(code): clean(str(label)).strip()
            for code, label in (about.variable_value_labels.get(name) or {}).items()
            if isinstance(code, int | float) and float(code).is_integer()
        }
        title = clean(" ".join(str((about.column_names_to_labels or {}).get(name) or "").split()))
        ranges = (getattr(about, "missing_ranges", None) or {}).get(name, ())
        found[name] = Labels(title, codes, frozenset(code for one in ranges for code in _between(one, codes)))
    return found


def _between(bounds: Any, codes: Iterable[int]) -> set[int]:
    """Whole codes that a file declares missing: both ends of a range, and what it labels between them."""
    low, high = bounds.get("lo"), bounds.get("hi")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return set()
    ends = {int(end) for end in (low, high) if abs(end) < 1e9 and float(end).is_integer()}
    return ends | {code for code in codes if low <= code <= high}


def _from_values(values: Any) -> Column:
    """A column of numbers, texts and None."""
    texts: dict[Any, int] = {}
    index = np.fromiter((texts.setdefault(value, len(texts)) for value in values), dtype=np.int64, count=len(values))
    return _column([_text(value) for value in texts], index)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _column(values: list[str], index: Index) -> Column:
    """Values without blanks around them; those that are then the same become one."""
    places: dict[str, int] = {}
    moved = [places.setdefault(value.strip(), len(places)) for value in values]
    return Column(tuple(places), np.asarray(moved, dtype=np.int64)[index] if moved else index)


def joined(columns: list[Column]) -> Column:
    """The column of several files, one after the other."""
    places: dict[str, int] = {}
    parts = []
    for column in columns:
        moved = np.asarray([places.setdefault(value, len(places)) for value in column.values], dtype=np.int64)
        parts.append(moved[column.index] if len(moved) else column.index)
    return Column(tuple(places), np.concatenate(parts))

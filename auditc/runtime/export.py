"""Raw answers as a flat table, for people with tools of their own."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FORMS = (".csv", ".parquet")
AT_ONCE = 10_000
_COLUMNS = pa.schema(
    [
        ("key", pa.string()),
        ("stage", pa.string()),
        ("block", pa.string()),
        ("model", pa.string()),
        ("population", pa.string()),
        ("language", pa.string()),
        ("condition", pa.string()),
        ("item", pa.string()),
        ("rotation", pa.int32()),
        ("draw", pa.int32()),
        ("place", pa.string()),
        ("group", pa.string()),
        ("memory", pa.int32()),
        ("beams", pa.int32()),
        ("sampled", pa.bool_()),
        ("status", pa.string()),
        ("answered", pa.bool_()),
        ("text", pa.string()),
        ("reading", pa.string()),
        ("choice", pa.int32()),
        ("probabilities", pa.list_(pa.float64())),
        ("reported", pa.string()),
        ("at", pa.string()),
    ]
)


def export(rows: Iterable[dict[str, Any]], output: Path) -> int:
    """Write `rows` to a CSV or Parquet file, whole or not at all; returns how many there were. Raises OSError that
    names the file, and none that lies beside it for a while."""
    aside = output.with_name(f".{output.name}.part")
    try:
        count = _csv(rows, aside) if output.suffix == ".csv" else _parquet(rows, aside)
        aside.replace(output)
    except OSError as error:
        if output.parent.is_dir():
            raise OSError(error.errno, f"{output} cannot be written: {error.strerror or error}") from error
        raise FileNotFoundError(error.errno, f"the folder {output.parent} is not there") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return count


def _csv(rows: Iterable[dict[str, Any]], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS.names)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(row[name]) for name in _COLUMNS.names})
            count += 1
    return count


def _cell(value: Any) -> Any:
    """Lists joined by `|`. An apostrophe leads text that a spreadsheet would take for a formula: models write it."""
    if isinstance(value, list):
        return "|".join(repr(number) for number in value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _parquet(rows: Iterable[dict[str, Any]], path: Path) -> int:
    count = 0
    with pq.ParquetWriter(path, _COLUMNS, compression="zstd") as writer:
        for some in _chunks(rows):
            writer.write_table(pa.Table.from_pylist([{n: row[n] for n in _COLUMNS.names} for row in some], _COLUMNS))
            count += len(some)
    return count


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while some := list(itertools.islice(iterator, AT_ONCE)):
        yield some

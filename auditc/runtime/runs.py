"""Run folders: what a run was, what it found, and which cells it rests on. `.auditc/runs/<id>/`.

plan.json       the plan as it was run
run.json        the RunRecord; a run without one did not end
cells.parquet   which cell lies under which key
probed.json     what became of the second answer to each probed cell, by its key; only where the plan has a probe
findings.json, items.json
worker-*.log    what engines' libraries printed; numbered as the plan's models are
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from auditc.ir.finding import Findings, ItemRow, RunRecord
from auditc.ir.plan import Plan
from auditc.ir.reread import ASKED

from . import journal
from .execute import Outcome
from .faults import WorldFailed
from .provenance import provenance
from .segment import KEY_BYTES
from .sheets import AssessSheet, ConverseSheet, PredictSheet, ScoreSheet, Sheet
from .store import within

T = TypeVar("T")

_WORDS = ("stage", "population", "condition", "item")
"""Columns of few different words."""
_ITEMS = TypeAdapter(tuple[ItemRow, ...])
_SECOND = TypeAdapter(dict[str, str])
_REMEDY = "name another run, or run the audit again: what is stored is not asked again"


class NoSuchRun(LookupError):
    """No run, or more than one, is meant by a name. The message says which there are."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder. What reads a file of it raises WorldFailed where the file is not what was written."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    def plan(self) -> Plan:
        return self._read("plan.json", Plan.model_validate_json)

    def record(self) -> RunRecord:
        return self._read("run.json", RunRecord.model_validate_json)

    def findings(self) -> Findings:
        return self._read("findings.json", Findings.model_validate_json)

    def items(self) -> tuple[ItemRow, ...]:
        return self._read("items.json", _ITEMS.validate_json)

    def second(self) -> dict[str, str]:
        """What became of the second answer to each probed cell when the run ended: `answered`, `failed`, `not run`, by
        the hexadecimal key of the first."""
        return self._read("probed.json", _SECOND.validate_json) if (self.folder / "probed.json").exists() else {}

    def cells(self) -> Any:
        """An Arrow table: key, stage, population, condition, item, rotation, draw (-1 where they do not apply), and
        status, which says what the cell had when the run ended: `answered`, `failed`, `not run`."""
        return self._read("cells.parquet", _cells_of)

    def _read(self, name: str, parse: Callable[[bytes], T]) -> T:
        """What a file of the run holds. Raises WorldFailed, naming the file, where it is not what was written."""
        path = self.folder / name
        try:
            return parse(path.read_bytes())
        except OSError as error:
            raise WorldFailed(f"{path} cannot be read: {error.strerror or error}", _REMEDY) from error
        except (ValueError, pa.ArrowException) as error:
            raise WorldFailed(f"{path} is damaged, or was not written by this auditc", _REMEDY) from error


@dataclass(frozen=True, slots=True)
class Started(Run):
    """A run that is under way."""

    plan_digest: str
    started: datetime

    def finish(self, outcome: Outcome, findings: Findings, items: Sequence[ItemRow]) -> RunRecord:
        """Write down what the run was and what it found; `run.json` comes last, and makes it a run that ended."""
        record = RunRecord(
            run=self.id,
            plan=self.plan_digest,
            started=self.started.isoformat(timespec="seconds"),
            seconds=round(outcome.seconds, 3),
            cells=outcome.cells,
            stages=outcome.stages,
            provenance=provenance(),
            stopped=outcome.stopped,
            spent=outcome.spent,
            seed=self.plan().seed,
            probe=dict(outcome.probe),
        )
        pq.write_table(_cells(outcome.sheets, outcome.unanswered), self.folder / "cells.parquet", compression="zstd")
        if outcome.second:
            self._write("probed.json", _SECOND.dump_json(dict(outcome.second), indent=1))
        self._write("findings.json", findings.model_dump_json(indent=1).encode())
        self._write("items.json", _ITEMS.dump_json(tuple(items), indent=1))
        self._write("run.json", record.model_dump_json(indent=1).encode())
        return record

    def _write(self, name: str, content: bytes) -> None:
        journal.write_aside(self.folder / name, content + b"\n")


@contextmanager
def begin(workspace: Path, plan: Plan) -> Iterator[Started]:
    """A new run's folder. It is removed again when the run ends in an error and has nothing to show for itself."""
    now = datetime.now(UTC)
    folder = workspace / "runs" / f"{_stamp(workspace, now)}-{secrets.token_hex(2)}"
    started = Started(folder, plan.digest, now)
    within(workspace, workspace / "runs")
    try:
        folder.mkdir(parents=True)
        started._write("plan.json", json.dumps(plan.model_dump(mode="json"), ensure_ascii=False).encode())
    except OSError as error:
        raise WorldFailed(
            f"the workspace cannot be written: {error.strerror or error}", "make room or give access to `.auditc`"
        ) from error
    try:
        yield started
    except BaseException:
        if not any(folder.glob("worker-*.log")):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _stamp(workspace: Path, now: datetime) -> str:
    """The time as names of runs have it, but always a later one than any run has: the newest is told by its name, and
    clocks are set back."""
    form = "%Y%m%d-%H%M%S"
    names = [path.name[:15] for path in (workspace / "runs").glob("[0-9]*")]
    latest = max(names, default="")
    if f"{now:{form}}" > latest:
        return f"{now:{form}}"
    try:
        return f"{datetime.strptime(latest, form) + timedelta(seconds=1):{form}}"
    except (ValueError, OverflowError):
        return f"{now:{form}}"  # some other folder: no name of a run


def ended(workspace: Path) -> tuple[Run, ...]:
    """The runs that ended, the newest first."""
    folders = sorted((workspace / "runs").glob("*/run.json"), reverse=True)
    return tuple(Run(path.parent) for path in folders)


def latest(workspace: Path) -> Run:
    """The newest run that ended. Raises NoSuchRun."""
    found = ended(workspace)
    if not found:
        raise NoSuchRun("there is no run here yet: `auditc run` makes one")
    return found[0]


def find(workspace: Path, name: str) -> Run:
    """The run whose name begins with `name`; `last` is the newest. Raises NoSuchRun."""
    if name == "last":
        return latest(workspace)
    found = [run for run in ended(workspace) if run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(run.id for run in (found or ended(workspace))[:5]) or "none"
    raise NoSuchRun(f"{'no run' if not found else 'more than one run'} begins with `{name}`; there are {there}")


def _cells_of(data: bytes) -> Any:
    """The table of cells in a Parquet file. Raises ValueError or ArrowException where it is none."""
    # Alone: a command that ends at once may end while the library's threads begin, and dies of it (seen once).
    cells, expected = pq.read_table(pa.BufferReader(data), use_threads=False), _cells((), {})
    if cells.schema.names != expected.schema.names or cells.schema.field("key").type != pa.binary(KEY_BYTES):
        raise ValueError("other columns than a run writes")
    return cells


def _cells(sheets: Sequence[Sheet], unanswered: Mapping[bytes, str]) -> Any:
    cells = [_sheet_cells(sheet) for sheet in sheets]
    tables = [table for _, table in cells] or [_table((), dict.fromkeys(_WORDS, ((), ())), (), ())[1]]
    # Later runs add answers to the store under the same keys: what this run had is known only now.
    status = [unanswered.get(key, "answered") for keys, _ in cells for key in keys]
    words = {word: code for code, word in enumerate(dict.fromkeys(status))}
    coded = _coded(list(words), np.array([words[word] for word in status], dtype=np.int32))
    return pa.concat_tables(tables).append_column("status", coded).unify_dictionaries()


def _sheet_cells(sheet: Sheet) -> tuple[list[bytes], Any]:
    if isinstance(sheet, ScoreSheet):
        return _score_cells(sheet)
    if isinstance(sheet, PredictSheet):
        return _text_cells(sheet)
    return _turn_cells(sheet) if isinstance(sheet, ConverseSheet) else _looks(sheet)


def _looks(sheet: AssessSheet) -> tuple[list[bytes], Any]:
    """What a judge was asked, and about which stage's answer, stands in the place of a condition. A case is of no
    population, and an item by its number."""
    rows = [(sheet.stage.name, look.population, f"{look.of} {look.asks}".strip(), look.item) for look in sheet.looks]
    words = {}
    for place, word in enumerate(_WORDS):
        column = [row[place] for row in rows]
        codes = {text: code for code, text in enumerate(dict.fromkeys(column))}
        words[word] = (list(codes), np.array([codes[text] for text in column], dtype=np.int32))
    draws = np.array([look.draw for look in sheet.looks], dtype=np.int32)
    return _table(sheet.keys, words, np.full(len(rows), -1), draws)


def _score_cells(sheet: ScoreSheet) -> tuple[list[bytes], Any]:
    stage, cells = sheet.stage, sheet.cells
    words = {
        "stage": ([stage.name], np.zeros(len(cells))),
        "population": (stage.populations, cells.population),
        "condition": ([condition.name for condition in stage.conditions], cells.condition),
        "item": (stage.items, cells.item),
    }
    return _table(sheet.keys, words, cells.rotation, np.full(len(cells), -1))


def _text_cells(sheet: PredictSheet) -> tuple[list[bytes], Any]:
    stage, cells = sheet.stage, len(sheet.keys)
    words = {
        "stage": ([stage.name], np.zeros(cells)),
        "population": (stage.populations, np.zeros(cells)),
        "condition": ([ASKED], np.zeros(cells)),
        "item": (stage.items, np.arange(cells)),
    }
    return _table(sheet.keys, words, np.full(cells, -1), np.full(cells, -1))


def _turn_cells(sheet: ConverseSheet) -> tuple[list[bytes], Any]:
    stage, items = sheet.stage, len(sheet.stage.items)
    each = [len(sheet.participants[name]) * items for name in sheet.participants]
    cells = sum(each)
    words = {
        "stage": ([stage.name], np.zeros(cells)),
        "population": (list(sheet.participants), np.repeat(np.arange(len(each)), each)),
        "condition": ([stage.condition], np.zeros(cells)),
        "item": (stage.items, np.tile(np.arange(items), cells // max(items, 1))),
    }
    keys = [key for name in sheet.participants for row in sheet.keys[name] for key in row]
    draws = [person.draw for persons in sheet.participants.values() for person in persons]
    return _table(keys, words, np.full(cells, -1), np.repeat(np.array(draws, dtype=np.int32), items))


def _table(
    keys: Sequence[bytes], words: Mapping[str, tuple[Sequence[str], Any]], rotation: Any, draw: Any
) -> tuple[list[bytes], Any]:
    """Cells that were not walked over have no key, and are left out. `words` are columns of few different words, each
    with the number of its word for every cell."""
    there = np.array([bool(key) for key in keys], dtype=np.bool_)
    kept = [key for key in keys if key]
    columns = {
        "key": pa.Array.from_buffers(pa.binary(KEY_BYTES), len(kept), [None, pa.py_buffer(b"".join(kept))]),
        **{name: _coded(known, np.asarray(codes)[there]) for name, (known, codes) in words.items()},
        "rotation": _numbers(np.asarray(rotation)[there]),
        "draw": _numbers(np.asarray(draw)[there]),
    }
    return kept, pa.table(columns)


def _coded(words: Sequence[str], codes: Any) -> Any:
    texts = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    known = pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(texts)))
    return pa.DictionaryArray.from_arrays(_numbers(codes), known)


def _numbers(numbers: Any) -> Any:
    """Made of their bytes: `pa.array` would load pandas first, which takes longer than all else here."""
    whole = np.ascontiguousarray(numbers, dtype=np.int32)
    return pa.Array.from_buffers(pa.int32(), len(whole), [None, pa.py_buffer(whole)])

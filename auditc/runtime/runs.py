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
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from auditc.ir.finding import Findings, ItemRow, RunRecord
from auditc.ir.plan import Plan

from . import journal
from .execute import Outcome
from .faults import WorldFailed
from .provenance import provenance
from .segment import KEY_BYTES
from .store import within
from .walk import ConverseSheet, ScoreSheet, Sheet

T = TypeVar("T")
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
    cells, expected = pq.read_table(pa.BufferReader(data)), _cells((), {})
    if cells.schema.names != expected.schema.names or cells.schema.field("key").type != pa.binary(KEY_BYTES):
        raise ValueError("other columns than a run writes")
    return cells


def _cells(sheets: Sequence[Sheet], unanswered: Mapping[bytes, str]) -> Any:
    tables = [_score_cells(s) if isinstance(s, ScoreSheet) else _turn_cells(s) for s in sheets]
    cells = pa.concat_tables(tables) if tables else _table([], "", [], [], [], [], [])
    # Later runs add answers to the store under the same keys: what this run had is known only now.
    status = [unanswered.get(key, "answered") for key in cells.column("key").to_pylist()]
    return cells.append_column("status", pa.array(status, pa.string()).dictionary_encode()).unify_dictionaries()


def _score_cells(sheet: ScoreSheet) -> Any:
    stage, cells = sheet.stage, sheet.cells
    conditions = np.array([condition.name for condition in stage.conditions])
    return _table(
        sheet.keys,
        stage.name,
        np.array(stage.populations)[cells.population],
        conditions[cells.condition],
        np.array(stage.items)[cells.item],
        cells.rotation,
        np.full(len(cells), -1),
    )


def _turn_cells(sheet: ConverseSheet) -> Any:
    stage, items = sheet.stage, len(sheet.stage.items)
    rows = [
        (key, population, item, person.draw)
        for population, persons in sheet.participants.items()
        for person, keys in zip(persons, sheet.keys[population], strict=True)
        for item, key in zip(stage.items, keys, strict=True)
    ]
    keys, populations, names, draws = zip(*rows, strict=True) if rows and items else ((), (), (), ())
    return _table(keys, stage.name, populations, [stage.condition] * len(rows), names, [-1] * len(rows), draws)


def _table(
    keys: Sequence[bytes], stage: str, population: Any, condition: Any, item: Any, rotation: Any, draw: Any
) -> Any:
    """Cells that were not walked over have no key, and are left out."""
    words = [[stage] * len(keys), population, condition, item]
    table = pa.table(
        {
            "key": pa.array([key or None for key in keys], pa.binary(KEY_BYTES)),
            **{
                name: pa.array(column, pa.string()).dictionary_encode()
                for name, column in zip(("stage", "population", "condition", "item"), words, strict=True)
            },
            "rotation": pa.array(rotation, pa.int32()),
            "draw": pa.array(draw, pa.int32()),
        }
    )
    return table.filter(pc.is_valid(table.column("key"))).unify_dictionaries()

"""A run's exchanges, written down for `replay`: the plan is walked once more, and nothing is asked.

What is written is what the run had when it ended, failures too; answers that the store has got since are none of it.
The same run gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from auditc.backends import backends
from auditc.backends._contract import Identity
from auditc.ir.canonical import digest
from auditc.ir.exchange import Failure, Reply
from auditc.ir.plan import Model, Plan
from auditc.ir.recorded import Exchange, Head, Who, asked, line_of

from .faults import WorldFailed
from .runs import Run
from .schedule import stages
from .sheets import Sheet
from .store import Store
from .walk import walk

BATCH = 64
FORMS = (".jsonl", ".jsonl.gz")
_CARD = frozenset({"title", "family", "origin", "stage", "quantisation", "price"})


@dataclass(frozen=True, slots=True)
class Written:
    """What a recording holds."""

    exchanges: int
    failures: int
    models: tuple[str, ...]
    digest: str
    """sha256 of the file."""


def declared(model: Model) -> str:
    """A digest of what a plan says of a model beside its card: its weights, its backend. Defaults are left out, so that
    a later auditc with more to say finds the same."""
    params = model.backend.params
    if model.backend.kind in backends.names():
        form = backends.take(model.backend.kind).params
        params = form.model_validate(params).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    said = model.model_dump(mode="json", exclude=set(_CARD), exclude_defaults=True)
    if model.pin:  # it says which weights they are, wherever they lie
        said.pop("weights", None)
    if model.adapter is not None and model.adapter.pin:
        said["adapter"] = model.adapter.pin
    return digest(said | {"backend": [model.backend.kind, params]})


def record(run: Run, workspace: Path, output: Path) -> Written:
    """Write the exchanges of a run to a file, whole or not at all. Raises WorldFailed."""
    plan = run.plan()
    who = _who(run, plan)
    seen: set[bytes] = set()
    body, failures = hashlib.sha256(), 0
    aside = output.with_name(f".{output.name}.{os.getpid()}.part")  # two may be written at once
    try:
        with tempfile.TemporaryFile(dir=output.parent) as lines:
            for exchange in _exchanges(run, workspace, plan, [model.name for model in who]):
                key = asked(exchange.who, exchange.request)
                if key in seen:
                    continue
                seen.add(key)
                line = line_of(exchange)
                body.update(line)
                lines.write(line)
                failures += isinstance(exchange.reply, Failure)
            head = Head(
                plan=plan.digest, exchanges=len(seen), failures=failures, models=tuple(who), sha256=body.hexdigest()
            )
            lines.seek(0)
            with aside.open("wb") as file:
                _pack(head.model_dump_json().encode() + b"\n", cast(BinaryIO, lines), file, output.suffix == ".gz")
        with aside.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest()
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
    return Written(len(seen), failures, tuple(model.name for model in who), whole)


def _pack(head: bytes, lines: BinaryIO, file: BinaryIO, packed: bool) -> None:
    if not packed:
        file.write(head)
        shutil.copyfileobj(lines, file)
        return
    # Without a name and a time in it, so that the same lines are the same file.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as inside:
        inside.write(head)
        shutil.copyfileobj(lines, inside)


def _identities(run: Run) -> dict[str, tuple[str, Identity]]:
    """Who was asked in each stage of a run: the model's name, and its engine's identity."""
    return {
        stage["name"]: (stage["model"], stage["asks"]["engine"]) for stage in run.record().stages if "asks" in stage
    }


def _who(run: Run, plan: Plan) -> list[Who]:
    """Those that answered, in the order in which they were first asked."""
    cards = {row.name: row for row in run.findings().models}
    found: dict[str, Who] = {}
    for model, identity in _identities(run).values():
        if identity.get("engine") == "replay":
            raise WorldFailed(
                f"model `{model}` of run {run.id} was itself answered from a recording",
                "pass that recording on: nothing new was answered in this run",
            )
        card = cards.get(model)
        found[model] = Who(
            name=model,
            identity=dict(identity),
            weights=card.weights if card else "",
            licence=card.licence if card else "",
            declared=declared(plan.models[model]),
        )
    if not found:
        raise WorldFailed(f"run {run.id} asked no model anything", "name a run that has answers")
    return list(found.values())


def _exchanges(run: Run, workspace: Path, plan: Plan, names: list[str]) -> Iterator[Exchange]:
    """Every answered or failed cell of a run. Raises WorldFailed where the store or this auditc is not the run's."""
    table, identities = run.cells(), _identities(run)
    left: dict[bytes, str] = {
        key: status
        for key, status in zip(table.column("key").to_pylist(), table.column("status").to_pylist(), strict=True)
        if status != "not run"
    }
    had = dict(left)
    with Store.open(workspace / "store", write=False) as store:

        def known(key: bytes) -> Reply | None:
            status = had.get(key)
            return store.get(key) if status == "answered" else store.failure(key) if status else None

        sheets: dict[str, Sheet] = {}
        for stage in stages(plan):
            model, identity = identities[stage.name]
            (sheets[stage.name],), batches = walk(plan, (stage,), identity, known, BATCH, before=sheets)
            for ask in (ask for batch in batches for ask in batch or ()):
                if ask.key not in had:
                    continue
                reply = known(ask.key)
                if reply is None:
                    raise WorldFailed(
                        f"the store no longer holds the answer `{ask.key.hex()}`", "run it again, and record that"
                    )
                left.pop(ask.key, None)
                yield Exchange(names.index(model), ask.request, reply)
    if left:
        raise WorldFailed(
            f"{len(left):,} cells of run {run.id} were worded otherwise than this auditc words them",
            "record it with the auditc that ran it, or run the audit again",
        )

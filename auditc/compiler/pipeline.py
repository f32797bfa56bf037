"""The compiler on one screen: load, resolve, check, lower, lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from auditc.diagnostics import Sink, SpecRejected
from auditc.ir.audit import Audit
from auditc.ir.plan import Plan

from .check import check
from .house_rules import house_rules
from .load import Module, Workspace, load
from .lock import Lock, lock
from .lower import lower
from .mistakes import Poison
from .powered import BestCase
from .resolve import resolve
from .secrets import strike_secrets


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a spec was compiled into."""

    plan: Plan
    lock: Lock
    audit: Audit


def check_spec(path: Path, sink: Sink, best: BestCase | None = None) -> Audit:
    """The audit that the spec at `path` describes. Raises SpecRejected when anything in it is an error."""
    return _checked(path, sink, best)[0]


def compile_spec(path: Path, sink: Sink, best: BestCase | None = None) -> Compiled:
    """The plan and the lock of the spec at `path`. Raises SpecRejected when anything in it is an error."""
    audit, files = _checked(path, sink, best)
    packages = files.packages.digests()
    sink.checkpoint()
    plan = lower(audit)
    return Compiled(plan, lock(plan, files.digests, packages), audit)


def as_bytes(form: BaseModel) -> bytes:
    """A plan or a lock as it is written to a file: the same form gives the same bytes everywhere."""
    content = form.model_dump(mode="json")
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _checked(path: Path, sink: Sink, best: BestCase | None) -> tuple[Audit, Workspace]:
    try:
        loaded = load(path, sink)
    except SpecRejected:
        strike_secrets(sink)
        raise SpecRejected(sink.sorted()) from None
    return check_loaded(loaded, sink, best)


def check_loaded(
    loaded: tuple[Module, Workspace] | Poison, sink: Sink, best: BestCase | None = None
) -> tuple[Audit, Workspace]:
    """The audit that loaded files describe. Raises SpecRejected when anything in them is an error.

    Whatever way this ends, no diagnostic shows a secret.
    """
    try:
        audit, files = _looked_through(loaded, sink, best)
    except SpecRejected:
        strike_secrets(sink)
        raise SpecRejected(sink.sorted()) from None
    strike_secrets(sink)
    return audit, files


def _looked_through(
    loaded: tuple[Module, Workspace] | Poison, sink: Sink, best: BestCase | None
) -> tuple[Audit, Workspace]:
    if not isinstance(loaded, Poison):
        house_rules(loaded[0], sink)
    # A file that did not parse lacks names; looking for them would bury the mistake under others that are none.
    if isinstance(loaded, Poison) or any(d.code < "AC010" or d.code.startswith("AC1") for d in sink.diagnostics):
        sink.checkpoint()
    assert not isinstance(loaded, Poison)  # whoever gives poison has reported an error
    entry, files = loaded
    audit = check(resolve(entry, sink), files, best)
    sink.checkpoint()
    if isinstance(audit, Poison):
        raise SpecRejected(sink.sorted())
    return audit, files

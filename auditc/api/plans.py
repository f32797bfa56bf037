"""From a spec to its plan on disk, and what can be asked of a plan before it is run."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditc.diagnostics import Diagnostic, Sink

from .faults import Refused, refuse_data, world, write_file
from .specs import best_case

if TYPE_CHECKING:
    from auditc.ir.plan import Plan
    from auditc.runtime.forecast import Forecast

    from .recordings import Replaying

WORKSPACE: Final = ".auditc"
"""Beside the plan: the store and the runs."""
PLAN, LOCK = ".plan.json", ".lock"
LAST_PLAN: Final = Path(WORKSPACE) / "last-plan.json"
"""In the folder where `auditc compile` was called: which plan `auditc run` means when none is named."""


@dataclass(frozen=True, slots=True)
class Written:
    """A plan and its lock, on disk."""

    plan_path: Path
    lock_path: Path
    digest: str
    stages: int
    cells: int
    locked: int
    seconds: float
    diagnostics: tuple[Diagnostic, ...]

    def summary(self) -> dict[str, Any]:
        return {
            "plan": str(self.plan_path),
            "lock": str(self.lock_path),
            "digest": self.digest,
            "stages": self.stages,
            "cells": self.cells,
            "seconds": round(self.seconds, 3),
        }


def compile_to_file(file: Path, output: Path | None) -> Written:
    """Check a spec and write its plan, beside it or where it is told, and the plan's lock beside the plan.

    Raises SpecRejected with every mistake.
    """
    from auditc.compiler.pipeline import as_bytes, compile_spec
    from auditc.ir.plan import Assess, Questioning
    from auditc.runtime.cells import count_cells

    refuse_data(file)
    start = time.perf_counter()
    sink = Sink()
    compiled = compile_spec(file, sink, best_case)
    plan_path = output or file.with_suffix(PLAN)
    lock_path = lock_of(plan_path)
    if file.resolve() in (plan_path.resolve(), lock_path.resolve()):
        raise Refused(f"{file.name} would be overwritten", "Name a file for the plan: -o FILE.plan.json")
    root = os.path.relpath(file.parent.resolve(), lock_path.parent.resolve())
    with world():
        LAST_PLAN.parent.mkdir(exist_ok=True)
    write_file(plan_path, as_bytes(compiled.plan))
    write_file(lock_path, as_bytes(compiled.lock.model_copy(update={"root": Path(root).as_posix()})))
    write_file(LAST_PLAN, json.dumps(os.path.relpath(plan_path)).encode())
    return Written(
        plan_path,
        lock_path,
        compiled.plan.digest,
        len(compiled.plan.stages),
        sum(
            count_cells(stage, compiled.plan)
            for stage in compiled.plan.stages
            if isinstance(stage, Questioning | Assess)
        ),
        len(compiled.lock.files) + len(compiled.lock.packages) + len(compiled.lock.models),
        time.perf_counter() - start,
        sink.sorted(),
    )


def foresee(plan_path: Path | None, replay: Path | None = None) -> tuple[Forecast, Replaying]:
    """What a run would ask, what is stored already, and why anything is asked again; and what a recording answers.

    Asks nothing, loads no model.
    """
    from auditc.runtime.forecast import forecast

    from .recordings import replaying

    plan, folder = open_plan(plan_path)
    with world():
        answered = replaying(plan, plan_path, replay)
        return forecast(answered.plan, folder / WORKSPACE, answered.here), answered


def forecast_summary(foreseen: Forecast) -> dict[str, Any]:
    """A forecast as the JSON contract has it."""
    names = (
        "name",
        "kind",
        "cells",
        "cached",
        "shared",
        "to_run",
        "probed",
        "why",
        "tokens_in",
        "tokens_out",
        "seconds",
        "estimated",
        "at_most",
    )
    return {
        "cells": foreseen.cells,
        "probed": foreseen.probed,
        "tokens": foreseen.tokens,
        "money": foreseen.money,
        "stages": [
            {name: getattr(stage, name) for name in names}
            | {"money": stage.money.model_dump(mode="json") if stage.money else None}
            for stage in foreseen.stages
        ],
        "trainings": [asdict(training) for training in foreseen.trainings],
        "models": [
            {"name": room.model, "memory": room.needed, "available": room.available, "fits": room.fits}
            for room in foreseen.rooms
        ],
        "warnings": list(foreseen.warnings),
        "problems": [problem.message for problem in foreseen.problems],
    }


def draw_graph(plan_path: Path | None, form: str) -> str:
    """The execution graph as Mermaid, DOT or SVG text."""
    from auditc.compiler.drawing import svg
    from auditc.compiler.explain import dot, mermaid

    forms = {"mermaid": mermaid, "dot": dot, "svg": svg}
    if form not in forms:
        raise Refused(f"there is no graph format {form}", f"It takes {', '.join(forms)}.")
    plan, _ = open_plan(plan_path)
    return forms[form](plan)


def open_plan(path: Path | None) -> tuple[Plan, Path]:
    """A plan and the folder its workspace lies in, or a refusal when it is stale or not what was compiled."""
    from auditc.compiler.lock import Lock, fresh
    from auditc.ir.plan import Plan

    plan_path = path or last_plan()
    if plan_path.suffix == ".audit":
        raise Refused(f"{plan_path} is a spec, and no plan yet", f"Compile it first: auditc compile {plan_path}")
    lock_path = lock_of(plan_path)
    try:
        plan = Plan.model_validate_json(plan_path.read_bytes())
        locked = Lock.model_validate_json(lock_path.read_bytes())
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise Refused(f"{name} is not there", "Compile the spec: auditc compile FILE.audit") from None
    except OSError as error:
        raise Refused(f"{error.filename} cannot be read: {error.strerror}", "Name a plan: FILE.plan.json") from None
    except ValueError:
        raise Refused(
            f"{plan_path.name} or its lock is not one that this auditc wrote", "Compile the spec again."
        ) from None
    changed = fresh(locked, lock_path.parent)
    if changed:
        raise Refused(f"{', '.join(changed)} changed since the plan was compiled", "Compile the spec again.")
    if plan.digest != locked.plan:
        raise Refused(f"{plan_path.name} is not the plan that {lock_path.name} was made for", "Compile the spec again.")
    return plan, plan_path.parent


def lock_of(plan: Path) -> Path:
    """A plan's lock lies beside it: the lock of x.plan.json is x.lock."""
    if not plan.name or plan.is_dir():
        raise Refused(f"{plan} is a folder", "Name a plan: FILE.plan.json")
    return plan.with_name(plan.name.removesuffix(PLAN) + LOCK)


def last_plan() -> Path:
    try:
        name = json.loads(LAST_PLAN.read_bytes())
    except (OSError, ValueError, RecursionError):
        name = None
    if not isinstance(name, str):
        raise Refused("no plan was compiled in this folder yet", "Compile a spec: auditc compile FILE.audit")
    return Path(name)

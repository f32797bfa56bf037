"""The whole flow from a spec to a report, and every question the command line answers: one function each.

Rooms are imported inside the functions that walk through them, so that checking a spec starts no runtime.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditc import __version__
from auditc.diagnostics import Diagnostic, Severity, Sink, SpecRejected

if TYPE_CHECKING:
    from auditc.ir.finding import Findings, RunRecord
    from auditc.ir.plan import Origin, Plan
    from auditc.runtime.forecast import Forecast
    from auditc.runtime.runs import Run
    from auditc.runtime.show import Shown

WORKSPACE = ".auditc"
"""Beside the plan: the store and the runs."""
PLAN, LOCK = ".plan.json", ".lock"
LAST_PLAN = Path(WORKSPACE) / "last-plan.json"
"""In the folder where `auditc compile` was called: which plan `auditc run` means when none is named."""


class Gate(StrEnum):
    """What `--fail-on` takes."""

    CLAIMS = "claims"
    UNDECIDED = "undecided"
    MISSING = "missing"


class WorldFailed(Exception):
    """The world lacks something or broke something: exit code 3. Nothing that was stored is lost."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Refused(Exception):
    """The author or caller asked for something that cannot be done as asked: exit code 2."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking some specs said."""

    diagnostics: tuple[Diagnostic, ...]

    @property
    def rejected(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


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


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: what was asked, what was found, where the reports are."""

    record: RunRecord
    findings: Findings
    folder: Path
    reports: dict[str, Path] = field(default_factory=dict)

    @property
    def stopped(self) -> str:
        return self.record.stopped

    def gate(self, wanted: list[Gate]) -> bool:
        """Whether `--fail-on` asks for exit code 1."""
        found = {
            Gate.CLAIMS: any(claim.verdict == "fails" for claim in self.findings.claims),
            Gate.UNDECIDED: any(claim.verdict == "undecided" for claim in self.findings.claims),
            Gate.MISSING: any(tally.failed or tally.not_run for tally in self.findings.tallies),
        }
        return any(found[word] for word in wanted)

    def summary(self) -> dict[str, Any]:
        return {
            "run": self.record.run,
            "cells": self.record.cells,
            "seconds": self.record.seconds,
            "stopped": self.record.stopped,
            "findings": str(self.folder / "findings.json"),
            "reports": {name: str(path) for name, path in self.reports.items()},
        }


def check(files: list[Path]) -> Checked:
    """Every mistake in every file, sorted by file and place."""
    from auditc.compiler.pipeline import check_spec

    found: list[Diagnostic] = []
    for file in files:
        sink = Sink()
        with suppress(SpecRejected):
            check_spec(file, sink)
        found.extend(d for d in sink.sorted() if d not in found)
    return Checked(tuple(found))


def format_spec(file: Path, *, write: bool) -> bool:
    """Whether the canonical text differs from the file; with `write` the file is replaced by it."""
    from auditc.spec.format import format_file
    from auditc.spec.parse import parse
    from auditc.spec.read import read

    sink = Sink()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    source = read(file.name, data, sink)
    tree = parse(source, sink) if source else None
    sink.checkpoint()
    assert source is not None and tree is not None
    text = format_file(tree)
    if text == source.text:
        return False
    if write:
        _write(file, text.encode())
    return True


def compile_to_file(file: Path, output: Path | None) -> Written:
    """Check a spec and write its plan, beside it or where it is told, and the plan's lock beside the plan.

    Raises SpecRejected with every mistake.
    """
    from auditc.compiler.pipeline import as_bytes, compile_spec
    from auditc.ir.plan import Questioning
    from auditc.runtime.cells import count_cells

    start = time.perf_counter()
    sink = Sink()
    compiled = compile_spec(file, sink)
    plan_path = output or file.with_suffix(PLAN)
    lock_path = _lock_of(plan_path)
    if file.resolve() in (plan_path.resolve(), lock_path.resolve()):
        raise Refused(f"{file.name} would be overwritten", "Name a file for the plan: -o FILE.plan.json")
    root = os.path.relpath(file.parent.resolve(), lock_path.parent.resolve())
    with _world():
        LAST_PLAN.parent.mkdir(exist_ok=True)
    _write(plan_path, as_bytes(compiled.plan))
    _write(lock_path, as_bytes(compiled.lock.model_copy(update={"root": Path(root).as_posix()})))
    _write(LAST_PLAN, json.dumps(os.path.relpath(plan_path)).encode())
    return Written(
        plan_path,
        lock_path,
        compiled.plan.digest,
        len(compiled.plan.stages),
        sum(count_cells(stage, compiled.plan) for stage in compiled.plan.stages if isinstance(stage, Questioning)),
        len(compiled.lock.files) + len(compiled.lock.models),
        time.perf_counter() - start,
        sink.sorted(),
    )


def foresee(plan_path: Path | None) -> Forecast:
    """What a run would ask, what is stored already, and why anything is asked again. Asks nothing, loads no model."""
    from auditc.runtime.forecast import forecast

    plan, folder = _open_plan(plan_path)
    with _world():
        return forecast(plan, folder / WORKSPACE)


def forecast_summary(foreseen: Forecast) -> dict[str, Any]:
    """A forecast as the JSON contract has it."""
    names = (
        "name",
        "kind",
        "cells",
        "cached",
        "to_run",
        "why",
        "tokens_in",
        "tokens_out",
        "seconds",
        "estimated",
        "at_most",
    )
    return {
        "cells": foreseen.cells,
        "tokens": foreseen.tokens,
        "stages": [{name: getattr(stage, name) for name in names} for stage in foreseen.stages],
        "problems": [problem.message for problem in foreseen.problems],
    }


def run(plan_path: Path | None, *, limit: int | None = None, show: str = "bar") -> Done:
    """Run a plan, judge its claims and write its reports. What is in the store already is not asked again."""
    from auditc.evidence import conclude
    from auditc.runtime import execute, runs
    from auditc.runtime.budget import Limits
    from auditc.runtime.progress import reporter

    plan, folder = _open_plan(plan_path)
    with _world(), runs.begin(folder / WORKSPACE, plan) as started:
        with reporter(show) as progress:
            outcome = execute.run(
                plan,
                folder / WORKSPACE,
                limits=Limits(per_stage=limit),
                reporter=progress,
                logs=started.folder,
            )
        findings, items = conclude(plan, outcome.answers, models=outcome.models)
        record = started.finish(outcome, findings, items)
        done = runs.Run(started.folder)
        return Done(record, findings, done.folder, _render(done, None, None))


def render_again(name: str | None, formats: list[str] | None, languages: list[str] | None) -> dict[str, Path]:
    """Render a run's reports again, out of what the run wrote."""
    with _world():
        return _render(_find_run(name)[0], formats, languages)


def show(name: str, cell: str) -> Shown:
    """One stored answer: what was asked, how, what came back, and the line of the spec that asked."""
    from auditc.runtime import show as showing

    with _world():
        try:
            return showing.show(*_find_run(name), cell)
        except showing.NoSuchCell as error:
            raise Refused(str(error), "`auditc export` lists all cells of a run.") from None


def export_answers(name: str | None, output: Path) -> int:
    """Write a run's raw answers, a row for each cell, as CSV or Parquet; returns the number of rows."""
    from auditc.runtime.export import FORMS, export
    from auditc.runtime.show import every

    if output.suffix not in FORMS:
        raise Refused(f"{output.name} is neither CSV nor Parquet", "Name a file that ends in .csv or .parquet.")
    with _world():
        return export(every(*_find_run(name)), output)


def explain(name: str) -> str:
    """The page of a diagnostic's code, or of a thing on a shelf."""
    from auditc.compiler.pages import page_of

    page = page_of(name)
    if page is None:
        raise Refused(f"there is no page called {name}", "Name a code (AC201), a method, a metric or a backend.")
    return page


def draw_graph(plan_path: Path | None, form: str) -> str:
    """The execution graph as Mermaid or DOT text."""
    from auditc.compiler.explain import dot, mermaid

    forms = {"mermaid": mermaid, "dot": dot}
    if form not in forms:
        raise Refused(f"there is no graph format {form}", f"It takes {', '.join(forms)}.")
    plan, _ = _open_plan(plan_path)
    return forms[form](plan)


def init(folder: Path) -> list[Path]:
    """Copy the starter spec and its data into a folder that is new or empty."""
    source = importlib.resources.files("auditc") / "starter"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is not empty", "Name a new folder: nothing is ever overwritten.")
    written = []
    with _world():
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(source.iterdir(), key=lambda entry: entry.name):
            _write(folder / file.name, file.read_bytes())
            written.append(folder / file.name)
    return written


def known_models() -> list[dict[str, Any]]:
    """The models that auditc knows by name, fetched or not."""
    from auditc.runtime.models import embedded

    return [asdict(listed) for listed in embedded()]


def fetch_models(names: list[str], plan_path: Path | None, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Fetch and convert models by name, or all that a plan needs; returns what is here now."""
    from auditc.runtime import models

    known = {listed.name: listed for listed in models.embedded()}
    wanted: list[tuple[str, str, dict[str, Any], str]] = []
    for name in names:
        if name not in known:
            raise Refused(f"there is no model called {name}", f"auditc knows {', '.join(sorted(known))}.")
        params = {"name": name, "version": known[name].version}
        wanted.append((known[name].title, "package", params, "transformers"))
    if plan_path is not None or not names:
        plan, _ = _open_plan(plan_path)
        for model in plan.models.values():
            if model.weights is not None:
                wanted.append((model.title, model.weights.kind, model.weights.params, model.backend.kind))
    rows = []
    with _world():
        for title, kind, params, backend in wanted:
            ready = models.fetch(kind, params, backend, say)
            rows.append({"title": title, "licence": ready.licence, "fetched": True, "digest": ready.weights_digest})
    return rows


def bug_report(bug: Exception) -> tuple[str, str]:
    """What to tell a user about an error that is ours: a sentence and how to report it. The trace goes to a file."""
    trace = "".join(traceback.format_exception(bug))
    if os.environ.get("AUDITC_TRACEBACK"):
        print(trace, file=sys.stderr)
    facts = f"auditc {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    try:
        handle, name = tempfile.mkstemp(prefix="auditc-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{facts}\n{trace}")
        where = f"The trace is in {name}; please send it with the command you gave."
    except OSError:
        where = "Set AUDITC_TRACEBACK=1 to see the trace."
    return f"this is a bug in auditc ({type(bug).__name__})", f"{facts}\n{where}\nNothing that was stored is lost."


def _open_plan(path: Path | None) -> tuple[Plan, Path]:
    """A plan and the folder its workspace lies in, or a refusal when it is stale or not what was compiled."""
    from auditc.compiler.lock import Lock, fresh
    from auditc.ir.plan import Plan

    plan_path = path or _last_plan()
    lock_path = _lock_of(plan_path)
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


def _lock_of(plan: Path) -> Path:
    """A plan's lock lies beside it: the lock of x.plan.json is x.lock."""
    if not plan.name or plan.is_dir():
        raise Refused(f"{plan} is a folder", "Name a plan: FILE.plan.json")
    return plan.with_name(plan.name.removesuffix(PLAN) + LOCK)


def _last_plan() -> Path:
    try:
        name = json.loads(LAST_PLAN.read_bytes())
    except (OSError, ValueError):
        name = None
    if not isinstance(name, str):
        raise Refused("no plan was compiled in this folder yet", "Compile a spec: auditc compile FILE.audit")
    return Path(name)


def _find_run(name: str | None) -> tuple[Run, Path]:
    """A run of the workspace of the plan compiled last here, and that workspace."""
    from auditc.runtime import runs

    workspace = _last_plan().parent / WORKSPACE
    try:
        return runs.find(workspace, name or "last"), workspace
    except runs.NoSuchRun as error:
        raise Refused(str(error)) from None


def _render(run: Run, formats: list[str] | None, languages: list[str] | None) -> dict[str, Path]:
    """The reports that the spec asks for, or those named."""
    from auditc.ir.plan import Render
    from auditc.reports import reports
    from auditc.reports._contract import Material

    plan = run.plan()
    asked = [stage for stage in plan.stages if isinstance(stage, Render)]
    wanted = {(f, lang) for stage in asked for f in formats or stage.formats for lang in languages or stage.languages}
    wanted |= {(f, lang) for f in formats or () for lang in languages or ("en",)}
    written = {}
    for form, language in sorted(wanted):
        if form not in reports.names():
            raise Refused(f"there is no report format {form}", f"It takes {', '.join(reports.names())}.")
        report = reports.take(form)
        if language not in report.languages:
            raise Refused(f"{form} is not written in {language}", f"It takes {', '.join(sorted(report.languages))}.")
        material = Material(plan, run.findings(), run.items(), run.record(), language)
        written[f"{form}.{language}"] = report.render(material, run.folder)
    return written


@contextmanager
def _world() -> Iterator[None]:
    """What the world did becomes one kind of error, with a remedy. A disk that is full is the world's doing too."""
    from auditc.backends._contract import BackendUnavailable
    from auditc.runtime import faults
    from auditc.weights._contract import WeightsUnavailable

    try:
        yield
    except faults.CannotBind as error:
        lines = [f"{_place(p.origin)}{p.message}" + (f": {p.help}" if p.help else "") for p in error.problems]
        raise WorldFailed("the plan cannot be run here", "\n".join(lines)) from error
    except faults.WorldFailed as error:
        raise WorldFailed(error.message, error.help) from error
    except (BackendUnavailable, WeightsUnavailable) as error:
        raise WorldFailed(str(error)) from error
    except OSError as error:
        raise WorldFailed(f"{error.strerror or error}", f"{error.filename or ''}") from error


def _place(origin: Origin | None) -> str:
    return f"{origin.file}:{origin.line}: " if origin else ""


def _write(path: Path, content: bytes) -> None:
    """Replace a file whole, or leave it as it was."""
    from auditc.runtime.journal import write_aside

    try:
        write_aside(path, content)
    except OSError as error:
        raise WorldFailed(f"{path} cannot be written: {error.strerror}") from error

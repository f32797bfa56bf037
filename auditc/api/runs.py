"""Running a plan, and what can be asked of a run afterwards: its reports, one answer of it, all of them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import Refused, world
from .plans import WORKSPACE, last_plan, open_plan

if TYPE_CHECKING:
    from auditc.ir.finding import Findings, RunRecord
    from auditc.runtime.runs import Run
    from auditc.runtime.show import Shown


class Gate(StrEnum):
    """What `--fail-on` takes."""

    CLAIMS = "claims"
    UNDECIDED = "undecided"
    MISSING = "missing"


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

    @property
    def untrained(self) -> tuple[str, ...]:
        """The models that could not be trained: what depends on them was not asked."""
        return tuple(stage["model"] for stage in self.record.stages if stage.get("training") == "failed")

    @property
    def replayed(self) -> dict[str, str]:
        """The models that were answered from a recording, with its digest."""
        rows = self.findings.models
        return {row.name: str(row.identity["recording"]) for row in rows if row.identity.get("engine") == "replay"}

    def gate(self, wanted: list[Gate]) -> bool:
        """Whether `--fail-on` asks for exit code 1."""
        found = {
            Gate.CLAIMS: any(claim.verdict == "fails" for claim in self.findings.claims),
            Gate.UNDECIDED: any(claim.verdict == "undecided" for claim in self.findings.claims),
            Gate.MISSING: any(tally.failed or tally.not_run for tally in self.findings.tallies),
        }
        return any(found[word] for word in wanted)

    @property
    def cautions(self) -> dict[str, list[str]]:
        """By model, why a training may have done no good; those of which that is so."""
        from auditc.runtime.training.card import cautions

        told = {row.model: list(cautions(row.curve, row.kept)) for row in self.findings.trainings}
        return {model: said for model, said in told.items() if said}

    def summary(self) -> dict[str, Any]:
        return {
            "run": self.record.run,
            "cells": self.record.cells,
            "seconds": self.record.seconds,
            "stopped": self.record.stopped,
            "probe": self.record.probe,
            "spent": self.record.spent.model_dump(),
            "replayed": self.replayed,
            "untrained": list(self.untrained),
            "cautions": self.cautions,
            "findings": str(self.folder / "findings.json"),
            "reports": {name: str(path) for name, path in self.reports.items()},
        }


def run(
    plan_path: Path | None,
    *,
    limit: int | None = None,
    show: str = "bar",
    replay: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Done:
    """Run a plan, judge its claims and write its reports. What is in the store already is not asked again.

    With `replay`, the models that the recording speaks of are answered from it; `say` is told so before anything is.
    """
    from auditc.evidence.conclude import conclude
    from auditc.runtime import execute, runs
    from auditc.runtime.budget import Limits
    from auditc.runtime.progress import reporter

    from .recordings import replaying

    plan, folder = open_plan(plan_path)
    with world():
        answered = replaying(plan, plan_path, replay)
    for sentence in answered.sentences() if show != "events" else ():
        say(sentence)
    with world(), runs.begin(folder / WORKSPACE, plan) as started, seldom_searched():
        with reporter(show) as progress:
            outcome = execute.run(
                answered.plan,
                folder / WORKSPACE,
                answered.here,
                limits=Limits(per_stage=limit),
                reporter=progress,
                logs=started.folder,
            )
        findings, items = conclude(
            plan,
            outcome.answers,
            models=outcome.models,
            assessed=outcome.assessed,
            probed=outcome.probed,
            trainings=outcome.trainings,
        )
        record = started.finish(outcome, findings, items)
        done = runs.Run(started.folder)
        return Done(record, findings, done.folder, _render(done, None, None))


@contextmanager
def seldom_searched() -> Iterator[None]:
    """While this lasts, Python seldom looks for garbage that refers to itself. A run makes millions of objects that die
    without being looked for, and looking through all that live, again and again, takes a third of some of its parts."""
    before = gc.get_threshold()
    gc.freeze()  # what was imported stays
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def render_again(name: str | None, formats: list[str] | None, languages: list[str] | None) -> dict[str, Path]:
    """Render a run's reports again, out of what the run wrote."""
    with world():
        return _render(find_run(name)[0], formats, languages)


def card(name: str, training: str) -> tuple[str, dict[str, Any]] | None:
    """The card of a model that was trained for a run, named by its stage or its model: for people, and as JSON. None
    where the run has no such training. Raises WorldFailed where the result is gone or is not what was written."""
    from auditc.runtime.training import results

    with world():
        run, workspace = find_run(name)
        rows = [row for row in run.findings().trainings if training in (row.stage, row.model)]
        return results.shown(workspace, rows[0]) if rows else None


def show(name: str, cell: str) -> Shown:
    """One stored answer: what was asked, how, what came back, and the line of the spec that asked."""
    from auditc.runtime import show as showing

    with world():
        try:
            return showing.show(*find_run(name), cell)
        except showing.NoSuchCell as error:
            raise Refused(str(error), "`auditc export` lists all cells of a run.") from None


def export_answers(name: str | None, output: Path) -> int:
    """Write a run's raw answers, a row for each cell, as CSV or Parquet; returns the number of rows."""
    from auditc.runtime.export import FORMS, export
    from auditc.runtime.show import every

    if output.suffix not in FORMS:
        raise Refused(f"{output.name} is neither CSV nor Parquet", "Name a file that ends in .csv or .parquet.")
    with world():
        return export(every(*find_run(name)), output)


def find_run(name: str | None) -> tuple[Run, Path]:
    """A run of the workspace of the plan compiled last here, and that workspace."""
    from auditc.runtime import runs

    workspace = last_plan().parent / WORKSPACE
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
        if not report.built:
            raise Refused(f"this auditc cannot write the report {form} yet", "It is declared, and not built.")
        if language not in report.languages:
            raise Refused(f"{form} is not written in {language}", f"It takes {', '.join(sorted(report.languages))}.")
        material = Material(plan, run.findings(), run.items(), run.record(), language)
        written[f"{form}.{language}"] = report.render(material, run.folder)
    return written

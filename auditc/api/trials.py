"""The tests that specs carry: each is run on simulated models in a folder of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditc.diagnostics import Sink, SpecRejected

from .faults import Refused, world

if TYPE_CHECKING:
    from auditc.ir.audit import Audit
    from auditc.ir.finding import Finding, Findings, Verdict
    from auditc.ir.plan import Plan
    from auditc.ir.trial import Expectation, Trial

HOW_TO = """For example: test like_people {
    says = "Models that answer like people bear the claim out"
    expect { my_claim = holds }
  }"""


@dataclass(frozen=True, slots=True)
class Compared:
    """One expectation and what came out. `why` is the figure and the interval that decided."""

    expectation: Expectation
    found: Verdict
    why: str

    @property
    def met(self) -> bool:
        return self.found in self.expectation.verdicts


@dataclass(frozen=True, slots=True)
class Tested:
    """One test that was run; `error` says why where it could not be."""

    file: Path
    trial: Trial
    compared: tuple[Compared, ...]
    seconds: float
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.error and all(each.met for each in self.compared)

    def summary(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "name": self.trial.name,
            "says": self.trial.says,
            "passed": self.passed,
            "expected": {each.name: list(each.verdicts) for each in self.trial.expects},
            "found": {each.expectation.name: each.found for each in self.compared},
            "why": {each.expectation.name: each.why for each in self.compared},
            "error": self.error,
            "seconds": round(self.seconds, 3),
            "origin": self.trial.origin.model_dump(),
        }


def test(files: list[Path], name: str | None = None) -> Iterator[Tested]:
    """Run the tests of specs, those whose name holds `name`, one after the other. Nothing is written beside a spec.

    All specs are checked before the first test is run. Raises SpecRejected with every mistake in any of them, Refused
    where there is no test to run.
    """
    audits = _checked(files)
    for file, audit in audits.items():
        if not audit.tests:
            raise Refused(f"{file} has no test", HOW_TO)
    chosen = [
        (file, audit, trial) for file, audit in audits.items() for trial in audit.tests if (name or "") in trial.name
    ]
    if not chosen:
        known = ", ".join(dict.fromkeys(trial.name for audit in audits.values() for trial in audit.tests))
        raise Refused(f"no test's name holds {name}", f"The tests are {known}.")
    return (_tested(file, audit, trial) for file, audit, trial in chosen)


def _checked(files: list[Path]) -> dict[Path, Audit]:
    from auditc.compiler.pipeline import check_spec

    audits, rejected = {}, []
    for file in files:
        sink = Sink()
        try:
            audits[file] = check_spec(file, sink)
        except SpecRejected as error:
            rejected += [d for d in error.diagnostics if d not in rejected]
    if rejected:
        raise SpecRejected(tuple(rejected))
    return audits


def _tested(file: Path, audit: Audit, trial: Trial) -> Tested:
    from auditc.compiler.standins import trial_plan
    from auditc.runtime.faults import CannotBind

    start = time.perf_counter()
    plan = trial_plan(audit, trial)
    error = _untestable(plan)
    compared: tuple[Compared, ...] = ()
    if not error:
        with world():
            try:
                compared = _compared(_found(plan), trial.expects)
            except CannotBind as failed:
                error = "; ".join(f"{p.message}: {p.help}" if p.help else p.message for p in failed.problems)
    return Tested(file, trial, compared, time.perf_counter() - start, error)


def _untestable(plan: Plan) -> str:
    """What of a plan needs more than simulated models; empty when nothing does."""
    from auditc.ir.plan import Assess, Compare, Judge, Measure, Questioning

    kinds = (Questioning, Assess, Measure, Judge, Compare)
    stages = [f"`{stage.name}`" for stage in plan.stages if not isinstance(stage, kinds)]
    real = [f"`{name}`" for name, model in plan.models.items() if model.backend.kind != "simulated"]
    said = f"no stand-in can do {', '.join(stages)}" if stages else ""
    return said or (f"nothing stands in for {', '.join(real)}" if real else "")


def _found(plan: Plan) -> Findings:
    """What the plan's run finds. Nothing of it stays."""
    from auditc.evidence.conclude import conclude
    from auditc.runtime import execute

    with tempfile.TemporaryDirectory(prefix="auditc-test-") as folder:
        outcome = execute.run(plan, Path(folder), here={})
    if outcome.stopped:
        raise KeyboardInterrupt
    return conclude(plan, outcome.answers, models=outcome.models, assessed=outcome.assessed)[0]


def _compared(findings: Findings, expects: tuple[Expectation, ...]) -> tuple[Compared, ...]:
    claimed = {claim.claim: claim.holds for claim in findings.claims}
    parts: dict[str, list[Finding]] = {claim: [] for claim in claimed}
    for finding in findings.findings:
        if finding.claim is not None:
            parts[finding.claim].append(finding)
    return tuple([_compare(each, parts[each.claim], claimed[each.claim]) for each in expects])


def _compare(expected: Expectation, parts: list[Finding], claimed: str) -> Compared:
    """The verdict out of the parts that the expectation is about, and the first part that decided it."""
    from auditc.evidence.verdicts import together

    mine = [part for part in parts if not expected.axis or getattr(part, expected.axis) == expected.value]
    found = together([part.verdict for part in mine])
    decided = [part for part in mine if part.verdict == found]
    return Compared(expected, found, f"{_why(decided[0])}, and claimed is {claimed}" if decided else "it has no part")


def _why(part: Finding) -> str:
    """The figure of a part and its interval: `gemma3, cn: 0.739 (0.703 to 0.778)`."""
    place = ", ".join(part.id.split("/")[1:])
    said = [note.removeprefix("undecided: ") for note in part.notes if note.startswith("undecided: ")]
    if part.estimate is not None:
        ends = "" if part.low is None or part.high is None else f" ({part.low:.3g} to {part.high:.3g})"
        said.insert(0, f"{part.estimate:.3g}{ends}")
    return f"{place}: {', '.join(said)}" if place else ", ".join(said)

"""Carries the trainings of a run out, before anything is asked: one after the other, each in a process of its own.

They come first because nothing else has to be there for them: what would go wrong with them does so at the start, no
engine takes up memory meanwhile, and models that share a base are asked one after the other. A training that fails ends
no run: what does not need its model is asked and reported, and cells of its model are `not_run`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from auditc import __version__
from auditc.diagnostics.cells import clean
from auditc.ir.finding import TrainingRow
from auditc.ir.plan import Plan, Train
from auditc.ir.training import Job, NotTrained, Progress, Trained
from auditc.weights._contract import WeightsUnavailable

from ..bind import Bound, bind_one
from ..budget import Meter
from ..events import Reporter
from ..faults import CannotBind, Problem, WorldFailed
from ..interrupts import Stop
from ..ledger import Took, entry
from ..models import Ready
from ..windows import Windows
from . import results, trainer
from .card import Card, cautions, row
from .examples import parameters, settings
from .forecast import pace_of
from .resolve import Ahead, Resolved, ahead, refuse_too_large

OTHERWISE: Final = frozenset({"out_of_memory", "diverged"})
"""Reasons for which a training has to go about it otherwise."""

AGAIN: Final = frozenset({"disk_full", "worker_died", "timeout"})
"""Reasons for which a training that is the same may well come to its end the next time."""


@dataclass(slots=True)
class Pace:
    """How long a step takes, looks at the valid part among them; the opening of the model is before the first."""

    _first: tuple[int, float] | None = None
    _last: tuple[int, float] | None = None

    def note(self, step: int) -> None:
        """A step is done, or was looked at."""
        self._last = (step, time.monotonic())
        self._first = self._first or self._last

    @property
    def seconds(self) -> float | None:
        """Of a step; None before a second one."""
        if self._first is None or self._last is None or self._last[0] <= self._first[0]:
            return None
        return (self._last[1] - self._first[1]) / (self._last[0] - self._first[0])


@dataclass(slots=True, eq=False)
class Trainings:
    """The trainings of one run. `cards` are those whose model is there, by stage; `failed` says of the others what
    happened and what to do."""

    plan: Plan
    folder: Path
    found: Resolved
    reporter: Reporter
    meter: Meter
    stop: Stop
    logs: Path
    cards: dict[str, Card] = field(default_factory=dict)
    failed: dict[str, NotTrained] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    """The models that this run does not train, because it is a trial or may ask nothing."""
    _paces: dict[str, Pace] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)

    def carry_out(self, bound: dict[str, Bound], windows: Windows) -> dict[str, Bound]:
        """Train what is ahead; the models of the plan as they are bound from then on. One that could not be made goes
        on awaiting its training."""
        self.cards |= self.found.cards
        here = dict(self.found.here)
        for stage in (stage for stage in self.plan.stages if isinstance(stage, Train)):
            if stage.name in self.cards:
                self._note(stage, 0.0, "reused")
                self._finished(stage, 0.0, "reused")
            elif stage in self.found.lacking and self._trial:
                self.held.append(stage.model)
                self._note(stage, 0.0, "not run")
            elif stage in self.found.lacking:
                base = here[stage.base]
                assert isinstance(base, Ready)
                card = self._one(stage, base)
                if card is None:
                    continue
                here[stage.model] = made = results.ready(self.folder, card, base)
                if stage.model in bound:
                    again = bind_one(self.plan, stage.model, made, stage.origin, windows)
                    if isinstance(again, Problem):
                        self.failed[stage.name] = NotTrained("engine", again.message, again.help)
                    else:
                        bound = {**bound, stage.model: again}
        return bound

    @property
    def rows(self) -> tuple[TrainingRow, ...]:
        """What findings say of the trainings whose model is there."""
        stages = (stage for stage in self.plan.stages if isinstance(stage, Train))
        return tuple(row(self.plan, stage, self.cards[stage.name]) for stage in stages if stage.name in self.cards)

    @property
    def why(self) -> str:
        """Which models were not made, and why; empty where all were."""
        made = {stage.name: stage.model for stage in self.plan.stages if isinstance(stage, Train)}
        said = [f"model `{made[name]}` was not trained: {_sentence(fault)}" for name, fault in self.failed.items()]
        if self.held:
            names = ", ".join(f"`{name}`" for name in self.held)
            said.append(f"{self._trial} trains nothing: {names} {'is' if len(self.held) == 1 else 'are'} not there yet")
        return "; ".join(said)

    @property
    def _trial(self) -> str:
        """Why this run trains nothing; empty where it does. Nobody who tries a few cells waits an hour for them."""
        if self.meter.limits.per_stage is not None:
            return "a dry run"
        return "a budget of no cells" if self.meter.limits.cells == 0 else ""

    def _one(self, stage: Train, base: Ready) -> Card | None:
        """Carry one training out; None where it failed, or the run is to stop."""
        started, recipe = time.monotonic(), ""
        if self._stopping():
            self._note(stage, 0.0, "not run")
            return None
        try:
            if base.awaits:
                raise NotTrained("base", f"`{stage.base}`, which it is made of, was not trained")
            job = self.found.ready.get(stage.name)
            job = job or ahead(self.plan, stage, base, self.found.examples[stage.name], self.found.machine)
            recipe = job.recipe
            card, how = self._trained(job)
        except trainer.Stopped:
            left = self._what_is_left(recipe)
            self._note(stage, time.monotonic() - started, "stopped", left)
            self._finished(stage, time.monotonic() - started, f"stopped; {left}")
            self.stop.tell(self.meter.stopped)
            return None
        except (CannotBind, NotTrained, WorldFailed) as fault:
            failed = fault if isinstance(fault, NotTrained) else NotTrained("engine", fault.message, fault.help)
            self.failed[stage.name] = failed = self._with_what_is_left(failed, recipe)
            self._note(stage, time.monotonic() - started, "failed", failed.reason)
            self._finished(stage, time.monotonic() - started, f"failed: {failed.message}")
            return None
        self.cards[stage.name] = card
        seconds = time.monotonic() - started
        self._note(stage, seconds, how)
        self._finished(stage, seconds, how)
        return card

    def _finished(self, stage: Train, seconds: float, how: str) -> None:
        card = self.cards.get(stage.name)
        told = cautions(card.curve, card.kept) if card else ()
        self.reporter.training_finished(stage.name, seconds, how, told)

    def _trained(self, job: Ahead) -> tuple[Card, str]:
        """The card of a training, and whether it is `trained` now or was there. Raises NotTrained, Stopped, Damaged."""
        there = results.read(self.folder, job.recipe)  # of a chain, nobody knew the recipe before
        if there is not None:
            return there, "reused"
        stage, began = job.stage, time.monotonic()
        if stage.name not in self.found.ready:  # only now it is known what it begins with
            refuse_too_large(self.plan, job, self.found.machine)
        learnt = job.examples
        self.reporter.training_started(stage.name, stage.model, learnt.size, len(learnt.valid))
        name = (self.plan.name, stage.name)
        with results.aside(self.folder, job.recipe, name) as work:
            result = work / "model"
            asked = Job(
                objective=stage.objective.kind,
                params=parameters(stage),
                examples=learnt.train,
                valid=learnt.valid,
                settings=settings(stage),
                checkpoints=str(results.checkpoints(self.folder, job.recipe).resolve()),
                result=str(result.resolve()),
            )
            log = self.logs / f"worker-train-{self._number(stage)}.log"
            done = trainer.train(job.base, asked, log, self._tell(stage), self._stopping)
            card = _card(job, done, result, time.monotonic() - began)
            results.finish(self.folder, work, card, name)
        return card, "gone on with" if done.begun else "trained"

    def _with_what_is_left(self, fault: NotTrained, recipe: str) -> NotTrained:
        """With what the next run finds of a training that failed for no fault of its own."""
        if fault.reason not in AGAIN or not recipe:
            return fault
        left = self._what_is_left(recipe)
        return NotTrained(fault.reason, fault.message, "; ".join(filter(None, (left, fault.help))))

    def _what_is_left(self, recipe: str) -> str:
        step = results.begun(self.folder, recipe)
        there = f"the next run goes on after step {step:,}, from its last checkpoint"
        return there if step else "there is no checkpoint of it yet: the next run begins anew"

    def _number(self, stage: Train) -> int:
        """A name comes from a plan, and is no name for a file."""
        return [each.name for each in self.plan.stages if isinstance(each, Train)].index(stage.name) + 1

    def _tell(self, stage: Train) -> Callable[[Progress], None]:
        pace = self._paces[stage.name] = Pace()

        def tell(progress: Progress) -> None:
            pace.note(progress.step)
            self.reporter.training(stage.name, progress)

        return tell

    def _stopping(self) -> bool:
        """Whether the run is to stop: somebody wants it, or the budget in time is spent."""
        if not self.meter.stopped and self.stop:
            self.meter.stopped = self.stop.why
        self.meter.admit(())
        return bool(self.meter.stopped)

    def _note(self, stage: Train, seconds: float, how: str, reason: str = "") -> None:
        """An entry of the run's record."""
        card = self.cards.get(stage.name)
        learnt = self.found.examples.get(stage.name)
        more = {
            "examples": learnt.size if learnt else 0,
            "steps": card.done if card else 0,
            "step_seconds": self._paces[stage.name].seconds if stage.name in self._paces else None,
            **pace_of(stage),
            "recipe": card.recipe if card else "",
            "training": how,
            "reason": reason,
        }
        self.records.append(entry(stage, Took(0, seconds=seconds), more))


def _sentence(fault: NotTrained) -> str:
    """What happened and what to do, within a sentence."""
    remedy = fault.help[:1].lower() + fault.help[1:].rstrip(".")
    if fault.reason in OTHERWISE:
        remedy += f" {trainer.ANEW}"
    return clean(": ".join(filter(None, (fault.message.rstrip("."), remedy.strip()))))


def _card(job: Ahead, done: Trained, result: Path, seconds: float) -> Card:
    """Raises NotTrained where what came is no model."""
    try:
        made = results.told(result)
    except (ValueError, WeightsUnavailable) as fault:
        raise NotTrained("engine", f"the training brought no model that can be read: {fault}") from None
    base = job.ready
    before = (base.weights_digest, *([base.adapter.weights_digest] if base.adapter else []))
    earlier = base.lineage or ()
    lineage = (*earlier, *(digest for digest in before if digest not in earlier))
    return Card(
        recipe=job.recipe,
        inputs=job.inputs,
        lineage=lineage,
        licence=base.licence,
        examples=done.examples,
        valid=done.valid,
        parameters=done.parameters,
        trainable=done.trainable,
        versions=done.versions,
        curve=done.curve,
        losses=done.losses,
        kept=done.kept,
        stopped=done.stopped,
        form="adapter" if made.form == "adapter" else "weights",
        weights=made.weights,
        tensors=made.tensors,
        files=made.files,
        made=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        seconds=round(seconds, 3),
        auditc=__version__,
    ).sealed()

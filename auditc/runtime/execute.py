"""Carries a plan out: what is stored answers first, the rest is asked, and what comes back is stored at once.

While a batch is asked, the next one is worded and the last one is put on disk. A run that is stopped, by a budget or by
Ctrl-C, walks on to its end without asking, so that whatever is stored already still counts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditc.backends._contract import Identity
from auditc.ir.answers import Answers
from auditc.ir.assessed import Assessed
from auditc.ir.exchange import Failure, Reply
from auditc.ir.finding import ModelRow, Spent, TrainingRow
from auditc.ir.plan import Asked, Plan
from auditc.ir.probed import Probed

from . import probe
from .asking import Ask
from .bind import Bound, Here, bind, located
from .budget import Limits, Meter
from .cells import count_cells
from .events import Reporter
from .fingerprint import fingerprint
from .gather import Counts, assessed, gather
from .interrupts import Stop, interrupts
from .lane import GRACE, Flight, Lane
from .ledger import Ledger, Took, entry
from .opening import refuse_what_cannot_be_opened
from .schedule import Party, parties
from .segment import Given
from .sheets import AssessSheet, Sheet, walked
from .store import Store
from .testimony import testified
from .training.resolve import resolve
from .training.trainings import Trainings
from .walk import ROUND, walk
from .windows import Windows
from .workers.answering import Cancelled


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run brought. `cells`: planned = reused + asked + not_run; asked = answered + refused + unparsable +
    failed; `shared` of those reused were asked with another cell. `answers` hold what is stored, reused and
    asked alike. `stopped` says why the run ended early."""

    answers: tuple[Answers, ...]
    sheets: tuple[Sheet, ...]
    cells: dict[str, int]
    stages: tuple[dict[str, Any], ...]
    models: tuple[ModelRow, ...]
    seconds: float
    stopped: str
    unanswered: Mapping[bytes, str]
    """What became of the cells that were walked over and have no answer: `failed` or `not run`, by key."""
    spent: Spent
    assessed: tuple[Assessed, ...] = ()
    probed: tuple[Probed, ...] = ()
    probe: Mapping[str, int] = field(default_factory=dict)
    """Second answers: `cells` = `reused` + `asked` + `not_run`; empty where the plan has no probe."""
    second: Mapping[str, str] = field(default_factory=dict)
    """What became of the second answer, by the hexadecimal key of the first: `answered`, `failed`, `not run`."""
    trainings: tuple[TrainingRow, ...] = ()

    @property
    def failed(self) -> int:
        """Cells that were asked and brought no answer."""
        return self.cells["failed"]


def run(
    plan: Plan,
    folder: Path,
    here: Mapping[str, Here] | None = None,
    *,
    limits: Limits | None = None,
    reporter: Reporter | None = None,
    logs: Path | None = None,
) -> Outcome:
    """Carry out a plan in a workspace folder. Raises WorldFailed in one of its kinds.

    `here` are the weights on this machine, found out if not said. `logs` is where workers' own output goes.
    """
    reporter = reporter or Reporter()
    windows = Windows.read(folder)
    found = resolve(plan, folder, located(plan) if here is None else here)
    bound = bind(plan, found.here, windows, found.problems)
    ordered = parties(plan)
    meter = Meter((limits or Limits()).within(plan.budget))
    reporter.run_started(plan, {stage.name: count_cells(stage, plan) for party in ordered for stage in party})
    for name, one in bound.items():
        if windows.before(window := one.identity.get("window")):
            reporter.going_on(name, str(window))
    with Store.open(folder / "store", write=True) as store, interrupts(reporter.stopping) as stop:
        refuse_what_cannot_be_opened(plan, bound, store)
        windows.begin()
        trainings = Trainings(plan, folder, found, reporter, meter, stop, logs or folder / "logs")
        bound = trainings.carry_out(bound, windows)
        work = _Run(plan, store, reporter, meter, stop, bound, logs or folder / "logs", Ledger(reporter))
        try:
            done = []
            for party, following in zip(ordered, (*ordered[1:], None), strict=True):
                done += work.ask(party)
                if following is None or following[0].model != party[0].model:
                    work.probe(party[0].model)
        finally:
            work.close()
        store.flush()
        outcome = work.outcome(done, trainings)
        if not meter.stopped:
            store.compact()
        if not meter.stopped and not outcome.failed:
            windows.end()
    reporter.run_finished(outcome.cells, meter.seconds)
    return outcome


def _card(plan: Plan, bound: Bound, done: Sequence[tuple[Sheet, dict[str, Any]]], store: Store) -> ModelRow:
    """Who answered; of a hosted model also what its answers came with."""
    card = bound.card(plan.models[bound.name])
    if not bound.backend.hosted:
        return card
    return testified(
        card, (key for sheet, _ in done if sheet.stage.model == bound.name for key in walked(sheet)), store
    )


def _limited(limits: Limits, total: Counts, records: Sequence[Mapping[str, Any]]) -> str:
    """That this was a trial, and of which stages it took another number of cells, for participants are taken whole."""
    if not total.not_run:
        return ""
    most = limits.per_stage or 0
    took = [(each["name"], each["planned"] - each["not_run"], each["planned"]) for each in records]
    other = [f"{cells:,} of {name}" for name, cells, planned in took if cells != min(most, planned)]
    if len(other) > 3:
        other = [*other[:3], f"{len(other) - 3:,} more stages"]
    said = f" (taking whole participants: {', '.join(other)})" if other else ""
    return f"a dry run of {most:,} cells a stage{said}"


@dataclass(slots=True, eq=False)
class _Run:
    """What the stages of one run share."""

    plan: Plan
    store: Store
    reporter: Reporter
    meter: Meter
    stop: Stop
    bound: Mapping[str, Bound]
    logs: Path
    ledger: Ledger
    fresh: dict[bytes, str] = field(default_factory=dict)
    """Keys asked in this run, each with the stage that it was asked for: of several that share a cell, the first."""
    samples: dict[str, probe.Sample] = field(default_factory=dict)
    """The cells that are probed, by stage; none in a plan without a probe."""
    sheets: dict[str, Sheet] = field(default_factory=dict)
    """Of the stages that were walked over, by name."""
    _failed: dict[bytes, Failure] = field(default_factory=dict)
    _probed: set[str] = field(default_factory=set)
    _lane: Lane | None = None

    def reply(self, key: bytes) -> Reply | None:
        """The answer to a cell, of this run or an earlier one, or this run's failure."""
        return self.store.get(key) or self._failed.get(key)

    def ask(self, party: Party) -> list[tuple[Sheet, dict[str, Any]]]:
        """Ask what the stages of a party lack."""
        started, bound, limit = time.monotonic(), self.bound[party[0].model], self.meter.limits.per_stage
        identity, size = bound.identity, bound.flow.batch
        sheets, batches = walk(self.plan, party, identity, self.reply, size, limit, before=self.sheets)
        batches = iter(()) if bound.awaits else batches  # there is no such model
        self.sheets |= {sheet.stage.name: sheet for sheet in sheets}
        self.ledger.begin({sheet.stage.name: self._cells(sheet) for sheet in sheets})
        if self.plan.probe and bound.backend.anew and probe.probed_at_all(party[0]):
            sampled = {stage.name: probe.Sample(stage, self.plan.probe, self.plan.seed) for stage in party}
            self.samples |= sampled
            batches = probe.watch(sampled, batches)
        self._ask(bound.name, batches)
        took = self.ledger.end(time.monotonic() - started)
        return [(sheet, self._entry(sheet.stage, identity, took[sheet.stage.name])) for sheet in sheets]

    def _entry(self, stage: Asked, identity: Identity, took: Took) -> dict[str, Any]:
        return entry(stage, took, {"asks": fingerprint(self.plan, stage, identity)})

    def _cells(self, sheet: Sheet) -> int:
        """How many cells a stage has, now that it is known what a judge has to read."""
        return len(sheet.looks) if isinstance(sheet, AssessSheet) else count_cells(sheet.stage, self.plan)

    def probe(self, model: str) -> None:
        """Put the sample of the stages that have just been asked to their model once more, while it is loaded."""
        samples = [
            one for one in self.samples.values() if one.stage.model == model and one.stage.name not in self._probed
        ]
        self._probed.update(one.stage.name for one in samples)
        cells = sum(probe.sound(self.reply(ask.key)) for one in samples for ask in one.asks())
        if not cells:
            return
        started = time.monotonic()
        self.ledger.begin({probe.NAME.format(model): cells})
        self._ask(model, probe.batches(samples, self.bound[model].flow.batch, self.reply))
        self.ledger.end(time.monotonic() - started)

    def outcome(self, done: Sequence[tuple[Sheet, dict[str, Any]]], trainings: Trainings) -> Outcome:
        """What the run brought, once all that can be asked has been."""
        plan, meter, store = self.plan, self.meter, self.store
        answers, records, total = [], [], Counts()
        for sheet, record in done:
            gathered, counts = gather(plan, sheet, self.reply, self.fresh)
            answers.extend(gathered)
            total += counts
            records.append(record | counts.as_dict())
        keys = {key for sheet, _ in done for key in walked(sheet) if key not in store}
        there = [record for record in records if not self.bound[record["model"]].awaits]
        limited = _limited(meter.limits, total, there) if meter.limits.per_stage is not None else ""
        samples = list(self.samples.values())
        sampled = [(sheet, self.samples[sheet.stage.name]) for sheet, _ in done if sheet.stage.name in self.samples]
        return Outcome(
            answers=tuple(answers),
            sheets=tuple(sheet for sheet, _ in done),
            cells=total.as_dict(),
            stages=(*(record | Counts().as_dict() for record in trainings.records), *records),
            models=tuple(_card(plan, self.bound[name], done, store) for name in plan.models if name in self.bound),
            seconds=meter.seconds,
            stopped="; ".join(filter(None, (trainings.why, meter.stopped or limited))),
            unanswered={key: "not run" if self.reply(key) is None else "failed" for key in keys},
            spent=meter.spent,
            assessed=tuple(found for sheet, _ in done for found in assessed(plan, sheet, self.reply)),
            probed=tuple(probe.probed(plan, sample, sheet, self.reply) for sheet, sample in sampled),
            probe=probe.count(samples, self.reply, self.fresh.keys()).as_dict() if samples else {},
            second=probe.statuses(samples, self.reply),
            trainings=trainings.rows,
        )

    def close(self) -> None:
        if self._lane is not None:
            self._lane.close()
            self._lane = None

    def _ask(self, model: str, batches: Iterator[list[Ask] | None]) -> None:
        """Ask a model what these batches lack."""
        flying: dict[Flight, list[Ask]] = {}
        at_once = self.bound[model].flow.at_once
        for batch in batches:
            if batch is ROUND:
                self._land(model, flying, 0)
                continue
            lacking = self._lacking(batch)
            if len(lacking) < len(batch):
                new = [ask for ask in batch if ask.key in self.fresh or ask.key not in self.store]
                there, shared = (_by_stage(asks) - _by_stage(lacking) for asks in (batch, new))
                self.ledger.reuse(there, shared, self.meter.spent)
            while lacking:
                wanted = self._admitted(lacking, model)
                lacking = [] if self.meter.stopped else lacking[len(wanted) :]
                if wanted:
                    self._put(model, wanted, flying)
                if lacking:  # there may be room for the rest once it is known what those in flight took
                    self._land(model, flying, 0)
            self._land(model, flying, at_once - 1)
        self._land(model, flying, 0)

    def _put(self, model: str, wanted: list[Ask], flying: dict[Flight, list[Ask]]) -> None:
        """Send a batch on its way; the model may have to be opened for it. A process that opens it is ended where the
        run is to stop meanwhile; within this one it is waited for."""
        with self.stop.waiting(f"until {model} is open" if self.bound[model].backend.in_process else ""):
            try:
                flying[self._lane_to(model).put([ask.request for ask in wanted])] = wanted
            except Cancelled:
                self._take(model, wanted, None)

    def _lacking(self, batch: list[Ask]) -> list[Ask]:
        """What of a batch is neither stored nor on its way."""
        lacking: dict[bytes, Ask] = {}
        for ask in batch:
            if ask.key not in self.store and ask.key not in self.fresh:
                lacking.setdefault(ask.key, ask)
        return list(lacking.values())

    def _admitted(self, lacking: list[Ask], model: str) -> list[Ask]:
        """What may be asked now, as far as the budget and the person at the keyboard go."""
        before = self.meter.stopped
        self._heed()
        admitted = self.meter.admit(lacking, self.plan.models[model].price)
        if self.meter.stopped and not before:
            self.stop.tell(self.meter.stopped)
        self.fresh.update((ask.key, ask.stage.name) for ask in admitted)
        return admitted

    def _heed(self) -> None:
        """Note that the person at the keyboard wants the run to stop, unless something else stopped it before."""
        self.meter.stopped = self.meter.stopped or self.stop.why

    def _land(self, model: str, flying: dict[Flight, list[Ask]], leave: int) -> None:
        """Take in what has been answered, until no more than `leave` batches are in flight. For a batch that a model
        here computes a budget in time waits; a job of somebody else's, or a rest that a server asks for, may take a
        day."""
        hosted = self.bound[model].backend.hosted

        def stopping() -> bool:
            return bool(self.stop) or (hosted and self.meter.late())

        while len(flying) > leave:
            assert self._lane is not None
            with self.stop.waiting(f"for answers that are on their way, {GRACE:.0f} s at most"):
                landed = self._lane.landed(flying, stopping)
            for flight, replies in landed.items():
                self._take(model, flying.pop(flight), replies)

    def _take(self, model: str, asks: list[Ask], replies: list[Reply] | None) -> None:
        """Store the replies to a batch; None where it was given up."""
        self.meter.land(asks, replies or (), self.plan.models[model].price)
        if replies is None:
            if not self.meter.stopped:
                self._heed()
                self.meter.admit(())
                self.stop.tell(self.meter.stopped)
            for ask in asks:
                del self.fresh[ask.key]
            self.meter.asked -= len(asks)
            return
        answered = list(zip(asks, replies, strict=True))
        self.store.append(
            [Given(ask.key, ask.stage.kind, ask.request.prompt, ask.settings, reply) for ask, reply in answered]
        )
        self._failed.update({ask.key: reply for ask, reply in answered if isinstance(reply, Failure)})
        self.ledger.land(asks, replies, self.meter.spent)

    def _lane_to(self, model: str) -> Lane:
        wanted, lane = self.bound[model], self._lane
        if lane is not None and lane.bound.name != model and not (wanted.shares(lane.bound) and lane.become(wanted)):
            self.close()
        if self._lane is None:
            # By number: a name comes from a plan, and is no name for a file.
            log = self.logs / f"worker-{list(self.plan.models).index(model) + 1}.log"
            self._lane = Lane(wanted, log, self.reporter.opening, self.reporter.waiting, lambda: bool(self.stop))
        return self._lane


def _by_stage(asks: Sequence[Ask]) -> Counter[str]:
    return Counter(ask.stage.name for ask in asks)

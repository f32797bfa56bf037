"""What a run would ask: cells, what is stored already, tokens and time, and why anything is asked again.

The walk is the run's own, so what it calls stored will not be asked. Of a very large plan a sample is walked over, and
the figures say that they are estimates. Tokens are counted by rule of thumb until an earlier run has measured them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auditc.ir.plan import Asked, Escalate, Plan
from auditc.ir.values import Money

from . import runs
from .assessing import assess_asking
from .bind import Bound, Here, located, look
from .budget import cost
from .cells import count_cells
from .faults import Problem, WorldFailed
from .fingerprint import changes, fingerprint
from .memory import Room, rooms
from .opening import obstacles
from .probe import Sample, probed_at_all, second, watch
from .room import tight
from .schedule import stages
from .sheets import AssessSheet, ConverseSheet, Sheet
from .store import Store
from .tokens import about
from .training.forecast import TrainingForecast, trainings
from .training.resolve import resolve
from .walk import walk
from .windows import Windows

EXACT = 200_000
"""Stages of more cells than this are estimated from as many of them."""


@dataclass(frozen=True, slots=True)
class StageForecast:
    """One stage. `seconds` is None where no earlier run has measured it. `tokens_out` is an upper bound; so is
    `to_run` of participants who remember: past a turn that is not stored, nobody knows which turns are."""

    name: str
    kind: str
    model: str
    cells: int
    cached: int
    to_run: int
    why: tuple[str, ...]
    tokens_in: int
    tokens_out: int
    seconds: float | None
    estimated: bool
    at_most: bool
    """`to_run` is an upper bound."""
    shared: int = 0
    """Cells that ask word for word what others of the plan do, and are asked with them; cells = cached + shared +
    to_run."""
    probed: int = 0
    """Cells of the probe that are to be asked a second time: in tokens, time and money they are counted."""
    money: Money | None = None
    """What the provider would bill for what is to run; None where the spec gives no price."""
    counted: bool = True
    """Whether its cells are known; nobody counts what cannot run."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A whole plan. `problems` is what would make a run refuse to start."""

    stages: tuple[StageForecast, ...]
    problems: tuple[Problem, ...]
    rooms: tuple[Room, ...] = ()
    """The memory that each model needs, and what there is."""
    warnings: tuple[str, ...] = ()
    """What the run will miss or do in vain, and can be known before."""
    trainings: tuple[TrainingForecast, ...] = ()

    @property
    def cells(self) -> dict[str, int]:
        """Cells of all stages: total, cached, shared, to run."""
        return {
            "total": sum(stage.cells for stage in self.stages),
            "cached": sum(stage.cached for stage in self.stages),
            "shared": sum(stage.shared for stage in self.stages),
            "to_run": sum(stage.to_run for stage in self.stages),
        }

    @property
    def probed(self) -> int:
        """Cells that are to be asked a second time."""
        return sum(stage.probed for stage in self.stages)

    @property
    def tokens(self) -> dict[str, int]:
        """Tokens of what is to run."""
        return {
            "in": sum(stage.tokens_in for stage in self.stages),
            "out": sum(stage.tokens_out for stage in self.stages),
        }

    @property
    def money(self) -> dict[str, float]:
        """What is to run costs, by currency."""
        total: dict[str, float] = {}
        for stage in self.stages:
            if stage.money is not None:
                total[stage.money.currency] = total.get(stage.money.currency, 0.0) + stage.money.amount
        return total


def forecast(plan: Plan, workspace: Path, here: Mapping[str, Here] | None = None) -> Forecast:
    """What a run of the plan in this workspace would ask. Raises StoreFailed where the store cannot be read."""
    learnt = resolve(plan, workspace, located(plan) if here is None else here)
    bound, problems = look(plan, learnt.here, Windows.read(workspace))
    earlier = [record for run in runs.ended(workspace) for record in _records(run)]
    with Store.open(workspace / "store", write=False) as store:
        sheets: dict[str, Sheet] = {}
        met: set[bytes] = set()
        found = tuple(
            _stage(plan, stage, bound.get(stage.model), store, earlier, sheets, met) for stage in stages(plan)
        )
        problems += obstacles(plan, bound, store)
    later = tuple(_not_built(stage) for stage in plan.stages if isinstance(stage, Escalate))
    told = trainings(plan, learnt, earlier)
    doubts = (*tight(plan, bound), *learnt.doubts)
    return Forecast((*found, *later), (*problems, *learnt.problems), rooms(bound), doubts, told)


def _not_built(stage: Escalate) -> StageForecast:
    """A stage that cannot run yet."""
    nothing = StageForecast(stage.name, stage.kind, stage.model, 0, 0, 0, ("not built",), 0, 0, None, False, False)
    return replace(nothing, counted=False)


def _records(run: runs.Run) -> tuple[dict[str, Any], ...]:
    """What a run measured; nothing where its record is damaged: a forecast can do without."""
    try:
        return run.record().stages
    except WorldFailed:
        return ()


def _stage(
    plan: Plan,
    stage: Asked,
    bound: Bound | None,
    store: Store,
    earlier: list[dict[str, Any]],
    sheets: dict[str, Sheet],
    met: set[bytes],
) -> StageForecast:
    """`sheets` are those of the stages before it that could be walked over, and `met` the keys that it and those before
    it ask; it adds its own to both."""
    cells = count_cells(stage, plan)
    before = _nearest(stage, earlier)
    # A model that answers from a recording is not probed.
    share = plan.probe if probed_at_all(stage) and (bound is None or bound.backend.anew) else 0.0
    cached, shared, tokens_in, probed = 0, 0, 0, round(share * cells)
    if bound is not None:
        cells, cached, shared, tokens_in, probed = _walked(plan, stage, bound, store, share, sheets, met)
    to_run = cells - cached - shared
    asks = to_run + probed
    # A server writes a token, and counts it, to tell how probable it is.
    most = 0 if stage.kind == "predict" else int(bound is not None and bound.backend.hosted)
    if stage.kind in ("converse", "assess"):
        most = stage.max_new_tokens
    seconds = None
    if before is not None and before.get("asked"):
        tokens_in = round(asks * before["tokens_in"] / before["asked"])
        seconds = round(asks * before["seconds"] / before["asked"], 1)
    price = plan.models[stage.model].price
    return StageForecast(
        name=stage.name,
        kind=stage.kind,
        model=stage.model,
        cells=cells,
        cached=cached,
        to_run=to_run,
        shared=shared,
        why=_why(plan, stage, bound, before, cached, cells),
        tokens_in=tokens_in,
        tokens_out=asks * most,
        seconds=seconds,
        estimated=cells > EXACT,
        probed=probed,
        at_most=to_run > 0 and _unknown(stage),
        money=None
        if price is None
        else Money(amount=cost(price, tokens_in, asks * most), currency=price.input.currency),
    )


def _unknown(stage: Asked) -> bool:
    """Whether what is asked hangs on answers that may not be there yet."""
    return stage.kind == "assess" or (stage.kind == "converse" and stage.memory.high > 0)


def _walked(
    plan: Plan, stage: Asked, bound: Bound, store: Store, share: float, sheets: dict[str, Sheet], known: set[bytes]
) -> tuple[int, int, int, int, int]:
    """How many cells there are, how many of them are stored, how many others share the key of one that is asked before
    them, about how many tokens the rest take in, those of the probe too, and how many those are. A first answer that is
    missing is taken to come."""
    cells = count_cells(stage, plan)
    limit = EXACT if cells > EXACT else None
    (sheet,), batches = walk(plan, (stage,), bound.identity, store.get, bound.flow.batch, limit, before=sheets)
    sheets[stage.name] = sheet
    cells = len(sheet.looks) if isinstance(sheet, AssessSheet) else cells
    sample = Sample(stage, share, plan.seed)
    met = cached = shared = tokens = 0
    for batch in watch({stage.name: sample}, batches) if share else batches:
        for ask in batch or ():
            met += 1
            if ask.key in store:
                cached += 1
            elif ask.key in known:
                shared += 1
            else:
                known.add(ask.key)
                tokens += about(ask.request.prompt)
    lacking = met - cached - shared
    if limit is not None:
        # Participants are taken whole, with the turns that come after a missing one and are not met.
        turns = len(sheet.turns) if isinstance(sheet, ConverseSheet) else 1
        walked = met if stage.kind != "converse" else min(cells, max(1, limit // max(turns, 1)) * turns)
        cached, shared = (round(cells * count / max(walked, 1)) for count in (cached, shared))
    again = [ask for ask in sample.asks() if second(ask.key) not in store]
    missed = round((cells - met) * share)
    second_tokens = round(sum(about(ask.request.prompt) for ask in again) * (1 + missed / max(len(again), 1)))
    # Turns after a missing one are not walked over: they are like those before them.
    first_tokens = round((cells - cached - shared) * tokens / lacking) if lacking else 0
    if isinstance(sheet, AssessSheet) and met < cells and limit is None:
        # Nobody knows yet what the judge will have to read.
        longest = about(assess_asking(plan, sheet.stage, bound.identity).longest())
        first_tokens = tokens + (cells - met) * longest
    return cells, cached, shared, first_tokens + second_tokens, len(again) + missed


def _nearest(stage: Asked, earlier: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The newest earlier stage of that name, else of that block or kind and model."""
    now = {"name": stage.name, "kind": stage.kind, "block": stage.block, "model": stage.model}
    for fields in (("name",), ("kind", "block"), ("kind", "model")):
        for record in earlier:
            if all(record[field] == now[field] for field in fields):
                return record
    return None


def _why(
    plan: Plan, stage: Asked, bound: Bound | None, before: dict[str, Any] | None, cached: int, cells: int
) -> tuple[str, ...]:
    if cached == cells:
        return ()
    if bound is not None and bound.awaits:
        return ("after the training",)
    if bound is None:
        return ("the model cannot be opened here",)
    if before is None:
        return ("new",)
    differ = changes(before["asks"], fingerprint(plan, stage, bound.identity))
    return differ or ("not finished in an earlier run",)

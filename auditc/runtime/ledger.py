"""What each stage of a run took: cells, tokens and its share of the time; told to the reporter as it comes in.

Stages that are asked together share their batches, and a batch takes as long for each of its cells. So the time of a
party is shared out by the cells that were asked for each stage; where all were stored already, by those it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditc.ir.exchange import Failure, Reply
from auditc.ir.finding import Spent
from auditc.ir.plan import Asked, Train

from .asking import Ask
from .events import Reporter


@dataclass(slots=True)
class Took:
    """What one stage took: `cells` = `asked` + `reused` + those that were not run. `shared` of those reused get the
    answer that this run asks for with another cell."""

    cells: int
    asked: int = 0
    reused: int = 0
    shared: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Ledger:
    """Keeps the books of the stages that are under way."""

    reporter: Reporter
    _open: dict[str, Took] = field(default_factory=dict)

    def begin(self, cells: Mapping[str, int]) -> None:
        """The stages of so many cells, by name, are about to be asked together."""
        for name, count in cells.items():
            self._open[name] = Took(count)
            self.reporter.stage_started(name, count)

    def reuse(self, cells: Mapping[str, int], shared: Mapping[str, int], spent: Spent) -> None:
        """So many cells of each stage have an answer already; those `shared` have, or will get, that of another cell
        which this run asks."""
        for name, count in cells.items():
            together = shared.get(name, 0)
            self._open[name].reused += count
            self._open[name].shared += together
            self.reporter.cells_done(name, 0, count, {}, spent, together)

    def land(self, asks: Sequence[Ask], replies: Sequence[Reply], spent: Spent) -> None:
        """A batch has been answered. `spent` is what the run has taken so far."""
        brought: dict[str, list[Reply]] = {}
        for ask, reply in zip(asks, replies, strict=True):
            brought.setdefault(ask.stage.name, []).append(reply)
        for name, own in brought.items():
            took = self._open[name]
            took.asked += len(own)
            took.tokens_in += sum(reply.tokens_in for reply in own)
            took.tokens_out += sum(reply.tokens_out for reply in own)
            failed = Counter(reply.reason for reply in own if isinstance(reply, Failure))
            self.reporter.cells_done(name, len(own), 0, failed, spent)

    def end(self, seconds: float) -> dict[str, Took]:
        """The stages under way are done, and together took so long: what each of them took, by name."""
        done, self._open = self._open, {}
        asked = sum(took.asked for took in done.values())
        whole = asked or sum(took.cells for took in done.values()) or 1
        for name, took in done.items():
            took.seconds = seconds * (took.asked if asked else took.cells) / whole
            left = took.cells - took.asked - took.reused
            self.reporter.stage_finished(name, took.asked, took.reused, left, took.seconds, took.shared)
        return done


def entry(stage: Asked | Train, took: Took, more: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's record says of a stage, beside what became of its cells; `more` is what only stages like it have."""
    return {
        "name": stage.name,
        "kind": stage.kind,
        "block": stage.block,
        "model": stage.model,
        "seed": stage.seed,
        "seconds": round(took.seconds, 3),
        "tokens_in": took.tokens_in,
        "tokens_out": took.tokens_out,
        **more,
    }

"""What a run may spend, and what it has spent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from auditc.ir.exchange import GenerateReply, Reply, ScoreReply
from auditc.ir.plan import Budget, Price
from auditc.ir.values import Money

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a run beside those of its plan; None is no limit. `per_stage`: a dry run of so many cells a stage."""

    tokens: int | None = None
    seconds: float | None = None
    cells: int | None = None
    money: Money | None = None
    """In the currency of the prices; the compiler has seen to that."""
    per_stage: int | None = None

    def within(self, budget: Budget) -> Limits:
        """The tighter of these limits and the plan's own."""
        return Limits(
            _least(self.tokens, budget.tokens),
            _least(self.seconds, budget.seconds),
            _least(self.cells, budget.cells),
            self.money or budget.money,
            self.per_stage,
        )


def _least(one: T | None, other: T | None) -> T | None:
    given = [limit for limit in (one, other) if limit is not None]
    return min(given) if given else None  # type: ignore[type-var]


@dataclass(slots=True)
class Meter:
    """Counts what is spent; `stopped` says why nothing more is asked, and is empty while it is."""

    limits: Limits
    stopped: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    asked: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def admit(self, batch: Sequence[T]) -> list[T]:
        """What of a batch may still be asked. Counts it as asked."""
        limits = self.limits
        if not self.stopped and limits.tokens is not None and self.tokens_in + self.tokens_out >= limits.tokens:
            self.stopped = f"the budget of {limits.tokens:,} tokens is spent"
        if not self.stopped and limits.seconds is not None and self.seconds >= limits.seconds:
            self.stopped = f"the budget of {limits.seconds:,.0f} seconds is spent"
        if not self.stopped and limits.money is not None and self.money >= limits.money.amount:
            self.stopped = f"the budget of {limits.money.amount:,.2f} {limits.money.currency} is spent"
        if self.stopped:
            return []
        room = len(batch) if limits.cells is None else max(0, limits.cells - self.asked)
        if room < len(batch):
            self.stopped = f"the budget of {limits.cells:,} cells is spent"
        admitted = list(batch[:room])
        self.asked += len(admitted)
        return admitted

    def spend(self, replies: Sequence[Reply], price: Price | None = None) -> None:
        """Count the tokens of replies, and what they cost."""
        before = (self.tokens_in, self.tokens_out)
        for reply in replies:
            if isinstance(reply, ScoreReply):
                self.tokens_in += reply.tokens_in
            elif isinstance(reply, GenerateReply):
                self.tokens_in += reply.tokens_in
                self.tokens_out += reply.tokens_out
        self.money += cost(price, self.tokens_in - before[0], self.tokens_out - before[1])


def cost(price: Price | None, tokens_in: int, tokens_out: int) -> float:
    """What so many tokens cost, in the currency of the price; 0 without one. Prices are for a million tokens."""
    if price is None:
        return 0.0
    return (tokens_in * price.input.amount + tokens_out * price.output.amount) / 1e6

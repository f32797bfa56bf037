"""What a run may spend, and what it has spent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from auditc.ir.exchange import GenerateRequest, Prompt, Reply
from auditc.ir.finding import Spent
from auditc.ir.plan import Budget, Price
from auditc.ir.values import Money

from .asking import Ask

T = TypeVar("T", int, float)

_FRAME: Final = 64
"""Tokens that a chat template may put before everything: a system message of its own."""
_TURN: Final = 8
"""Tokens that it may put round a turn."""


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
            _tighter(self.money, budget.money),
            self.per_stage,
        )


def _least(one: T | None, other: T | None) -> T | None:
    given = [limit for limit in (one, other) if limit is not None]
    return min(given) if given else None


def _tighter(one: Money | None, other: Money | None) -> Money | None:
    if one is not None and other is not None and one.currency != other.currency:
        raise ValueError(f"a limit in {one.currency} and a budget in {other.currency} cannot be compared")
    given = [limit for limit in (one, other) if limit is not None]
    return min(given, key=lambda limit: limit.amount) if given else None


@dataclass(slots=True)
class Meter:
    """Counts what is spent; `stopped` says why nothing more is asked, and is empty while it is.

    What is in flight is reserved at its worst, so that no budget in tokens or money is overrun by what is on its way.
    """

    limits: Limits
    stopped: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    money: dict[str, float] = field(default_factory=dict)
    """By currency."""
    asked: int = 0
    started: float = field(default_factory=time.monotonic)
    _in_flight: int = 0
    _tokens: int = 0
    """Reserved."""
    _money: float = 0.0
    """Reserved, in the currency of the budget."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def spent(self) -> Spent:
        """What has landed so far."""
        return Spent(tokens_in=self.tokens_in, tokens_out=self.tokens_out, money=dict(self.money))

    @property
    def _reserves(self) -> bool:
        """Whether anything reads what is reserved: it takes going over every prompt."""
        return self.limits.tokens is not None or self.limits.money is not None

    def late(self) -> bool:
        """Whether the time is over."""
        return self.limits.seconds is not None and self.seconds >= self.limits.seconds

    def admit(self, batch: Sequence[Ask], price: Price | None = None) -> list[Ask]:
        """What of a batch may be asked now. Counts it as asked, and reserves what it may take.

        Fewer than all with `stopped` empty: there may be room for the rest once what is in flight has landed.
        """
        limits = self.limits
        if not self.stopped and self.late():
            self.stopped = f"the budget of {limits.seconds:,.10g} seconds is spent"
        if self.stopped:
            return []
        room = len(batch) if limits.cells is None else max(0, limits.cells - self.asked)
        admitted: list[Ask] = []
        if not self._reserves:
            admitted = list(batch[:room])
            self._in_flight += len(admitted)
        for ask in batch[:room] if self._reserves else ():
            tokens, money = self._worst(ask, price)
            full = self._full(tokens, money)
            if full:
                self.stopped = "" if self._in_flight else full
                break
            admitted.append(ask)
            self._in_flight, self._tokens, self._money = self._in_flight + 1, self._tokens + tokens, self._money + money
        else:
            if room < len(batch):
                self.stopped = f"the budget of {limits.cells:,} cells is spent"
        self.asked += len(admitted)
        return admitted

    def land(self, asks: Sequence[Ask], replies: Sequence[Reply], price: Price | None = None) -> None:
        """Give back what was reserved for a batch, and count the tokens of the replies, and what they cost."""
        if not self._reserves:
            self._in_flight -= len(asks)
        for ask in asks if self._reserves else ():
            tokens, money = self._worst(ask, price)
            self._in_flight, self._tokens, self._money = self._in_flight - 1, self._tokens - tokens, self._money - money
        if not self._in_flight:
            self._money = 0.0  # sums of fractions leave crumbs
        tokens_in = sum(reply.tokens_in for reply in replies)
        tokens_out = sum(reply.tokens_out for reply in replies)
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        if price is not None and asks:
            currency = price.input.currency
            self.money[currency] = self.money.get(currency, 0.0) + cost(price, tokens_in, tokens_out)

    def _worst(self, ask: Ask, price: Price | None) -> tuple[int, float]:
        """The tokens that a cell may take, and what they may cost in the currency of the budget."""
        request, limit = ask.request, self.limits.money
        tokens_in = most(request.prompt)
        tokens_out = request.sampling.max_new_tokens if isinstance(request, GenerateRequest) else 1
        counted = price is not None and limit is not None and price.input.currency == limit.currency
        return tokens_in + tokens_out, cost(price, tokens_in, tokens_out) if counted else 0.0

    def _full(self, tokens: int, money: float) -> str:
        """Why there is no room for so much more; empty where there is. What costs nothing always has room."""
        limits = self.limits
        spent = self.tokens_in + self.tokens_out
        if limits.tokens is not None and spent + self._tokens + tokens > limits.tokens:
            return _spent(f"{limits.tokens:,} tokens", limits.tokens - spent)
        if limits.money is not None and money:
            paid, limit = self.money.get(limits.money.currency, 0.0), limits.money.amount
            if paid + self._money + money > limit:
                return _spent(f"{limit:,.10g} {limits.money.currency}", limit - paid)
        return ""


def _spent(budget: str, left: float) -> str:
    return f"the budget of {budget} is spent{' but for less than another cell may take' if left > 0 else ''}"


def most(prompt: Prompt) -> int:
    """More tokens than a prompt has: no tokenizer makes more than one of a byte, and a chat's frame is short."""
    texts = [turn.text for turn in prompt.turns]
    return len("".join([*texts, prompt.opening]).encode("utf-8", "replace")) + _FRAME + _TURN * len(texts)


def cost(price: Price | None, tokens_in: int, tokens_out: int) -> float:
    """What so many tokens cost, in the currency of the price; 0 without one. Prices are for a million tokens."""
    if price is None:
        return 0.0
    return (tokens_in * price.input.amount + tokens_out * price.output.amount) / 1e6

"""Settings of a training that are allowed, and from which hardly anything can come: what is written is warned of, where
it is written. Each bound is far beyond what is in use; the pages of the codes say where it comes from."""

from __future__ import annotations

import math
from typing import Any, Final

from auditc.ir.values import Table

from .bodies import Filled
from .declarations import Lora
from .declarations import Train as TrainForm
from .itemsets import Asked
from .learning import within
from .mistakes import report
from .scope import Scope
from .subjects import Taken

HIGH: Final = 256
"""The highest rank that is in use."""
WEIGHTS: Final = (1 / 16, 32)
"""How much of an adapter counts: `alpha` over `rank`, or over its root."""
HALF: Final = 0.5
"""A share of inputs that is left out, beyond which less is learnt from than not."""
OFTEN: Final = 100
"""Epochs."""
SPENT: Final = 0.001
"""Of the first learning rate, what is left of it in an epoch that changes nothing any more."""
SLOW: Final = 1e-7
"""A learning rate at which a thousand steps change a usual weight, of about 0.02, by less than a hundredth."""


def doubtful(objective: Taken, asked: Asked | None, made: TrainForm, filled: Filled, scope: Scope) -> None:
    """Warn of settings that are far from any in use, or that cannot do what they are for."""
    if isinstance(made.adapter, Lora):
        _adapter(made.adapter, filled, scope)
    _epochs(made, filled, scope)
    _patience(made, filled, scope)
    _orders(objective, asked, filled, scope)
    _batch(objective, asked, made, filled, scope)
    if made.learning_rate < SLOW:
        label = f"a thousand steps move a weight by about {1000 * made.learning_rate:g}, and most are about 0.02"
        remedy = "0.0001 is common with adapters, 0.00001 with `adapter = full`."
        report(scope.sink, "AC509", filled.place("learning_rate"), label, remedy=remedy)


def _adapter(lora: Lora, filled: Filled, scope: Scope) -> None:
    if lora.rank > HIGH:
        label = f"a rank of {lora.rank:,}: the highest in use is {HIGH}"
        report(scope.sink, "AC498", within(filled, "adapter", "rank"), label, remedy="8 to 64 are common.")
    weight = lora.alpha / (math.sqrt(lora.rank) if lora.rslora else lora.rank)
    low, high = WEIGHTS
    if not low <= weight <= high:
        over = f"√{lora.rank}" if lora.rslora else str(lora.rank)
        times = f"{weight:,.0f}" if weight > high else f"{weight:.2g}"
        label = f"what is learnt counts {lora.alpha:,} ÷ {over}, that is {times} times"
        meant = max(1, round(4 * lora.alpha / weight))
        remedy = f"1 to 8 times are common: for this rank, `alpha = {meant}` counts 4 times."
        report(scope.sink, "AC498", within(filled, "adapter", "alpha", "rank"), label, remedy=remedy)
    if lora.dropout > HALF:
        label = f"{lora.dropout:.0%} of the inputs are left out in each step"
        report(scope.sink, "AC498", within(filled, "adapter", "dropout"), label, remedy="0% to 10% are common.")


def _epochs(made: TrainForm, filled: Filled, scope: Scope) -> None:
    """Where the learning rate is all but gone before the end, or every item is learnt very often."""
    last = made.decay ** (made.epochs - 1)
    if last < SPENT:
        until = 1 + math.floor(math.log(SPENT) / math.log(made.decay))
        left = f"{last:.1g}" if last > 0 else "nothing"
        label = f"in the last of {made.epochs:,} epochs, {left} of the learning rate is left"
        remedy = f"`epochs = {until}` would be enough, or write a larger `decay`."
        place = filled.place("epochs" if "epochs" in filled.places else "decay")
        report(scope.sink, "AC499", place, label, remedy=remedy)
    elif made.epochs > OFTEN:
        label = f"every item is learnt {made.epochs:,} times"
        remedy = "3 to 30 are common. With `keep = lowest(valid)`, a `patience` ends what learns nothing more."
        report(scope.sink, "AC499", filled.place("epochs"), label, remedy=remedy)


def _patience(made: TrainForm, filled: Filled, scope: Scope) -> None:
    """A training ends early after its first epoch and as many more as it is patient for, at the soonest."""
    if not made.patience or made.keep == "last" or made.patience <= made.epochs - 2:
        return
    label = f"{made.patience} epochs without a lower loss cannot pass before the last of {made.epochs}"
    remedy = "Leave `patience` out" + (f", or write at most {made.epochs - 2}." if made.epochs > 2 else ".")
    report(scope.sink, "AC505", filled.place("patience"), label, remedy=remedy)


def _orders(objective: Taken, asked: Asked | None, filled: Filled, scope: Scope) -> None:
    orders = getattr(objective.params, "orders", 1)
    most = max((item.size for item in asked.items), default=orders) if asked else orders
    if orders > most:
        label = f"no item has more than {most} options, and so no more than {most} orders"
        report(scope.sink, "AC506", within(filled, "objective", "orders"), label, remedy=f"Write `orders = {most}`.")


def _batch(objective: Taken, asked: Asked | None, made: TrainForm, filled: Filled, scope: Scope) -> None:
    """Of a batch that the author has written: the usual one is larger than a handful of items, and no harm."""
    there = examples(objective, asked, made)
    if "batch" in filled.places and made.batch > there:
        epochs = f"{made.epochs:,} steps" if made.epochs > 1 else "a single step"
        label = f"{there:,} examples are learnt: each epoch is one step, and the whole training {epochs}"
        remedy = f"Write a smaller one, such as `batch = {max(1, there // 8)}`."
        report(scope.sink, "AC504", filled.place("batch"), label, remedy=remedy)


def examples(objective: Taken, asked: Asked | None, made: TrainForm) -> int:
    """About how many rows of a batch there are to learn in an epoch."""
    params: Any = objective.params
    if asked is None:
        params, _ = objective.thing.sift(params)
        return sum(len(part.rows) for _, part in params if isinstance(part, Table))
    orders = getattr(params, "orders", 1)
    each = sum(min(item.size, orders) for item in asked.items)
    rows: int = objective.thing.rows(params)
    return each * max(1, len(made.as_ or ())) * rows

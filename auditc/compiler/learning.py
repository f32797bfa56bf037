"""How a training goes about it, as far as that can be told before any model is there: settings that do nothing, or
that cannot work."""

from __future__ import annotations

from typing import Final

from auditc.diagnostics import Span
from auditc.ir.plan import Model
from auditc.ir.values import Table
from auditc.spec.syntax import Attribute, Expression, Items, Typed, Word
from auditc.weights import weights

from .bodies import Filled
from .declarations import Lora
from .declarations import Train as TrainForm
from .lineage import Lineage
from .mistakes import Poison, close, listing, report
from .scope import Scope
from .subjects import Taken

FAST: Final = 0.01
"""A learning rate from which on hardly any training ends well: each step of Adam moves a weight by about as much, and
the weights of language models are about 0.02 from zero."""

SHOWN: Final = 12
"""Rows that are named."""


def goes_together(objective: Taken, made: TrainForm, filled: Filled, scope: Scope) -> bool:
    """Whether what is said of people and of when to stop has something to refer to. A learning rate that can only fail
    is warned of."""
    good = True
    if objective.thing.learns(objective.params) == "texts":
        for key in ("as", "persona"):
            if key in filled.places:
                label = f"`{objective.word}` learns written texts here, and not how people answer items"
                remedy = f"Leave `{key}` out, or name a survey: `{objective.word} {{ survey = values.train }}`."
                report(scope.sink, "AC313", filled.place(key), label, remedy=remedy)
                good = False
    if made.patience and not getattr(made.keep, "part", ""):
        label = "nothing says what the loss is looked at on"
        remedy = "Add `keep = lowest(valid)`, or leave `patience` out."
        report(scope.sink, "AC313", filled.place("patience"), label, remedy=remedy)
        good = False
    if made.learning_rate >= FAST:
        label = (
            f"each step moves a weight by about {made.learning_rate:g}, and most weights are nearer to zero than that"
        )
        remedy = "0.0001 is common with adapters, 0.00001 with `adapter = full`."
        report(scope.sink, "AC493", filled.place("learning_rate"), label, remedy=remedy)
    return good


def teaches(objective: Taken, filled: Filled, scope: Scope) -> bool:
    """Whether anything is left of written texts without the rows that teach nothing, which are warned of."""
    tables = {name: part for name, part in objective.params if isinstance(part, Table)}
    _, left_out = objective.thing.sift(objective.params)
    if not left_out:
        return True
    there = sum(len(part.rows) for part in tables.values())
    place = within(filled, "objective", *tables)
    if len(left_out) == there:
        label = "the two answers of every pair are the same"
        report(scope.sink, "AC508", place, label, remedy="Give pairs of a better and a worse answer.")
        return False
    more = f" and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
    numbers = ", ".join(map(str, left_out[:SHOWN])) + more
    label = f"{len(left_out)} of {there:,} rows are left out, for their two answers are the same: {numbers}"
    report(scope.sink, "AC507", place, label, remedy="Take them out of the file, or mend them.")
    return True


def within(filled: Filled, key: str, *inner: str) -> Span:
    """Where the first of `inner` that is written stands, in the body of a value; else the value itself."""
    written = filled.places.get(key)
    body = written.body if isinstance(written, Typed) else ()
    found: dict[str, Expression] = {part.name.text: part.value for part in body if isinstance(part, Attribute)}
    return next((found[name].span for name in inner if name in found), filled.place(key))


def has_modules(base: str, made: TrainForm, filled: Filled, scope: Scope, lineage: Lineage) -> bool:
    """Whether the network has the modules that get an adapter, where auditc knows it without fetching it."""
    model = _weights(base, lineage)
    if not isinstance(made.adapter, Lora) or model is None or model.weights is None:
        return True
    source = weights.take(model.weights.kind)
    known = source.modules(source.params.model_validate(model.weights.params))
    strange = [name for name in made.adapter.targets if name not in known] if known else []
    for name in strange:
        remedy = close(name, known) or f"Its modules are {listing(known)}."
        report(scope.sink, "AC494", _word(name, filled), f"the network of `{base}` has no `{name}`", remedy=remedy)
    return not strange


def _weights(base: str, lineage: Lineage) -> Model | None:
    """The model that a line of trainings begins with."""
    for stage in lineage.of(base):
        base = stage.base
    model = lineage.bound.models[base]
    return None if isinstance(model, Poison) else model


def _word(name: str, filled: Filled) -> Span:
    """Where a target is named; the adapter where it is not written out there."""
    written = filled.places.get("adapter")
    for part in written.body if isinstance(written, Typed) else ():
        if isinstance(part, Attribute) and part.name.text == "targets" and isinstance(part.value, Items):
            for entry in part.value.values:
                if isinstance(entry, Word) and entry.name.text == name:
                    return entry.span
    return filled.place("adapter")

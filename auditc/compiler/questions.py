"""A method's block: what is asked of whom, and whether its metrics can be worked out from what will be answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from auditc.diagnostics import Label, Span
from auditc.ir.audit import MethodUse, MetricUse, SurveyUse
from auditc.ir.plan import Converse, Score
from auditc.methods import methods
from auditc.methods._contract import Method
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Block, Expression

from .ablated import askable, warn_of_idle
from .after_training import warn_of_training
from .bodies import Filled, fill, form, keys, read
from .bound import Bound
from .claims import Measured
from .declarations import Asks
from .expressions import value
from .further import further
from .instruments import grouped, offered, trustworthy
from .itemsets import Asked, item_set
from .lineage import Lineage, leaks
from .lists import warn_of_parts
from .mistakes import POISON, Poison, report, unpoisoned
from .places import origin
from .prompts import CheckedPersona, heeds_groups, names_country, suits
from .reread import conditions, readable
from .resolve import Declaration
from .scope import Scope
from .sound import Asking, applicable, controlled, controls, drawn, peopled, spoken
from .stages import feeding
from .wants import Want, wants


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A method's block that has been checked, and what claims may say of it."""

    use: MethodUse
    measured: Measured


def question(declaration: Declaration, outer: Scope, lineage: Lineage) -> Question | Poison:
    """A block that asks items of a survey."""
    bound = lineage.bound
    method = methods.take(declaration.kind)
    scope = replace(outer, languages=_spoken(declaration.block, outer, bound))

    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        return item_set(expression, inner, bound.surveys, bound.seed)

    fields = {**keys(Asks), **keys(method.params)}
    filled = fill(declaration.block, fields, scope, special=special, inner=metrics.names())
    asks = form(Asks, filled, scope)
    params = form(method.params, filled, scope)
    uses = wanted_metrics(filled, scope)
    if isinstance(asks, Poison) or isinstance(params, Poison) or isinstance(uses, Poison):
        return POISON
    persona = bound.personas[asks.persona] if asks.persona else None
    models = {name: bound.models[name] for name in asks.of}
    populations = {name: bound.populations[name] for name in asks.as_}
    asked: Asked = asks.ask
    if isinstance(persona, Poison) or _any(models) or _any(populations):
        return POISON
    use = SurveyUse(
        name=declaration.key,
        method=declaration.kind,
        params=params,
        survey_name=asked.key,
        survey=asked.checked.survey,
        items=tuple(item.id for item in asked.items),
        models=unpoisoned(models),
        populations=unpoisoned(populations),
        persona=persona.persona if persona else None,
        metrics=uses,
        seed=bound.seed,
        origin=origin(declaration.name.span),
    )
    asking = Asking(scope, filled, bound)
    at = filled.entries("of") or (filled.place("of"),)
    clean = leaks(use, at, lineage, scope)
    return _sound(use, asked, method, persona, asking, lineage) if clean else POISON


def _any(values: dict[str, Any]) -> bool:
    return any(value is POISON for value in values.values())


def _sound(
    use: SurveyUse,
    asked: Asked,
    method: Method[Any],
    persona: CheckedPersona | None,
    asking: Asking,
    lineage: Lineage,
) -> Question | Poison:
    """The use, unless something in it makes no sense."""
    good = spoken(use, asked, method, asking)
    if persona:
        languages = {population.language for population in use.populations.values()}
        told = tuple(use.populations.values())
        lists = {"place": [p.places for p in told], "group": [p.groups for p in told]}
        without = {name for name, tables in lists.items() if not all(tables)}
        at = asking.filled.place("persona")
        good = suits(persona, use.method, method.variables, languages, without, at, asking.scope) and good
        for key, _ in controls(use.params):
            good = names_country(persona, languages, asking.filled.place(key), asking.scope) and good
        if "group" in method.variables:
            heeds_groups(persona, (p.language for p in told if p.groups), at, asking.scope)
    good = good and askable(use, method, persona, asking)
    if not good:
        return POISON
    stages = tuple(stage for stage in method.stages(use) if isinstance(stage, Score | Converse))
    good = all(
        [
            applicable(use, asked, method, stages, asking),
            peopled(use, asked, asking),
            controlled(use, asking),
            trustworthy(use, asking),
            readable(use, stages, asking),
            grouped(use, asked, asking),
        ]
    )
    offered(use, asked, asking)
    drawn(use, stages, asking)
    warn_of_idle(use, stages, asking)
    warn_of_training(use, asked, stages, asking, lineage)
    if method.read_list is not None:
        warn_of_parts(asked.items, asked.checked.survey.items, asking.filled.place("ask"), asking.scope.sink)
    if not good:
        return POISON
    always = (name for name in method.always if feeding(metrics.take(name), stages) is not None)
    known = tuple(sorted({*(metric.metric for metric in use.metrics), *always}))
    parts = further(use.metrics, use.survey, use.populations)
    return Question(use, Measured(known, _axes(use, asked, stages), parts))


def _axes(use: SurveyUse, asked: Asked, stages: tuple[Score | Converse, ...]) -> dict[str, tuple[str, ...]]:
    scored = [condition.name for stage in stages if isinstance(stage, Score) for condition in stage.conditions]
    spoken_in = [stage.condition for stage in stages if isinstance(stage, Converse)]
    return {
        "model": tuple(use.models),
        "population": tuple(use.populations),
        "condition": tuple(dict.fromkeys(scored or (*spoken_in, *conditions(use)))),
        "dimension": tuple(sorted({item.dimension for item in asked.items} - {""})),
    }


def _spoken(block: Block, scope: Scope, bound: Bound) -> tuple[str, ...]:
    """The languages that a block asks in: known before the rest of it is read, for its tables need a column in each."""
    fields = keys(Asks)
    found: set[str] = set()
    for part in block.body:
        if isinstance(part, Attribute) and part.name.text == "as":
            names = value(part.value, wants(fields["as"].annotation, tuple(fields["as"].metadata)), scope)
            for name in names if isinstance(names, tuple) else ():
                population = bound.populations[name]
                if not isinstance(population, Poison):
                    found.add(population.language)
    return tuple(sorted(found))


def wanted_metrics(filled: Filled, scope: Scope) -> tuple[MetricUse, ...] | Poison:
    """The metrics that a block asks for, in alphabetical order."""
    found: dict[str, MetricUse] = {}
    first: dict[str, Span] = {}
    good = True
    for block in filled.blocks:
        name = block.kind.text
        if name in first:
            related = (Label(first[name], "here first"),)
            report(scope.sink, "AC206", block.kind.span, f"`{name}` is asked for already", related=related)
            good = False
            continue
        first[name] = block.kind.span
        if block.label is not None:
            report(scope.sink, "AC211", block.label.span, remedy=f"Write `{name} {{ }}`.")
            good = False
        params = read(metrics.take(name).params, block, scope)
        if isinstance(params, Poison):
            good = False
        else:
            found[name] = MetricUse(name, params, origin(block.kind.span))
    return tuple(found[name] for name in sorted(found)) if good else POISON

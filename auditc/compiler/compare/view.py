"""A plan laid out in its author's words: blocks by name, entries by key, each with its rules and its reach.

Forms are walked field by field, so a field that is new in a form is an entry like all others: it cannot be forgotten.
Names stand as the second audit has them (`Names`), so that what was only renamed compares as equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from auditc.backends import backends
from auditc.ir.framework import Framework
from auditc.ir.plan import (
    Assess,
    Compare,
    Escalate,
    Item,
    Judge,
    Measure,
    Model,
    Origin,
    People,
    Plan,
    Population,
    Questioning,
    Render,
    Survey,
    Train,
)
from auditc.ir.reread import SECOND_READING
from auditc.ir.script import Scenarios
from auditc.ir.values import Form
from auditc.methods.def_survey import CONDITIONS

from .consequences import DERIVED, PROVIDER, UNKNOWN, Rules, rules_of
from .names import Names
from .params import called, is_table, rows
from .places import Places
from .reach import EVERYWHERE, Reach

Key = tuple[str, str]
"""A block: its section and its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a block says. Two entries agree when their `same` are equal; `value` is what is shown.

    An `order` is compared only over what both audits have.
    """

    value: Any
    same: Any
    rules: Rules
    reach: Reach
    order: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A block, or an item or a country's answers within a survey. `own` is its name in its own audit."""

    own: str
    rules: Rules
    reach: Reach
    origin: Origin | None
    entries: dict[str, Entry] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def place(self, key: str) -> Origin | None:
        """Where an entry stands: its attribute where the spec is at hand, else the block."""
        if key in self.origins:
            return self.origins[key]
        attribute = _ATTRIBUTES.get(key.split(".")[0], key.split(".")[0])
        return self.origins.get(attribute, self.origin)


_STAGE = rules_of(Plan, "stages")
"""What follows when a block is added or removed that becomes stages."""
_ATTRIBUTES = {
    "wording": "persona",
    "lists": "persona",
    "scales": "persona",
    "condition": "control",
    "order of items": "ask",
    "written": "in_words",
    **dict.fromkeys(CONDITIONS.values(), "ablations"),
    "text": "says",
}
"""The attribute that an entry comes from, where it is called otherwise."""


def view(plan: Plan, names: Names, places: Places) -> dict[Key, Part]:
    """Everything in a plan that can differ, by block."""
    parts: dict[Key, Part] = {("settings", ""): _settings(plan, places)}
    for name, model in plan.models.items():
        parts["model", names.model(name)] = _model(plan, name, model, names, places)
    for name, population in plan.populations.items():
        parts["population", names.population(name)] = _population(name, population, names, places)
    for name, survey in plan.surveys.items():
        parts |= _survey(name, survey, names, places)
    blocks: dict[str, list[Questioning]] = {}
    led: dict[str, list[Escalate]] = {}
    for stage in plan.stages:
        match stage:
            case Questioning():
                blocks.setdefault(stage.block, []).append(stage)
            case Escalate():
                led.setdefault(stage.block, []).append(stage)
            case Train():
                parts["train", names.model(stage.model)] = _training(stage, names)
            case Assess():
                pass  # it is said of the metric that wants it, or of the block whose answers it reads again
            case Measure():
                parts["metric", names.measure(stage.name)] = _metric(plan, stage, names)
            case Judge():
                parts["claim", names.claim(stage.claim)] = _claim(stage, names, places)
            case Compare():
                parts["compare", names.of("compare", stage.compare)] = _comparison(stage, names)
            case Render():
                name = stage.name.partition(".")[2]
                entries = dict(fields(stage, EVERYWHERE))
                parts["report", names.report(name)] = Part(name, _STAGE, EVERYWHERE, stage.origin, entries)
            case _:  # a kind of stage that this module does not know yet: it is compared whole, and touches everything
                entries = dict(fields(stage, EVERYWHERE))
                parts["stage", stage.name] = Part(stage.name, UNKNOWN, EVERYWHERE, stage.origin, entries)
    for block, stages in blocks.items():
        parts["method", names.block(block)] = _method(plan, block, stages, names, places)
    for block, scripts in led.items():
        parts["method", names.block(block)] = _script(plan, block, scripts, names)
    return {key: replace(part, origins=places.attributes(key[0], part.own)) for key, part in parts.items()}


def fields(form: BaseModel, reach: Reach, *, handled: Iterable[str] = ()) -> Iterator[tuple[str, Entry]]:
    """An entry for every field of a form that is not derived; a form or a dictionary inside is opened up."""
    for name in type(form).model_fields:
        rules = rules_of(type(form), name)
        if rules is DERIVED or name in handled:
            continue
        for key, value in leaves(name, getattr(form, name)):
            yield key, Entry(value, rows(value) if is_table(value) else value, rules, reach)


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Values under dotted keys: what stands in forms and dictionaries one by one, lists and data files whole."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict) and value and not is_table(value):
        for name, inner in value.items():
            yield from leaves(f"{key}.{name}", inner)
    else:
        yield key, plain(value)


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Form):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return {name: plain(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def roles(stages: Iterable[Questioning]) -> dict[str, list[Questioning]]:
    """The stages of a block by what they are for, whichever model they ask: empty for the main one, `written`."""
    found: dict[str, list[Questioning]] = {}
    for stage in stages:
        found.setdefault(role_of(stage), []).append(stage)
    return found


def role_of(stage: Questioning) -> str:
    """What a stage is for within its block."""
    return stage.name.removeprefix(f"{stage.block}/{stage.model}").strip("/")


def _settings(plan: Plan, places: Places) -> Part:
    structure = ("models", "populations", "surveys", "scenarios", "frameworks", "stages")
    entries = dict(fields(plan, EVERYWHERE, handled=structure))
    return Part("", DERIVED, EVERYWHERE, places.block("settings", ""), entries)


def _model(plan: Plan, name: str, model: Model, names: Names, places: Places) -> Part:
    reach = Reach(model=names.model(name))
    entries = dict(fields(model, reach))
    if model.like:
        # The survey that a simulated model answers from: the one parameter that is a name.
        for key, entry in entries.items():
            if key.startswith("backend.params.") and entry.value == model.like:
                entries[key] = replace(entry, same=names.survey(model.like))
    if model.backend.kind in backends.names() and backends.take(model.backend.kind).hosted:
        at = "backend.params."
        for key, entry in entries.items():
            if key.startswith(at):
                rules = PROVIDER.get(key.removeprefix(at).split(".")[0], entry.rules)
                entries[key] = replace(entry, rules=rules)
    # Without a title of its own a model is titled by its name; then another name is not another title.
    if model.title == name or (model.trained and model.title.endswith(f"`{name}`")):
        entries["title"] = replace(entries["title"], same="")
    if model.trained == f"train.{name}":
        entries["trained"] = replace(entries["trained"], same=True)
    return Part(name, rules_of(Plan, "models"), reach, places.block("model", name), entries)


def _population(name: str, population: Population, names: Names, places: Places) -> Part:
    reach = Reach(population=names.population(name))
    entries: dict[str, Entry] = {}
    for key, entry in fields(population, reach, handled=("places", "groups")):
        spoken = key.removeprefix("named.") if key.startswith("named.") else None
        entries[key] = replace(entry, reach=replace(reach, language=spoken))
    for table, word, listed in (("places", "place", population.places), ("groups", "group", population.groups)):
        said = replace(reach, mentions=word)
        for named in listed:
            key = f"{table}.{named.name[min(named.name)]}"
            while key in entries:
                key += "*"
            entries[key] = Entry(plain(named), plain(named), rules_of(Population, table), said)
    return Part(name, rules_of(Plan, "populations"), reach, places.block("population", name), entries)


def _survey(name: str, survey: Survey, names: Names, places: Places) -> dict[Key, Part]:
    """The survey, its items, and each country's answers."""
    common = names.survey(name)
    reach = Reach(survey=common)
    entries = dict(fields(survey, reach, handled=("items", "people", "groups")))
    found: dict[Key, Part] = {}
    found["survey", common] = Part(name, rules_of(Plan, "surveys"), reach, places.block("survey", name), entries)
    file = places.attribute("survey", name, "items")
    for item in survey.items:
        called = names.item(name, item.id)
        at = replace(reach, item=called)
        own = f"{name}.{item.id}"
        part = Part(own, rules_of(Survey, "items"), at, places.block("item", own) or file, _item(item, at))
        found["item", f"{common}.{called}"] = part
    file = places.attribute("survey", name, "reference")
    for who, at, answers in _people(survey, reach):
        rules = rules_of(Survey, "groups" if at.by else "people")
        said = {}
        for item_id, people in answers.items():
            called = names.item(name, item_id)
            said[called] = Entry(plain(people), plain(people), rules, replace(at, item=called))
        found["people", f"{common}.{who}"] = Part(f"{name}.{who}", rules, at, file, said)
    return found


def _people(survey: Survey, reach: Reach) -> Iterator[tuple[str, Reach, dict[str, People]]]:
    """Those who answered a survey: the people of each country, and the groups of them that are told apart."""
    for country, answers in survey.people.items():
        yield country, replace(reach, country=country), answers
    for country, groups in survey.groups.items():
        for group in groups:
            who = ", ".join((country, *(f"{column} {value}" for column, value in sorted(group.of.items()))))
            yield who, replace(reach, country=country, by=frozenset(group.of)), group.people


def _item(item: Item, reach: Reach) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, entry in fields(item, reach):
        stem, _, language = key.partition(".")
        spoken = language if stem in ("text", "options") else None
        entries[key] = replace(entry, reach=replace(reach, language=spoken))
    return entries


def _method(plan: Plan, block: str, stages: list[Questioning], names: Names, places: Places) -> Part:
    """A method's block: what its stages have in common is said once, whichever model they ask."""
    reach = Reach(block=names.block(block))
    entries: dict[str, Entry] = {}
    for role, alike in sorted(roles(stages).items()):
        if role:
            entries[role] = Entry(True, True, rules_of(Plan, "stages"), reach)
        for key, entry in _role(plan, alike, replace(reach, role=role), names):
            entries[f"{role}.{key}" if role else key] = entry
    for key, rules, found in (
        ("of", rules_of(Questioning, "model"), {stage.model: names.model(stage.model) for stage in stages}),
        ("as", rules_of(Questioning, "populations"), {p: names.population(p) for s in stages for p in s.populations}),
    ):
        for own, common in found.items():
            entries[f"{key}.{common}"] = Entry(own, True, rules, reach)
    entries |= _read_again(plan, block, replace(reach, condition=SECOND_READING), names)
    return Part(block, _STAGE, reach, stages[0].origin, entries)


def _read_again(plan: Plan, block: str, reach: Reach, names: Names) -> dict[str, Entry]:
    """Who reads a block's answers again, and in which words."""
    readers = [stage for stage in plan.stages if isinstance(stage, Assess) and stage.picks and stage.block == block]
    entries: dict[str, Entry] = {}
    for stage in readers:
        rules = rules_of(Assess, "picks")
        entries[SECOND_READING] = Entry(stage.model, names.model(stage.model), rules, reach)
        for key, entry in fields(stage, reach, handled=("picks",)):
            entries[f"{SECOND_READING}.{key}"] = entry
    return entries


def _script(plan: Plan, block: str, stages: list[Escalate], names: Names) -> Part:
    """The block of a method that leads models through scenarios: its stages differ in the model alone."""
    first = stages[0]
    reach = Reach(block=names.block(block))
    repeated = ("seed",) if first.seed == plan.seed else ()
    entries = dict(fields(first, reach, handled=("model", "framework", *repeated)))
    rules = rules_of(Scenarios, "scenarios")
    for name, steps in plan.scenarios[first.scenarios].scenarios.items():
        entries[f"scenarios.{name}"] = Entry(plain(steps), plain(steps), rules, replace(reach, item=name))
    if first.framework:
        values = plan.frameworks[first.framework].values
        ids = sorted(value.id for value in values)
        entries["framework"] = Entry(first.framework, ids, rules_of(Escalate, "framework"), reach)
        for value in values:
            entries[f"framework.{value.id}"] = Entry(plain(value), plain(value), rules_of(Framework, "values"), reach)
    for stage in stages:
        entries[f"of.{names.model(stage.model)}"] = Entry(stage.model, True, rules_of(Escalate, "model"), reach)
    return Part(block, _STAGE, reach, first.origin, entries)


def _training(stage: Train, names: Names) -> Part:
    called = names.model(stage.model)
    reach = Reach(model=called)
    entries = dict(fields(stage, reach, handled=("base", "survey", "items", "valid", "populations", "asks")))
    base, survey = names.model(stage.base), names.survey(stage.survey)
    entries["from"] = Entry(stage.base, base, rules_of(Train, "base"), reach)
    entries["survey"] = Entry(stage.survey, survey, rules_of(Train, "survey"), reach)
    for key in ("items", "valid"):
        items = [names.item(stage.survey, item) for item in getattr(stage, key)]
        entries[key] = Entry(list(getattr(stage, key)), sorted(items), rules_of(Train, key), reach)
    people = sorted(names.population(name) for name in stage.populations)
    entries["as"] = Entry(list(stage.populations), people, rules_of(Train, "populations"), reach)
    if stage.asks is not None:  # what it repeats of the training is said there
        asked = {"wording": stage.asks.wording, "labels": stage.asks.labels, "orders": stage.asks.orders}
        for key, said in leaves("asks", asked):
            entries[key.removeprefix("asks.")] = Entry(said, said, rules_of(Train, "asks"), reach)
    return Part(stage.model, _STAGE, reach, stage.origin, entries)


def _role(plan: Plan, stages: list[Questioning], reach: Reach, names: Names) -> Iterator[tuple[str, Entry]]:
    """The entries of the stages that are for one thing. Where models are asked differently, a value for each."""
    values: dict[str, dict[str, Entry]] = {}
    for stage in stages:
        for key, entry in _stage(plan, stage, reach, names):
            values.setdefault(key, {})[names.model(stage.model)] = entry
    for key, by_model in values.items():
        first = next(iter(by_model.values()))
        if len(by_model) == len(stages) and all(entry.same == first.same for entry in by_model.values()):
            yield key, first
        else:
            value = {model: entry.value for model, entry in sorted(by_model.items())}
            yield key, replace(first, value=value, same={model: by_model[model].same for model in sorted(by_model)})


_ASKED = ("survey", "populations", "model", "items", "language", "seed", "wording", "lists", "scales", "conditions")


def _stage(plan: Plan, stage: Questioning, reach: Reach, names: Names) -> Iterator[tuple[str, Entry]]:
    yield from fields(stage, reach, handled=_ASKED)
    form = type(stage)
    yield "survey", Entry(stage.survey, names.survey(stage.survey), rules_of(form, "survey"), reach)
    for name in ("wording", "lists", "scales"):
        for language, wording in getattr(stage, name, {}).items():
            for key, text in leaves(f"{name}.{language}", wording):
                yield key, Entry(text, text, rules_of(form, name), replace(reach, language=language))
    for condition in getattr(stage, "conditions", ()):
        countries = plain(condition.countries)
        at = replace(reach, condition=condition.name)
        yield f"condition.{condition.name}", Entry(countries, countries, rules_of(form, "conditions"), at)
    # What a stage repeats of the plan is said there; where it says otherwise, it is said here.
    if stage.seed != plan.seed:
        yield "seed", Entry(stage.seed, stage.seed, rules_of(form, "seed"), reach)
    for population, language in stage.language.items():
        if population not in plan.populations or plan.populations[population].language != language:
            called = names.population(population)
            rules = rules_of(form, "language")
            yield f"language.{called}", Entry(language, language, rules, replace(reach, population=called))
    asked = replace(reach, survey=names.survey(stage.survey))
    for item in stage.items:
        called = names.item(stage.survey, item)
        yield f"ask.{called}", Entry(item, True, rules_of(form, "items"), replace(asked, item=called))
    memory = getattr(stage, "memory", None)
    if memory is not None and memory.high > 0:
        order = [names.item(stage.survey, item) for item in stage.items]
        rules = rules_of(form, "item_order")
        yield "order of items", Entry(list(stage.items), order, rules, reach, order=True)


def _metric(plan: Plan, stage: Measure, names: Names) -> Part:
    block = names.block(stage.block)
    reach = Reach(block=block, metric=stage.metric)
    entries = dict(fields(stage, reach, handled=("metric",)))
    wished = [one for one in map(plan.stage, stage.needs) if isinstance(one, Assess) and not one.picks]
    for assess in wished[:1]:  # those of one metric differ in the answers that they read alone
        entries |= fields(assess, reach, handled=("picks",))
    for key, name in called(stage, names).items():
        entries[f"params.{key}"] = replace(entries[f"params.{key}"], same=name)
    return Part(f"{stage.block}.{stage.metric}", rules_of(Measure, "metric"), reach, stage.origin, entries)


def _comparison(stage: Compare, names: Names) -> Part:
    entries = dict(fields(stage, EVERYWHERE, handled=("figure",)))
    figure, shown = names.in_terms(plain(stage.figure)), {"measure": stage.figure.measure, **stage.figure.at}
    entries["figure"] = Entry(shown, figure, rules_of(Compare, "figure"), EVERYWHERE)
    return Part(stage.compare, _STAGE, EVERYWHERE, stage.origin, entries)


def _claim(stage: Judge, names: Names, places: Places) -> Part:
    reach = Reach(claim=names.claim(stage.claim))
    entries = dict(fields(stage, reach, handled=("holds",)))
    holds = names.in_terms(plain(stage.holds))
    entries["holds"] = Entry(stage.text, holds, rules_of(Judge, "holds"), reach)
    return Part(stage.claim, _STAGE, reach, stage.origin, entries)

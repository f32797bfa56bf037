"""Whether what a block asks makes sense: languages, scales, kinds of answers, people to compare with, controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditc.backends import backends
from auditc.diagnostics import Label, Span
from auditc.ir.audit import MethodUse, SurveyUse
from auditc.ir.plan import Converse, Item, Made, Model, Population, Score
from auditc.ir.values import Body, CountryOf, Table
from auditc.methods import methods
from auditc.methods._contract import Method
from auditc.metrics import metrics
from auditc.metrics._contract import Metric

from .bodies import Filled
from .bound import Bound
from .copies import different
from .itemsets import Asked
from .mistakes import close, listing, report
from .scope import Scope
from .stages import feeding
from .surveys import CheckedSurvey

_REFERENCE: Final = 'Give the survey one: `reference = csv("shares.csv", by = [country])`.'
_WHOLE: Final = "Add a row for each item and country whose columns for groups are empty."
"""What to do with a reference of groups alone."""

FEW_DRAWS: Final = 20
FEW_PEOPLE: Final = 300
FEW_COUNTRIES: Final = 10
"""Below these a figure says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A method's block while it is checked: where it stands, its parts, and what it refers to."""

    scope: Scope
    filled: Filled
    bound: Bound

    def entry(self, key: str, index: int) -> Span:
        """Where one entry of a list stands."""
        entries = self.filled.entries(key)
        return entries[index] if index < len(entries) else self.filled.place(key)

    def metric(self, name: str) -> Span:
        """Where a metric is asked for; the block where it is measured unasked."""
        return next((b.kind.span for b in self.filled.blocks if b.kind.text == name), self.filled.owner)


def spoken(use: SurveyUse, asked: Asked, method: Method[Any], asking: Asking) -> bool:
    """Whether the method speaks the populations' languages, and the items are worded in them."""
    good = True
    worded = sorted(asked.items[0].text)
    for index, (name, population) in enumerate(use.populations.items()):
        language = population.language
        at = asking.entry("as", index)
        if language not in method.languages:
            remedy = f"`{use.method}` asks in {listing(sorted(method.languages))}."
            report(asking.scope.sink, "AC408", at, f"`{name}` is asked in `{language}`", remedy=remedy)
            good = False
        if language not in worded:
            label = f"`{name}` is asked in `{language}`, the items are worded in {listing(worded)}"
            remedy = f"Add the columns `text.{language}` and `options.{language}`."
            report(asking.scope.sink, "AC407", at, label, remedy=remedy)
            good = False
    return good


def applicable(
    use: SurveyUse, asked: Asked, method: Method[Any], stages: tuple[Score | Converse, ...], asking: Asking
) -> bool:
    """Whether each metric can be worked out from these items and these answers."""
    good = measurable(use, method, stages, asking)
    sink = asking.scope.sink
    for wanted in use.metrics:
        metric = metrics.take(wanted.metric)
        at = asking.metric(wanted.metric)
        fitting = [item for item in asked.items if metric.takes(item)]
        if not fitting:
            label = f"`{wanted.metric}` is for some items alone: {metric.suited}"
            report(sink, "AC401", at, label, remedy="Leave the metric out, or leave them out.")
            good = False
        elif len(fitting) < len(asked.items):
            label = f"{len(fitting)} of {len(asked.items)} items count: {metric.suited}"
            report(
                sink,
                "AC402",
                at,
                label,
                remedy="Findings say how many items they rest on; a condition on the items says it here.",
            )
        _mappable(metric, {item.dimension for item in fitting}, at, asking)
        _between(wanted.metric, metric, use, at, asking)
    return good


def _mappable(metric: Metric[Any], dimensions: set[str], at: Span, asking: Asking) -> None:
    """Warn of a map that will not be made: its components need several dimensions."""
    if metric.panel is not None and 0 < len(dimensions) < metric.panel.fewest:
        number = "1 dimension" if len(dimensions) == 1 else f"{len(dimensions)} dimensions"
        label = f"the items that count are of {number}, and a map needs {metric.panel.fewest}"
        remedy = "Ask items of more dimensions; without them there are distances and no map."
        report(asking.scope.sink, "AC455", at, label, remedy=remedy)


def _between(name: str, metric: Metric[Any], use: SurveyUse, at: Span, asking: Asking) -> None:
    """Warn of a figure between peoples where there is one people, however many populations it is asked as."""
    peoples = {population.country for population in use.populations.values()}
    if metric.across and len(peoples) < 2:
        label = f"`{name}` is about how far peoples differ, and the block asks as one: {min(peoples)}"
        remedy = f"Add populations of other countries to `as`, or leave `{name}` out: there will be no figure."
        report(asking.scope.sink, "AC497", at, label, remedy=remedy)


def measurable(use: MethodUse, method: Method[Any], stages: Iterable[Made], asking: Asking) -> bool:
    """Whether the answers of a block are such as each metric reads."""
    good = True
    known = tuple(stages)
    for wanted in use.metrics:
        metric = metrics.take(wanted.metric)
        if feeding(metric, known) is None:
            reads = "texts" if metric.written else metric.reads
            label = f"`{wanted.metric}` reads {_ANSWERS[reads]}"
            given = f"`{use.method}` gives {listing(sorted(method.gives))}"
            others = [n for n in methods.names() if _NEEDED[reads] <= methods.take(n).gives and n != use.method]
            remedy = f"{given}; ask for it in a block of {listing(others)}." if others else f"{given}."
            report(asking.scope.sink, "AC403", asking.metric(wanted.metric), label, remedy=remedy)
            good = False
    return good


_ANSWERS: Final = {
    "shares": "shares of the options",
    "counts": "drawn answers",
    "orders": "probabilities for each order of the options",
    "mass": "the probability on all options",
    "status": "what became of each question",
    "written": "probabilities and written answers of the same items",
    "texts": "written answers",
    "assessed": "what a judge says of written answers",
    "choices": "choices at the steps of scenarios",
    "likelihood": "how likely each token of a text is",
}

_NEEDED: Final[dict[str, frozenset[str]]] = {
    "shares": frozenset(),
    "counts": frozenset({"draws"}),
    "orders": frozenset({"probabilities"}),
    "mass": frozenset({"probabilities"}),
    "status": frozenset(),
    "written": frozenset({"probabilities"}),
    "texts": frozenset({"draws"}),
    "assessed": frozenset({"draws"}),
    "choices": frozenset({"choices"}),
    "likelihood": frozenset({"likelihoods"}),
}


def peopled(use: SurveyUse, asked: Asked, asking: Asking) -> bool:
    """Whether there are people to compare with, and people for a simulated model to answer from."""
    good = True
    compared = [metric for metric in use.metrics if metrics.take(metric.metric).needs_people]
    scales = {scale for metric in compared for scale in metrics.take(metric.metric).scales}
    items = tuple(item for item in asked.items if item.scale in scales)
    if compared and not asked.checked.survey.people:
        for metric in compared:
            label = f"`{metric.metric}` needs people's answers, `{asked.key}` has no reference"
            remedy = _REFERENCE
            if asked.checked.survey.groups:
                label = f"`{metric.metric}` needs the answers of whole countries, and the reference has groups alone"
                remedy = _WHOLE
            report(asking.scope.sink, "AC404", asking.metric(metric.metric), label, remedy=remedy)
            good = False
    elif compared:
        wanted = [(n, p.country, asking.entry("as", i)) for i, (n, p) in enumerate(use.populations.items())]
        ids = [item.id for item in items]
        good = covered(asked.key, asked.checked.survey.people, ids, wanted, asking.scope) and good
        _well_founded(asked.checked, items, use, asking)
    for index, model in enumerate(use.models.values()):
        like = asking.bound.surveys.get(model.like) if model.like else None
        said = model.like == asked.key and not good  # that it has nobody to answer like
        if isinstance(like, CheckedSurvey) and not (said and not like.survey.people):
            at = asking.entry("of", index)
            ids = [item.id for item in asked.items]
            lacks = _WHOLE if like.survey.groups else _REFERENCE
            people = like.survey.people
            good = covered(model.like, people, ids, answered_as(model, use, at), asking.scope, lacks) and good
    return good


def answered_as(model: Model, use: MethodUse, at: Span) -> list[tuple[str, str, Span]]:
    """The countries whose people a simulated model answers like in a block: the populations', or the one it is told."""
    for name, info in backends.take(model.backend.kind).params.model_fields.items():
        if any(isinstance(mark, CountryOf) for mark in info.metadata) and model.backend.params[name]:
            return [(model.backend.params[name], model.backend.params[name], at)]
    return [(name, population.country, at) for name, population in use.populations.items()]


def covered(
    survey: str,
    known: Mapping[str, Mapping[str, object]],
    items: Sequence[str],
    wanted: Sequence[tuple[str, str, Span]],
    scope: Scope,
    lacks: str = "",
) -> bool:
    """Whether a reference knows how people of each country answered each item. `wanted` are names for an author,
    countries, and the places that want them; `lacks` is what to do where it knows nobody."""
    good = True
    if not known and wanted:
        what = "whole countries" if lacks == _WHOLE else "reference"
        label = f"`{survey}` has no {what}, and so no people to answer like"
        report(scope.sink, "AC405", wanted[0][2], label, remedy=lacks or _REFERENCE)
        return False
    for name, country, place in wanted:
        if country not in known:
            label = f"`{survey}` has no people of `{country}`"
            remedy = close(country, known) or f"The countries are {listing(sorted(known))}."
            report(scope.sink, "AC405", place, label, remedy=remedy)
            good = False
            continue
        lacking = [item for item in items if item not in known[country]]
        if lacking:
            label = f"for `{name}`, {len(lacking)} of {len(items)} items have no overall shares"
            remedy = f"Add rows for {listing(lacking)}, or leave them out."
            report(scope.sink, "AC406", place, label, remedy=remedy)
            good = False
    return good


def _well_founded(checked: CheckedSurvey, items: tuple[Item, ...], use: SurveyUse, asking: Asking) -> None:
    """Warn where shares rest on so few people that their own noise is as large as what is to be found."""
    for index, (name, population) in enumerate(use.populations.items()):
        people = checked.survey.people.get(population.country, {})
        few = [item.id for item in items if item.id in people and people[item.id].n < FEW_PEOPLE]
        if few:
            label = f"for `{name}`, {len(few)} of {len(items)} items rest on fewer than {FEW_PEOPLE} people"
            related = (Label(checked.places[population.country, few[0]], "the first of them"),)
            remedy = "Read each figure beside its floor: what people themselves would score."
            report(asking.scope.sink, "AC414", asking.entry("as", index), label, remedy=remedy, related=related)


def controlled(use: SurveyUse, asking: Asking) -> bool:
    """Whether a control that names other countries has enough of them to draw from."""
    good = True
    for key, table in controls(use.params):
        for name, population in use.populations.items():
            others = sum(1 for row in _named(table) if row.isdisjoint(_all_names(population)))
            if others < FEW_COUNTRIES:
                label = f"{others} countries are not `{name}`'s own; at least {FEW_COUNTRIES} are needed"
                remedy = "Name more countries in the table: with few, the control is one other country and no control."
                report(asking.scope.sink, "AC413", asking.filled.place(key), label, remedy=remedy)
                good = False
                break
    return good


def controls(params: Any) -> Iterator[tuple[str, Table]]:
    """Tables that a control draws countries from, with the key that they were given under."""
    for key in type(params).model_fields:
        body = getattr(params, key)
        if isinstance(body, Body) and body.word == "shuffled_countries":
            yield from ((key, part) for _, part in body if isinstance(part, Table))


def _named(table: Table) -> Iterator[set[str]]:
    """The names of each row's country."""
    at = [index for index, column in enumerate(table.columns) if column.startswith("name.")]
    for row in table.rows:
        yield {row[index].casefold() for index in at}


def _all_names(population: Population) -> set[str]:
    return {name.casefold() for name in (population.country, *population.named.values())}


def drawn(use: SurveyUse, stages: Iterable[Score | Converse], asking: Asking) -> None:
    """Warn of few draws, and of draws that are copies of few participants."""
    draws = getattr(use.params, "draws", None)
    if not isinstance(draws, int):
        return
    at = asking.filled.place("draws")
    if draws < FEW_DRAWS:
        label = f"{draws} participants; with fewer than {FEW_DRAWS} an interval can be as wide as the scale"
        report(asking.scope.sink, "AC409", at, label, remedy=f"Write `draws = {FEW_DRAWS}`, or more.")
        return
    found: dict[str, list[tuple[int, str]]] = {}
    for stage in (stage for stage in stages if isinstance(stage, Converse)):
        made = [(different(stage, population, use.survey), name) for name, population in use.populations.items()]
        found.setdefault(stage.condition, []).extend(made)
    for condition, copies in found.items():
        fewest, name = min(copies, default=(draws, ""))
        if fewest < FEW_DRAWS:
            made_of = f"{fewest} different participants" if fewest > 1 else "1 participant"
            under = "" if condition == "asked" else f" under `{condition}`"
            label = f"{draws} draws make about {made_of} of `{name}`{under}: without sampling the others are copies"
            # Where it has places, or is told of none, places would add nothing.
            bare = condition == "asked" and not use.populations[name].places
            places = ", or give the population places" if bare else ""
            remedy = f"Write `sampling = [on]`{places}: equal draws are asked once and say no more."
            report(asking.scope.sink, "AC409", at, label, remedy=remedy)
            return

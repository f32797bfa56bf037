"""Stand-ins: simulated models in place of audited ones, so that a claim can be tried where the truth is known.

A stand-in answers like the people of the survey that its model is asked, unless the spec says otherwise. Models are
replaced in the checked audit, and never in the text: whatever a model was, its name and its card stay.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from auditc.backends import backends
from auditc.diagnostics import Span
from auditc.ir.audit import Audit, Claim, MethodUse, SurveyUse
from auditc.ir.plan import Budget, Model, People, Plan, Survey, Thing, Train
from auditc.ir.trial import Trial
from auditc.ir.values import CountryOf, RefTo
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Block, Expression, Typed

from .bodies import fill, form, keys
from .bound import Bound
from .claims import figures
from .lower import lower
from .mistakes import POISON, Poison, close, listing, report
from .reread import names_reading, read_once
from .scope import Scope
from .sound import answered_as, covered
from .wants import called, referred

SIMULATED: Final = "simulated"
"""The backend whose answers follow from its parameters: the only one whose truth is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A model that the spec asks items of surveys, and the blocks that ask it."""

    model: Model
    uses: tuple[SurveyUse, ...]

    @property
    def surveys(self) -> dict[str, Survey]:
        """The surveys whose items it is asked, by name."""
        return {use.survey_name: use.survey for use in self.uses}

    @property
    def name(self) -> str:
        """All its surveys as one."""
        return "+".join(sorted(self.surveys))

    def people(self) -> dict[str, dict[str, People]] | None:
        """What people said to any of its surveys, or None where two surveys say something else of one item."""
        found: dict[str, dict[str, People]] = {}
        for survey in self.surveys.values():
            for country, items in survey.people.items():
                there = found.setdefault(country, {})
                if any(there.get(item, answers) != answers for item, answers in items.items()):
                    return None
                there.update(items)
        return found


def asked_models(uses: tuple[MethodUse, ...]) -> dict[str, Asked]:
    """Every model that some block asks items of a survey, by its name in the plan. Scenarios have no people to answer
    them like, and so no stand-in."""
    asking = [use for use in uses if isinstance(use, SurveyUse)]
    return {
        name: Asked(model, tuple(other for other in asking if name in other.models))
        for use in asking
        for name, model in use.models.items()
    }


def stand_in(written: Expression | None, at: Span, asked: Asked, scope: Scope, bound: Bound) -> Model | Poison:
    """The simulated model that `simulated { … }` describes, or the one that answers like people where nothing is said.

    `at` is what to point at when nothing is written.
    """
    backend = backends.take(SIMULATED)
    like = _like_key(backend.params)
    if written is None:
        params: BaseModel | Poison = backend.params.model_validate({like: ""})
    else:
        params = _written(written, backend.params, like, scope)
    if isinstance(params, Poison):
        return POISON
    people = asked.people()
    if not getattr(params, like):
        if people is None:
            label = f"it is asked {listing(sorted(asked.surveys))}, which disagree on what people said"
            remedy = f"Name the survey that it answers from: `simulated {{ {like} = {min(asked.surveys)} }}`."
            return report(scope.sink, "AC354", written.span if written else at, label, remedy=remedy)
        params = params.model_copy(update={like: asked.name})
    survey = getattr(params, like)
    thing = Thing(kind=SIMULATED, params=params.model_dump(mode="json"))
    update = {
        "weights": None,
        "pin": "",
        "adapter": None,
        "backend": thing,
        "like": survey,
        "trained": "",
        "price": None,
    }
    model = asked.model.model_copy(update=update)
    return model if written is None or _can_answer(model, written, asked, scope, bound) else POISON


def _can_answer(model: Model, written: Expression, asked: Asked, scope: Scope, bound: Bound) -> bool:
    """Whether people of the countries that a stand-in answers as were asked all that it is asked."""
    if model.like == asked.name:
        people = asked.people() or {}
    else:
        named = bound.surveys[model.like]
        if isinstance(named, Poison):
            return False
        people = named.survey.people
    params = backends.take(SIMULATED).params.model_validate(model.backend.params)
    if not _country_known(params, written, people, scope):
        return False
    if model.like == asked.name and not any(getattr(params, name) for name, _ in _countries(params)):
        return True
    return all(
        [
            covered(model.like, people, use.items, answered_as(model, use, written.span), scope)
            for use in asked.uses
            if not use.texts
        ]
    )


def _written(written: Expression, params: type[BaseModel], like: str, scope: Scope) -> BaseModel | Poison:
    if not isinstance(written, Typed) or written.kind.text != SIMULATED:
        label = f"a stand-in is `{SIMULATED} {{ … }}`, and this is {called(written)}"
        remedy = f"For example: `{SIMULATED} {{ tilt = -1 }}`, which answers uniformly."
        return report(scope.sink, "AC351", written.span, label, remedy=remedy)
    fields: dict[str, FieldInfo] = {name: copy.copy(info) for name, info in keys(params).items()}
    fields[like].default = ""  # What it is asked already says which survey it answers from.
    filled = fill(written, fields, scope)
    if like not in filled.poisoned:
        filled.values.setdefault(like, "")
    return form(params, filled, scope)


def _like_key(params: type[BaseModel]) -> str:
    """The parameter that names the survey to answer from."""
    return next(
        name
        for name, info in params.model_fields.items()
        if any(isinstance(mark, RefTo) and mark.kind == "survey" for mark in info.metadata)
    )


def _countries(params: BaseModel) -> list[tuple[str, CountryOf]]:
    """The parameters that name a country of a survey."""
    marked = ((n, mark) for n, info in type(params).model_fields.items() for mark in info.metadata)
    return [(name, mark) for name, mark in marked if isinstance(mark, CountryOf)]


def _country_known(params: BaseModel, written: Expression | Block, people: Mapping[str, object], scope: Scope) -> bool:
    """Whether the survey that a simulated model answers from has people of the country that it answers as."""
    for name, _ in _countries(params):
        country = getattr(params, name)
        if country and country not in people:
            remedy = close(country, people) or (f"It has {listing(sorted(people))}." if people else "It has none.")
            label = f"no people of `{country}` answered the survey"
            report(scope.sink, "AC353", _place(written, name), label, remedy=remedy)
            return False
    return True


def _place(written: Expression | Block, key: str) -> Span:
    """Where the value of a key stands, however deep inside what is written."""
    inside = [written]
    while inside:
        node = inside.pop()
        for part in node.body if isinstance(node, Block | Typed) else ():
            if isinstance(part, Attribute) and part.name.text == key:
                return part.value.span
            inside.append(part.value if isinstance(part, Attribute) else part)
    return written.span


def simulated_models(scope: Scope, bound: Bound) -> None:
    """Look at the countries that the spec's own simulated models answer as: they are known once the surveys are."""
    for declaration in scope.names.every("model"):
        model = bound.models[declaration.key]
        if isinstance(model, Poison) or model.weights is not None:
            continue
        params = backends.take(model.backend.kind).params.model_validate(model.backend.params)
        for _, mark in _countries(params):
            survey = bound.surveys.get(getattr(params, mark.survey), POISON)
            if not isinstance(survey, Poison) and not _country_known(
                params, declaration.block, survey.survey.people, scope
            ):
                bound.models[declaration.key] = POISON


def trial_plan(audit: Audit, trial: Trial) -> Plan:
    """The plan of an audit with stand-ins for its models: the same questions and claims, no report, no probe, and
    no budget, for a verdict must not hang on how quick a machine is.

    Claims are corrected together, so all stay that can be tried. Others, and blocks, metrics and trainings that no
    claim left needs, must not keep a test from being run. A claim that is expected stays whatever it needs.
    """
    uses = {use.name: use for use in audit.methods}
    models = audit.models | trial.models
    expected = {each.claim for each in trial.expects}
    claims = tuple(claim for claim in audit.claims if claim.name in expected or _triable(claim, uses, models))
    read = {measure for claim in claims for measure in _read(claim)}
    methods = tuple(
        replace(
            use,
            params=use.params if any(map(names_reading, claims)) else read_once(use, models, SIMULATED),
            models={name: models[name] for name in use.models},
            metrics=tuple(metric for metric in use.metrics if f"{use.name}.{metric.metric}" in read),
        )
        for use in audit.methods
        if any(measure.rpartition(".")[0] == use.name for measure in read)
    )
    return lower(
        replace(
            audit,
            budget=Budget(),
            probe=0.0,
            models=models,
            surveys=audit.surveys | trial.surveys,
            trainings=_trained_for(methods, audit, models),
            methods=methods,
            claims=claims,
            reports=(),
        )
    )


def _read(claim: Claim) -> list[str]:
    """The measures that a claim is about."""
    return [figure.measure for figure in figures(claim.holds)]


def _triable(claim: Claim, uses: Mapping[str, MethodUse], models: Mapping[str, Model]) -> bool:
    """Whether simulated models can answer all that a claim is about, and its metrics can be worked out."""
    for measure in _read(claim):
        block, _, name = measure.rpartition(".")
        use = uses[block]
        judges = [judge for m in use.metrics if m.metric == name for judge in referred(m.params)]
        judges += referred(use.params) if names_reading(claim) else ()
        if not isinstance(use, SurveyUse) or not metrics.take(name).built:
            return False
        if any(models[model].backend.kind != SIMULATED for model in (*use.models, *judges)):
            return False
    return True


def _trained_for(methods: tuple[MethodUse, ...], audit: Audit, models: Mapping[str, Model]) -> tuple[Train, ...]:
    """The trainings of models that are asked, or judge, and have no stand-in; and of those that they begin with."""
    stages = {stage.model: stage for stage in audit.trainings}
    open_ones = [name for use in methods for name in use.models]
    open_ones += [name for use in methods for metric in use.metrics for name in referred(metric.params)]
    open_ones += [name for use in methods for name in referred(use.params)]
    found: dict[str, Train] = {}
    while open_ones:
        name = open_ones.pop()
        if models[name].trained and name not in found:
            found[name] = stages[name]
            open_ones.append(stages[name].base)
    return tuple(found[name] for name in sorted(found))

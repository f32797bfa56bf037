"""Bound names to an audit: every block against its form, then what they say together.

A block whose mistakes have been reported is poison, and so is every value that needs it; what is poisoned is passed
over in silence, so that one mistake is one diagnostic and the rest of the spec is still checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from auditc.backends import backends
from auditc.diagnostics import Label, Span
from auditc.ir.audit import Audit, Claim, ReportUse
from auditc.ir.plan import Budget, Correction
from auditc.methods import methods
from auditc.reports import reports
from auditc.spec.syntax import Attribute, Block, Expression, Items, Member, Name, Switch, Text, Word

from .bodies import fill, form, head, keys, read
from .bound import Bound
from .claimed import Standing, look_at_claim
from .claims import Measured, holds
from .comparisons import comparison
from .controls import look_up_controls
from .counted import Together, parts, warn_of_uncorrected
from .declarations import Audit as AuditForm
from .declarations import Claim as ClaimForm
from .declarations import Family as FamilyForm
from .declarations import Report as ReportForm
from .dilemmas import dilemma
from .dimensions import in_dimensions
from .expressions import quantity
from .frameworks import framework
from .lineage import Lineage
from .load import Workspace, every
from .mistakes import POISON, Poison, close, listing, report, unpoisoned
from .places import origin
from .powered import BestCase, warn_of_power
from .prompts import persona
from .questions import Question, question
from .resolve import Declaration, Names
from .scope import Scope
from .secrets import look_for_secrets, look_into_data
from .standins import simulated_models
from .subjects import model, population
from .surveys import survey
from .texts import texts
from .training import trainings
from .trials import trials
from .unused import warn_of_unused
from .wants import Want, called
from .wording import worded

T = TypeVar("T")


def check(names: Names, files: Workspace, best: BestCase | None = None) -> Audit | Poison:
    """The audit that a spec describes, or POISON once its mistakes have been reported.

    `best` says how a model that answers like people would fare; without it no claim is looked at for its power.
    """
    sink = names.sink
    scope = Scope(sink, names, names.entry, files)
    _constants(scope)  # before all else, in the order that none waits for another
    settings = _settings(scope)
    frameworks = _each(names, scope, framework, "framework")
    bound = Bound(
        models=_each(names, scope, model, "model"),
        populations=_each(names, scope, population, "population"),
        personas=_each(names, scope, persona, "persona"),
        surveys=in_dimensions(_each(names, scope, survey, "survey"), frameworks, sink),
        frameworks=frameworks,
        seed=0 if isinstance(settings, Poison) else settings.seed,
    )
    simulated_models(scope, bound)
    lineage = trainings(names, scope, bound)
    questions = {d.key: _asked(d, scope, lineage) for d in names.questions()}
    families: dict[str, Correction | Poison] = {d.key: _family(d, scope) for d in names.every("family")}
    measured = {key: POISON if isinstance(q, Poison) else q.measured for key, q in questions.items()}
    sound = _sound(questions)
    models = unpoisoned(bound.models)

    standings: list[Standing] = []

    def look(standing: Standing) -> bool:
        good = look_at_claim(standing, sound, models, scope)
        standings.extend([standing] if good else [])
        return good

    claims = {d.key: _claim(d, scope, measured, look) for d in names.every("claim")}
    comparisons = {d.key: comparison(d, scope, measured, models) for d in names.every("compare")}
    uses = {d.key: _report(d, scope) for d in names.every("report")}
    tests = trials(scope, bound, questions, claims)
    _together(questions, scope)
    together = _corrected(settings, families, claims, measured, scope)
    warn_of_uncorrected(together.values(), sink)
    for standing in standings:
        if best is not None and standing.claim.family in together:
            warn_of_power(standing, together[standing.claim.family], sound, scope, best)
    _affordable(settings, bound, scope)
    look_up_controls(scope)
    warn_of_unused(names)
    for module in every(names.entry):
        look_for_secrets(module.file, sink)
    for grid in files.grids():
        look_into_data(grid, sink)
    if isinstance(settings, Poison):
        return POISON
    block = names.audits[0]
    return Audit(
        name=block.label.text if isinstance(block.label, Name) else "",
        title=settings.title,
        version=settings.version,
        seed=settings.seed,
        correct=settings.correct,
        families=_sound(families),
        budget=Budget(
            tokens=settings.budget.tokens,
            seconds=settings.budget.wall,
            cells=settings.budget.cells,
            money=settings.budget.money,
        ),
        models=_sound(bound.models),
        populations=_sound(bound.populations),
        surveys={key: checked.survey for key, checked in _sound(bound.surveys).items()},
        frameworks={key: checked.framework for key, checked in _sound(bound.frameworks).items()},
        trainings=tuple(_sound(lineage.made).values()),
        methods=tuple(q.use for q in sound.values()),
        claims=tuple(_sound(claims).values()),
        comparisons=tuple(_sound(comparisons).values()),
        reports=tuple(_sound(uses).values()),
        origin=origin(head(block)),
        probe=settings.probe,
        tests=tests,
    )


def _sound(found: dict[str, T | Poison]) -> dict[str, T]:
    return dict(sorted(unpoisoned(found).items()))


def _each(
    names: Names, scope: Scope, make: Callable[[Declaration, Scope], T | Poison], kind: str
) -> dict[str, T | Poison]:
    return {d.key: make(d, scope.within(d.module)) for d in names.every(kind)}


def _settings(scope: Scope) -> AuditForm | Poison:
    """The audit block, of which there is exactly one."""
    audits = scope.names.audits
    if not audits:
        start = Span(scope.module.file.source, 0, 0)
        remedy = 'Write `audit my_audit { title = "…"  version = "2026.1"  seed = 20261121 }`.'
        return report(scope.sink, "AC203", start, remedy=remedy)
    for other in audits[1:]:
        related = (Label(head(audits[0]), "the first one"),)
        report(scope.sink, "AC204", head(other), "one file is one audit", related=related)
    return read(AuditForm, audits[0], scope)


def _constants(scope: Scope) -> None:
    """Look at every constant, also at those that nothing uses."""
    for constants in scope.names.constants.values():
        for constant in constants.values():
            expression = constant.value
            if isinstance(expression, Poison | Text | Switch | Word):
                continue
            if isinstance(expression, Items) and all(isinstance(one, Word | Member) for one in expression.values):
                continue  # what its names mean, whoever takes the list knows
            if quantity(expression, scope.within(constant.module)) is None:
                kinds = "a number, a text, `on` or `off`, or a list of names"
                label = f"a constant is {kinds}, and this is {called(expression)}"
                report(scope.sink, "AC301", expression.span, label, remedy="For example: `let { name = 3 }`.")


def _asked(declaration: Declaration, scope: Scope, lineage: Lineage) -> Question | Poison:
    """A method's block, which asks a survey, leads through scenarios, or gives texts."""
    match methods.take(declaration.kind).asks:
        case "scenarios":
            return dilemma(declaration, scope, lineage.bound)
        case "texts":
            return texts(declaration, scope, lineage)
    return question(declaration, scope, lineage)


def _family(declaration: Declaration, scope: Scope) -> Correction | Poison:
    made = read(FamilyForm, declaration.block, scope)
    return POISON if isinstance(made, Poison) else made.correct


def _claim(
    declaration: Declaration,
    scope: Scope,
    measured: dict[str, Measured | Poison],
    look: Callable[[Standing], bool],
) -> Claim | Poison:
    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        return holds(expression, inner, measured)

    filled = fill(declaration.block, keys(ClaimForm), scope, special=special)
    made = form(ClaimForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    written = filled.places["holds"]
    assert not isinstance(written, Block)  # `fill` takes no block for it
    claim = Claim(
        name=declaration.key,
        says=made.says,
        holds=made.holds,
        text=worded(written),
        level=made.level,
        estimand="items like these" if made.estimand == "items_like_these" else "these items",
        family=made.family or "",
        maps_to=made.maps_to,
        origin=origin(declaration.name.span),
    )
    said = filled.place("cluster") if "cluster" in filled.places else None
    return claim if look(Standing(claim, written.span, said, made.cluster)) else POISON


def _report(declaration: Declaration, scope: Scope) -> ReportUse | Poison:
    filled = fill(declaration.block, keys(ReportForm), scope)
    made = form(ReportForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    good = True
    for index, name in enumerate(made.formats):
        if name not in reports.names():
            remedy = close(name, reports.names()) or f"The forms are {listing(reports.names())}."
            at = filled.entries("formats")[index]
            report(scope.sink, "AC213", at, f"there is no form of report `{name}`", remedy=remedy)
            good = False
            continue
        spoken = reports.take(name).languages
        for place, language in enumerate(made.languages):
            if language not in spoken:
                at = (*filled.entries("languages"), filled.owner)[place]
                remedy = f"`{name}` is written in {listing(sorted(spoken))}."
                report(scope.sink, "AC408", at, f"`{name}` is not written in `{language}`", remedy=remedy)
                good = False
    if not good:
        return POISON
    return ReportUse(declaration.key, made.formats, made.languages, origin(declaration.name.span))


def _affordable(settings: AuditForm | Poison, bound: Bound, scope: Scope) -> None:
    """Whether a budget in money can be kept: whoever bills has a price, and every price is in its currency."""
    if isinstance(settings, Poison) or settings.budget.money is None:
        return
    limit = settings.budget.money
    for declaration in scope.names.every("model"):
        model = bound.models[declaration.key]
        if isinstance(model, Poison) or (model.price is None and not backends.take(model.backend.kind).hosted):
            continue
        span = declaration.name.span
        if model.price is None:
            remedy = f"Add `price {{ input = 1{limit.currency}  output = 2{limit.currency} }}`, for a million tokens."
            report(scope.sink, "AC438", span, f"what `{declaration.key}` bills is not known", remedy=remedy)
        elif model.price.input.currency != limit.currency:
            label = f"its price is in {model.price.input.currency}, the budget in {limit.currency}"
            report(scope.sink, "AC438", span, label, remedy=f"Give the price in {limit.currency}.")


def _together(questions: dict[str, Question | Poison], scope: Scope) -> None:
    """What only shows once all blocks are there."""
    audits = scope.names.audits
    if not questions and audits and not scope.names.poisoned:
        remedy = "For example: `first_token opinions { ask = my_survey  of = [my_model]  as = [my_population] }`."
        report(scope.sink, "AC421", head(audits[0]), "no block puts a question to a model", remedy=remedy)


def _corrected(
    settings: AuditForm | Poison,
    families: dict[str, Correction | Poison],
    claims: dict[str, Claim | Poison],
    measured: dict[str, Measured | Poison],
    scope: Scope,
) -> dict[str, Together]:
    """What is judged together: the claims of each family, and under the empty name those of none."""
    found = [] if isinstance(settings, Poison) else [("", settings.correct, scope.names.audits[0])]
    for declaration in scope.names.every("family"):
        correct = families[declaration.key]
        if not isinstance(correct, Poison):
            found.append((declaration.key, correct, declaration.block))
    together = {}
    for family, correct, block in found:
        said = [p.value.span for p in block.body if isinstance(p, Attribute) and p.name.text == "correct"]
        mine = [claim for claim in claims.values() if not isinstance(claim, Poison) and claim.family == family]
        count = sum(parts(claim, measured) for claim in mine)
        together[family] = Together(correct, said[0] if said else None, count, len(mine))
    return together

"""Bound names to an audit: every block against its form, then what they say together.

A block whose mistakes have been reported is poison, and so is every value that needs it; what is poisoned is passed
over in silence, so that one mistake is one diagnostic and the rest of the spec is still checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from auditc.diagnostics import Label, Span
from auditc.ir.audit import Audit, Claim, ReportUse
from auditc.ir.plan import Budget, Comparison, Figure, Mean, Number
from auditc.metrics import metrics
from auditc.reports import reports
from auditc.spec.syntax import Attribute, Expression, Name, Switch, Text, Word

from .bodies import fill, form, head, keys, read
from .bound import Bound
from .claims import Measured, holds
from .declarations import Audit as AuditForm
from .declarations import Claim as ClaimForm
from .declarations import Report as ReportForm
from .expressions import quantity
from .load import Workspace
from .mistakes import POISON, Poison, close, listing, report
from .places import origin
from .prompts import persona
from .questions import Question, question
from .resolve import Declaration, Names
from .scope import Scope
from .secrets import look_for_secrets
from .subjects import model, population
from .surveys import survey
from .unused import warn_of_unused
from .wants import Want, called
from .wording import worded

T = TypeVar("T")


def check(names: Names, files: Workspace) -> Audit | Poison:
    """The audit that a spec describes, or POISON once its mistakes have been reported."""
    sink = names.sink
    scope = Scope(sink, names, names.entry, files)
    _constants(scope)  # before all else, in the order that none waits for another
    settings = _settings(scope)
    bound = Bound(
        models=_each(names, scope, model, "model"),
        populations=_each(names, scope, population, "population"),
        personas=_each(names, scope, persona, "persona"),
        surveys=_each(names, scope, survey, "survey"),
        seed=0 if isinstance(settings, Poison) else settings.seed,
    )
    questions = {d.key: question(d, scope, bound) for d in names.questions()}
    measured = {key: POISON if isinstance(q, Poison) else q.measured for key, q in questions.items()}
    claims = {d.key: _claim(d, scope, measured) for d in names.every("claim")}
    uses = {d.key: _report(d, scope) for d in names.every("report")}
    _together(settings, questions, claims, scope)
    warn_of_unused(names)
    for source in files.specs():
        look_for_secrets(source, sink)
    if isinstance(settings, Poison):
        return POISON
    block = names.audits[0]
    return Audit(
        name=block.label.text if isinstance(block.label, Name) else "",
        title=settings.title,
        version=settings.version,
        seed=settings.seed,
        correct=settings.correct,
        budget=Budget(tokens=settings.budget.tokens, seconds=settings.budget.wall, cells=settings.budget.cells),
        models=_sound(bound.models),
        populations=_sound(bound.populations),
        surveys={key: checked.survey for key, checked in _sound(bound.surveys).items()},
        methods=tuple(q.use for q in _sound(questions).values()),
        claims=tuple(_sound(claims).values()),
        reports=tuple(_sound(uses).values()),
        origin=origin(head(block)),
    )


def _sound(found: dict[str, T | Poison]) -> dict[str, T]:
    return {key: found_value for key, found_value in sorted(found.items()) if not isinstance(found_value, Poison)}


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
            if quantity(expression, scope.within(constant.module)) is None:
                label = f"a constant is a number, a text, `on` or `off`, and this is {called(expression)}"
                report(scope.sink, "AC301", expression.span, label, remedy="For example: `let { name = 3 }`.")


def _claim(declaration: Declaration, scope: Scope, measured: dict[str, Measured | Poison]) -> Claim | Poison:
    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        return holds(expression, inner, measured)

    filled = fill(declaration.block, keys(ClaimForm), scope, special=special)
    made = form(ClaimForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    written = next(p.value for p in declaration.block.body if isinstance(p, Attribute) and p.name.text == "holds")
    _decidable(made.holds, written.span, scope)
    return Claim(
        name=declaration.key,
        says=made.says,
        holds=made.holds,
        text=worded(written),
        level=made.level,
        estimand="items like these" if made.estimand == "items_like_these" else "these items",
        maps_to=made.maps_to,
        origin=origin(declaration.name.span),
    )


def _decidable(comparison: Comparison, at: Span, scope: Scope) -> None:
    """Warn of a threshold that the metric cannot pass, or cannot miss."""
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    left, operator, right = comparison.left, str(comparison.operator), comparison.right
    if isinstance(left, Number):
        left, operator, right = right, turned[operator], left
    while isinstance(left, Mean):
        left = left.of
    if not isinstance(left, Figure) or not isinstance(right, Number):
        return
    metric = left.measure.rpartition(".")[2]
    low, high = metrics.take(metric).bounds
    threshold = right.value
    never = {"<": threshold <= low, "<=": threshold < low, ">": threshold >= high, ">=": threshold > high}[operator]
    always = {"<": threshold > high, "<=": threshold >= high, ">": threshold < low, ">=": threshold <= low}[operator]
    if never or always:
        label = f"`{metric}` lies between {low:g} and {high:g}: this {'always' if always else 'never'} holds"
        report(scope.sink, "AC420", at, label, remedy="Compare with a figure that can be passed and missed.")


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


def _together(
    settings: AuditForm | Poison,
    questions: dict[str, Question | Poison],
    claims: dict[str, Claim | Poison],
    scope: Scope,
) -> None:
    """What only shows once all blocks are there."""
    audits = scope.names.audits
    if not questions and audits and not scope.names.poisoned:
        remedy = "For example: `first_token opinions { ask = my_survey  of = [my_model]  as = [my_population] }`."
        report(scope.sink, "AC421", head(audits[0]), "no block puts a question to a model", remedy=remedy)
    if not isinstance(settings, Poison) and settings.correct == "none" and len(claims) > 1:
        said = [p.value.span for p in audits[0].body if isinstance(p, Attribute) and p.name.text == "correct"]
        label = f"with {len(claims)} claims, each at its own level, one more often holds by chance"
        report(scope.sink, "AC410", said[0], label, remedy="Write `correct = holm`.")

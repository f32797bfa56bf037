"""The block of a method that leads models through scenarios: its scenarios, its script, and what is measured."""

from __future__ import annotations

from typing import Any

from auditc.ir.audit import ScriptUse
from auditc.ir.plan import Escalate
from auditc.ir.values import Script as ScriptMark
from auditc.ir.values import StepNumber
from auditc.methods import methods
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Expression

from .bodies import fill, form, keys
from .bound import Bound
from .claims import Measured
from .declarations import Leads
from .instruments import trustworthy
from .mistakes import POISON, Poison, listing, report, unpoisoned
from .places import origin
from .questions import Question, wanted_metrics
from .resolve import Declaration
from .scenarios import Wanted, scenarios
from .scope import Scope
from .scripts import script
from .sound import Asking, measurable
from .wants import Want


def dilemma(declaration: Declaration, scope: Scope, bound: Bound) -> Question | Poison:
    """A block that leads models through scenarios."""
    method = methods.take(declaration.kind)

    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        # Steps are known only once the whole block has been read; until then what names them is kept as it is.
        assert want.mark(ScriptMark)
        return expression

    fields = {**keys(Leads), **keys(method.params)}
    filled = fill(declaration.block, fields, scope, special=special, inner=metrics.names())
    leads = form(Leads, filled, scope)
    params = form(method.params, filled, scope)
    uses = wanted_metrics(filled, scope)
    if isinstance(leads, Poison) or isinstance(params, Poison) or isinstance(uses, Poison):
        return POISON
    blocks = (filled.several.get("step", []), filled.several.get("branch", []))
    laid = script(params.step, params.branch, blocks, scope)
    listed = bound.frameworks[leads.framework] if leads.framework else None
    models = {name: bound.models[name] for name in leads.of}
    if leads.language not in method.languages:
        remedy = f"`{declaration.kind}` asks in {listing(sorted(method.languages))}."
        at = filled.place("language")
        return report(scope.sink, "AC408", at, f"`{leads.language}` is asked for", remedy=remedy)
    if isinstance(laid, Poison) or isinstance(listed, Poison) or any(m is POISON for m in models.values()):
        return POISON
    framework = listed.framework if listed else None
    told = scenarios(leads.scenarios, Wanted(laid, leads.language, framework), scope)
    if isinstance(told, Poison):
        return POISON
    use = ScriptUse(
        name=declaration.key,
        method=declaration.kind,
        params=params,
        models=unpoisoned(models),
        populations={},
        persona=None,
        metrics=uses,
        seed=bound.seed,
        origin=origin(declaration.name.span),
        scenarios_name=declaration.key,
        scenarios=told,
        framework_name=leads.framework or "",
        framework=framework,
        language=leads.language,
        script=laid,
    )
    stages = tuple(stage for stage in method.stages(use) if isinstance(stage, Escalate))
    asking = Asking(scope, filled, bound)
    if not all([measurable(use, method, stages, asking), trustworthy(use, asking), _has_steps(use, asking)]):
        return POISON
    axes = {
        "model": tuple(use.models),
        "population": (),
        "condition": ("asked",),
        "dimension": tuple(sorted(value.id for value in framework.values)) if framework else (),
    }
    return Question(use, Measured(tuple(sorted(metric.metric for metric in uses)), axes))


def _has_steps(use: ScriptUse, asking: Asking) -> bool:
    """Whether the script has the steps that its metrics name by number."""
    last = sum(step.name.isdigit() for step in use.script.steps)
    good = True
    for metric in use.metrics:
        block = next(block for block in asking.filled.blocks if block.kind.text == metric.metric)
        written = {part.name.text: part.value.span for part in block.body if isinstance(part, Attribute)}
        for key, info in type(metric.params).model_fields.items():
            number = getattr(metric.params, key)
            if any(isinstance(mark, StepNumber) for mark in info.metadata) and number > last:
                name = info.alias or key
                remedy = f"The last step is {last}."
                at = written.get(name, block.kind.span)
                report(asking.scope.sink, "AC304", at, f"there is no step {number}", remedy=remedy)
                good = False
    return good

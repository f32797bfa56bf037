"""The second reading of a block: whether its model can be had, its stages, and what they change for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditc.diagnostics import Span
from auditc.ir.audit import Audit, Claim, MethodUse, SurveyUse
from auditc.ir.plan import Assess, Converse, Made, Model, Score
from auditc.ir.questions import questions
from auditc.ir.reread import ASKED, SECOND_READING
from auditc.methods import methods
from auditc.metrics._contract import Metric

from .claims import figures
from .instruments import akin
from .mistakes import Poison, listing, report
from .sound import Asking
from .wants import referred

KEY = "second_reading"
"""The attribute that names the model."""


def reread(use: MethodUse, stages: Iterable[Made], audit: Audit) -> tuple[Assess, ...]:
    """The stages that read a block's answers again, each after the training that makes its model."""
    method = methods.take(use.method)
    if method.rereads is None:
        return ()
    made = method.rereads(use, [stage for stage in stages if isinstance(stage, Converse)])
    trained = {stage.model: audit.models[stage.model].trained for stage in made}
    return tuple(
        stage.model_copy(update={"needs": tuple(sorted({*stage.needs, trained[stage.model]} - {""}))}) for stage in made
    )


def rereading(metric: Metric[Any], needs: Sequence[str], again: Iterable[Assess]) -> tuple[str, ...]:
    """The stages of `again` that a metric needs as well: it has figures of what they read. Judges read texts, and not
    what was read of them."""
    if metric.reads == "assessed":
        return ()
    return tuple(stage.name for stage in again if set(stage.of) & set(needs))


def conditions(use: MethodUse) -> tuple[str, ...]:
    """The conditions that a second reading adds to a block's figures."""
    return (SECOND_READING,) if any(True for _ in referred(use.params)) else ()


def stands_for(condition: str | None) -> str | None:
    """The condition under which the answers were asked that a condition is about."""
    return ASKED if condition == SECOND_READING else condition


def names_reading(claim: Claim) -> bool:
    """Whether a claim is about answers that were read a second time."""
    return any(figure.at.get("condition") == SECOND_READING for figure in figures(claim.holds))


def read_once(use: MethodUse, models: Mapping[str, Model], kind: str) -> Any:
    """What a block says, without a second reader that is not of a kind of backend."""
    other = any(models[name].backend.kind != kind for name in referred(use.params))
    return use.params.model_copy(update={KEY: None}) if other else use.params


def readable(use: SurveyUse, stages: Iterable[Score | Converse], asking: Asking) -> bool:
    """Whether the second reader can be had, and is another model than those that it reads; warns of one that is of
    their family, and of a block of which it has nothing to read."""
    at = asking.filled.place(KEY)
    for name in referred(use.params):
        reader = asking.bound.models.get(name)
        if isinstance(reader, Poison) or reader is None:
            return False
        if name in use.models:
            label = f"`{name}` reads what it wrote itself"
            remedy = "Let another model read, best one of another family."
            report(asking.scope.sink, "AC448", at, label, remedy=remedy)
            return False
        kin = [model for model, read in use.models.items() if akin(reader, read)]
        if kin:
            label = f"`{name}` reads {listing(kin)} of its own family"
            report(asking.scope.sink, "AC425", at, label, remedy="Let a model of another family read.")
        _idle(use, stages, at, asking)
    return True


def _idle(use: SurveyUse, stages: Iterable[Score | Converse], at: Span, asking: Asking) -> None:
    """Warn of a second reading of lists alone."""
    written = [stage for stage in stages if isinstance(stage, Converse)]
    if written and all(one.form == "list" for one in questions(written[0], use.survey)):
        label = "all items of the block are asked in lists, and those are not read a second time"
        report(asking.scope.sink, "AC473", at, label, remedy="Leave it out.")

"""The value dimensions of a survey as data: a framework that names them, and says what high and low mean."""

from __future__ import annotations

from dataclasses import replace

from auditc.diagnostics import Sink

from .frameworks import CheckedFramework
from .mistakes import POISON, Poison, close, listing, report
from .surveys import CheckedSurvey
from .tables import MANY


def in_dimensions(
    surveys: dict[str, CheckedSurvey | Poison], frameworks: dict[str, CheckedFramework | Poison], sink: Sink
) -> dict[str, CheckedSurvey | Poison]:
    """The surveys, each with the framework that it names for its dimensions. An item of another one is a mistake."""
    return {key: _placed(checked, frameworks, sink) for key, checked in surveys.items()}


def _placed(
    checked: CheckedSurvey | Poison, frameworks: dict[str, CheckedFramework | Poison], sink: Sink
) -> CheckedSurvey | Poison:
    if isinstance(checked, Poison) or not checked.dimensions:
        return checked
    named = frameworks[checked.dimensions]
    if isinstance(named, Poison):
        return POISON
    known = [value.id for value in named.framework.values]
    strange = [item for item in checked.survey.items if item.dimension not in known]
    for item in strange[:MANY]:
        remedy = close(item.dimension, known) or f"The dimensions are {listing(known)}."
        label = f"`{checked.dimensions}` has no dimension `{item.dimension}`"
        report(sink, "AC378", checked.items[item.id], label if item.dimension else "no dimension", remedy=remedy)
    if strange:
        return POISON
    return replace(checked, survey=checked.survey.model_copy(update={"dimensions": named.framework}))

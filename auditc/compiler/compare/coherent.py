"""Whether a plan holds all that it names. One that was compiled here does; one from a file may have been edited."""

from __future__ import annotations

from auditc.compiler.claims import AXES, averaged_in, figures
from auditc.compiler.further import further_of
from auditc.ir.plan import Assess, Compare, Converse, Escalate, Judge, Measure, Plan, Questioning, Train
from auditc.metrics import metrics

from .params import named


def coherent(plan: Plan) -> bool:
    """Whether every name in a plan's stages leads to something."""
    stages = {stage.name for stage in plan.stages}
    measures = {stage.name for stage in plan.stages if isinstance(stage, Measure)}
    for stage in plan.stages:
        if not stages.issuperset(stage.needs):
            return False
        if isinstance(stage, Questioning) and not _asks(stage, plan):
            return False
        if isinstance(stage, Escalate) and not _leads(stage, plan):
            return False
        if isinstance(stage, Assess) and not _assesses(stage, plan):
            return False
        if isinstance(stage, Train) and not _trains(stage, plan):
            return False
        if isinstance(stage, Measure) and not _measures(stage, plan):
            return False
        if isinstance(stage, Judge) and not _claims(stage, measures, plan):
            return False
        if isinstance(stage, Compare) and not _compares(stage, plan, measures):
            return False
    return len(stages) == len(plan.stages)


def _measures(stage: Measure, plan: Plan) -> bool:
    known = stage.metric in metrics.names() and bool(stage.needs)
    return known and plan.models.keys() >= set(named(stage, "model"))


def _claims(stage: Judge, measures: set[str], plan: Plan) -> bool:
    known = set(AXES)
    axes = set(stage.holds.each)
    axes.update(averaged_in(stage.holds.left), averaged_in(stage.holds.right))
    for figure in figures(stage.holds):
        axes.update(figure.at)
        if figure.measure not in measures:
            return False
        known.update(further_of(plan, figure.measure))
    return axes <= known


def _compares(stage: Compare, plan: Plan, measures: set[str]) -> bool:
    models = {name for group in stage.groups.values() for name in group}
    return stage.figure.measure in measures and models <= plan.models.keys()


def _assesses(stage: Assess, plan: Plan) -> bool:
    """Whether a judge reads stages that are there, and is who the metric that wants it says, in all that it repeats."""
    wanting = [one for one in plan.stages if isinstance(one, Measure) and stage.name in one.needs]
    if stage.picks:
        asked = [one for one in plan.stages if isinstance(one, Converse) and one.block == stage.block]
        return stage.model in plan.models and bool(stage.of) and {one.name for one in asked} >= set(stage.of)
    read = [one for one in plan.stages if isinstance(one, Converse) and one.name in stage.of]
    if not wanting or stage.model not in plan.models or wanting[0].metric not in metrics.names():
        return False
    metric = metrics.take(wanting[0].metric)
    try:
        params = metric.params.model_validate(wanting[0].params)
        made = metric.stages(params, wanting[0].metric, read) if metric.stages else ()
    except (ValueError, KeyError):  # of a table that lacks a column
        return False
    repeats = ("block", "model", "sample", "axis", "cases", "seed")
    return any(
        set(one.of) == set(stage.of) and all(getattr(one, key) == getattr(stage, key) for key in repeats)
        for one in made
    )


def _leads(stage: Escalate, plan: Plan) -> bool:
    known = stage.framework in plan.frameworks or not stage.framework
    return known and stage.scenarios in plan.scenarios and stage.model in plan.models


def _trains(stage: Train, plan: Plan) -> bool:
    return plan.models.keys() >= {stage.model, stage.base} and plan.populations.keys() >= set(stage.populations)


def _asks(stage: Questioning, plan: Plan) -> bool:
    survey = plan.surveys.get(stage.survey)
    return (
        survey is not None
        and stage.model in plan.models
        and plan.populations.keys() >= set(stage.populations)
        and {item.id for item in survey.items} >= set(stage.items)
    )

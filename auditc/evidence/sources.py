"""Sources: which answers a measure reads, and along which axes its figures lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditc.ir.answers import Answers
from auditc.ir.plan import Answered, Converse, Measure, Plan, Predict, Questioning, Score
from auditc.ir.reread import SECOND_READING, second_readers
from auditc.metrics._contract import Metric
from auditc.metrics._parts import axes_in

ASKED = "asked"
"""The condition of a figure that names none."""


def stages(plan: Plan, measure: Measure, metric: Metric[Any]) -> tuple[Answered, ...]:
    """The stages whose answers a metric is taken of.

    Where a measure needs both probabilities and draws, the draws are a sample of written answers beside the
    probabilities: distances are of the probabilities, and only how many were answered is told of both.
    """
    needed = [stage for stage in map(plan.stage, measure.needs) if isinstance(stage, Answered)]
    scored = [stage for stage in needed if isinstance(stage, Score)]
    drawn = [stage for stage in needed if isinstance(stage, Converse)]
    match metric.reads:
        case "status":
            return tuple(needed)
        case "likelihood":
            return tuple(stage for stage in needed if isinstance(stage, Predict))
        case "counts" | "texts":
            return tuple(drawn)
        case "shares":
            return tuple(scored or drawn)
        case "orders" | "mass" | "written":
            return tuple(scored)
        case "assessed":
            return tuple(drawn)
        case "choices":
            raise NotImplementedError(f"no metric that reads {metric.reads} is built, and binding refuses such a plan")


def pairs(
    plan: Plan, measure: Measure, metric: Metric[Any], answers: Sequence[Answers]
) -> Iterator[tuple[Answers, Answers | None]]:
    """The answers to measure, each with the written answers beside it where the metric compares the two."""
    for stage in stages(plan, measure, metric):
        for own in answers:
            if own.stage != stage.name:
                continue
            if metric.reads != "written":
                yield own, None
            elif own.condition == ASKED:
                yield from ((own, other) for other in answers if _is_written(plan, measure, own, other))


def _is_written(plan: Plan, measure: Measure, own: Answers, other: Answers) -> bool:
    return (
        other.stage in measure.needs
        and isinstance(plan.stage(other.stage), Converse)
        and (other.model, other.population) == (own.model, own.population)
    )


def who_of(asked: Answers) -> str:
    """Who was asked: the same however their answers are read."""
    under = ASKED if asked.condition == SECOND_READING else asked.condition
    return f"{asked.stage}\x1f{asked.population}\x1f{under}"


def conditions_of(plan: Plan, stage: Questioning) -> tuple[str, ...]:
    """The conditions of a stage's figures; a second reading is one more."""
    if isinstance(stage, Score):
        return tuple(condition.name for condition in stage.conditions)
    if not isinstance(stage, Converse):
        return (ASKED,)
    return (stage.condition, SECOND_READING) if stage.name in second_readers(plan) else (stage.condition,)


def axis(plan: Plan, measure: Measure, metric: Metric[Any], name: str) -> tuple[str, ...]:
    """The values of `model`, `population`, `condition`, `dimension` or an axis of its parts that the plan has for a
    measure, in its order. Raises KeyError for another axis."""
    values: list[str] = []
    for stage in stages(plan, measure, metric):
        match name:
            case "model":
                values.append(stage.model)
            case "population":
                values.extend(stage.populations)
            case "condition":
                values.extend(conditions_of(plan, stage))
            case "dimension":
                asked = set(stage.items)
                survey = plan.surveys[stage.survey].items
                values.extend(i.dimension for i in survey if i.id in asked and metric.takes(i))
            case _:
                values.extend(further(plan, measure, metric)[name])
    return tuple(dict.fromkeys(values))


def further(plan: Plan, measure: Measure, metric: Metric[Any]) -> Mapping[str, tuple[str, ...]]:
    """The axes of a measure's parts, each with its values over all populations; none where it has no parts."""
    read = stages(plan, measure, metric) if metric.parts else ()
    return axes_in(plan, measure, metric, ((stage.survey, name) for stage in read for name in stage.populations))

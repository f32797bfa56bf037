"""The further axes of a metric with parts, as claims name them: the sex of a group of people, a profile, a fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditc.ir.audit import MetricUse
from auditc.ir.plan import Measure, Plan, Population, Questioning, Survey
from auditc.metrics import metrics
from auditc.metrics._parts import axes_among, axes_in, parts_of


@dataclass(frozen=True, slots=True, eq=False)
class Further:
    """`axes` with their values in all populations; which sets of them a part stands at; and the `usual` value of those
    that a claim need not name."""

    axes: dict[str, tuple[str, ...]]
    shapes: frozenset[frozenset[str]]
    usual: dict[str, str]

    def leads(self, named: Iterable[str]) -> bool:
        """Whether axes that are named, with the usual ones, are those of a part."""
        wanted = frozenset(named) | self.usual.keys()
        return wanted in self.shapes

    def settled(self, at: Mapping[str, str], bound: Iterable[str]) -> dict[str, str]:
        """Where a figure stands, with the usual value of every axis that is neither fixed nor gone through."""
        gone = frozenset(bound)
        return {axis: value for axis, value in self.usual.items() if axis not in gone} | dict(at)


def further(uses: Iterable[MetricUse], survey: Survey, populations: Mapping[str, Population]) -> dict[str, Further]:
    """The further axes of each of a block's metrics that has parts."""
    found = {}
    for use in uses:
        metric = metrics.take(use.metric)
        if metric.parts is not None:
            found[use.metric] = _further(metric, use.params, survey, populations)
    return found


def _further(metric: Any, params: Any, survey: Survey, populations: Mapping[str, Population]) -> Further:
    parts = [
        part
        for population in populations.values()
        for part in parts_of(metric, params, [group.of for group in survey.groups.get(population.country, ())])
    ]
    axes = axes_among(parts)
    usual = {}
    for axis, values in axes.items():
        wanted = metric.usual.get(axis)
        if wanted in values:
            usual[axis] = wanted
        elif len(values) == 1 and all(axis in part.axes for part in parts):
            usual[axis] = values[0]
    return Further(axes, frozenset(frozenset(part.axes) for part in parts), usual)


def further_of(plan: Plan, measure: str) -> dict[str, tuple[str, ...]]:
    """The further axes of a measure of a plan, each with its values; none where nothing is known of it."""
    stage = plan.stage(measure)
    assert isinstance(stage, Measure)
    read = [found for found in plan.stages if found.name in stage.needs and isinstance(found, Questioning)]
    asked = ((found.survey, name) for found in read for name in found.populations)
    try:
        return axes_in(plan, stage, metrics.take(stage.metric), asked)
    except (ValueError, KeyError):  # A plan from a file may have been edited.
        return {}

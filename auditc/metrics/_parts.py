"""The parts of a metric that has several figures, and the axes that they stand at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from auditc.ir.plan import Measure, Plan

from ._contract import Metric, Part


def parts_of(metric: Metric[Any], params: Any, groups: Sequence[Mapping[str, str]]) -> tuple[Part, ...]:
    """The parts of a metric in one country, each with a name of its own; one without axes where it has no parts."""
    if metric.parts is None:
        return (Part({}, metric.unit, metric.better, metric.bounds, metric.share),)
    found = metric.parts(params, groups)
    count = Counter("/".join(part.axes.values()) for part in found)
    named = []
    for part in found:
        name = "/".join(part.axes.values())
        if count[name] > 1:
            name = "/".join(f"{axis}={value}" for axis, value in part.axes.items())
        named.append(replace(part, name=name))
    return tuple(named)


def axes_among(parts: Sequence[Part]) -> dict[str, tuple[str, ...]]:
    """The axes of parts, each with its values in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for axis, value in part.axes.items():
            found[axis] = tuple(dict.fromkeys((*found.get(axis, ()), value)))
    return found


def axes_in(
    plan: Plan, measure: Measure, metric: Metric[Any], asked: Iterable[tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    """The further axes of a measure that is taken of `asked` surveys and populations; none where it has no parts."""
    if metric.parts is None:
        return {}
    params = metric.params.model_validate(measure.params)
    found: list[Part] = []
    for survey, population in dict.fromkeys(asked):
        groups = plan.surveys[survey].groups.get(plan.populations[population].country, ())
        found.extend(parts_of(metric, params, [group.of for group in groups]))
    return axes_among(found)

"""Which stages of a block a metric reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditc.ir.plan import Converse, Escalate, Made, Predict, Score
from auditc.metrics._contract import Metric


def feeding(metric: Metric[Any], stages: Iterable[Made]) -> tuple[str, ...] | None:
    """Names of the stages that a metric needs, or None where the block brings no such answers.

    Where a block scores, what it also asks in words is there to be compared with the scores, and nothing else reads it.
    """
    stages = tuple(stages)
    chosen = tuple(stage.name for stage in stages if isinstance(stage, Escalate))
    scores = tuple(stage.name for stage in stages if isinstance(stage, Score))
    spoken = tuple(stage.name for stage in stages if isinstance(stage, Converse))
    predicted = tuple(stage.name for stage in stages if isinstance(stage, Predict))
    match metric.reads:
        case "likelihood":
            return predicted or None
        case "status" if metric.written:
            return spoken if spoken and not scores else None
        case "status":
            return scores or spoken or predicted or None
        case "choices":
            return chosen or None
        case "texts" | "assessed":
            return spoken or None
        case "written":
            return (*scores, *spoken) if scores and spoken else None
        case "counts":
            return spoken if spoken and not scores else None
        case "orders" | "mass":
            return scores or None
        case _:
            return scores or spoken or None

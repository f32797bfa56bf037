"""The parameters of a metric or of an objective as a comparison sees them: names are names, and a table is its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditc.compiler.wants import wants
from auditc.ir.plan import Measure
from auditc.ir.values import RefTo, Table
from auditc.metrics import metrics

from .names import Names

_TABLE = frozenset(Table.model_fields)


def named(measure: Measure, kind: str) -> Iterator[str]:
    """The blocks of a kind that a metric's parameters name."""
    for key, section in _names(measure.metric).items():
        if section == kind and isinstance(measure.params.get(key), str):
            yield measure.params[key]


def called(measure: Measure, names: Names) -> dict[str, str]:
    """Keys of a metric's parameters whose value is a block's name, with what both audits call that block."""
    found = _names(measure.metric)
    return {
        key: names.of(found[key], value)
        for key, value in measure.params.items()
        if key in found and isinstance(value, str)
    }


def _names(metric: str) -> dict[str, str]:
    """By key of the metric's parameters, the kind of block that it names."""
    found: dict[str, str] = {}
    for field, info in metrics.take(metric).params.model_fields.items():
        marks = [want.mark(RefTo) for want in wants(info.annotation, tuple(info.metadata))]
        kinds = [mark.kind for mark in marks if mark is not None]
        if kinds:
            found[info.alias or field] = kinds[0]
    return found


def apart_by(params: dict[str, Any]) -> tuple[str, ...]:
    """The columns of a reference by which a metric tells people apart."""
    columns = params.get("by", ())
    return tuple(column for column in columns if isinstance(column, str)) if isinstance(columns, list | tuple) else ()


def is_table(value: Any) -> bool:
    """Whether a value is a data file, in a plan."""
    return isinstance(value, dict) and value.keys() == _TABLE


def rows(value: dict[str, Any]) -> dict[str, Any]:
    """What a data file says: another name or another layout of the file says the same."""
    return {key: inner for key, inner in value.items() if key not in ("path", "digest")}

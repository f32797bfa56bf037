"""The figures of a plan by population and condition, and what of the plan stands behind each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from auditc.ir.plan import Escalate, Measure, Plan, Questioning, Score, Train
from auditc.ir.reread import ASKED, SECOND_READING, second_readers
from auditc.metrics import metrics

from .names import Names
from .params import apart_by, named
from .reach import Cell
from .view import role_of

CellKey = tuple[str, str, str, str]
"""Block, metric, population, condition."""


def cells(plan: Plan, names: Names) -> dict[CellKey, Cell]:
    """All figures that a run of the plan makes for the whole survey, whichever model answers."""
    found: dict[CellKey, Cell] = {}
    stages = {stage.name: stage for stage in plan.stages}
    for measure in plan.stages:
        if not isinstance(measure, Measure):
            continue
        read: list[Questioning] = [
            stage for stage in map(stages.__getitem__, measure.needs) if isinstance(stage, Questioning)
        ]
        led = [stage for stage in map(stages.__getitem__, measure.needs) if isinstance(stage, Escalate)]
        if led:
            cell = _led(plan, measure, led, names)
            found[cell.block, cell.metric, cell.population, cell.condition] = cell
        for condition, behind in _by_condition(read, measure.metric).items():
            people = tuple(dict.fromkeys(name for stage in behind for name in stage.populations))
            alike = [_cell(plan, measure, behind, population, condition, names) for population in people]
            beside = tuple(alike) if metrics.take(measure.metric).placed else ()
            for cell in alike:
                found[cell.block, cell.metric, cell.population, cell.condition] = replace(cell, beside=beside)
        found |= _read_again(plan, measure, found, names)
    return found


def _read_again(plan: Plan, measure: Measure, found: dict[CellKey, Cell], names: Names) -> dict[CellKey, Cell]:
    """The figures of answers that a model read again: those of the answers themselves, with that model as a judge."""
    made = {stage.model: stage.base for stage in plan.stages if isinstance(stage, Train)}
    readers = {one.model for one in second_readers(plan).values() if one.name in measure.needs}
    judges = frozenset(map(names.model, readers | _line(readers, made)))

    def again(cell: Cell) -> Cell:
        beside = tuple(again(replace(one, beside=())) for one in cell.beside)
        return replace(cell, condition=SECOND_READING, judges=cell.judges | judges, beside=beside)

    mine = [
        cell for cell in found.values() if (cell.block, cell.metric) == (names.block(measure.block), measure.metric)
    ]
    cells = [again(cell) for cell in mine if cell.condition == ASKED and readers]
    return {(cell.block, cell.metric, cell.population, SECOND_READING): cell for cell in cells}


def _led(plan: Plan, measure: Measure, led: list[Escalate], names: Names) -> Cell:
    """A figure over scenarios, which nobody's answers are compared with."""
    models, bases, judges = _models(plan, measure, led, names)
    scenarios = tuple(plan.scenarios[led[0].scenarios].scenarios)
    return Cell(
        block=names.block(measure.block),
        metric=measure.metric,
        population="",
        condition="asked",
        language=led[0].language,
        country="",
        survey="",
        roles=frozenset({""}),
        models=models,
        bases=bases,
        judges=judges,
        items=scenarios,
        asked=frozenset(scenarios),
        dimensions=dict.fromkeys(scenarios, ""),
        wording="",
        remembers=False,
        by=frozenset(),
    )


def _models(
    plan: Plan, measure: Measure, read: Iterable[Questioning | Escalate], names: Names
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The models behind a figure: those that are asked, those they were trained from, and those that judge."""
    made = {stage.model: stage.base for stage in plan.stages if isinstance(stage, Train)}
    asked = {stage.model for stage in read}
    judges = set(named(measure, "model"))
    behind = (asked, _line(asked, made) - asked, judges | _line(judges, made))
    models, bases, judging = (frozenset(map(names.model, found)) for found in behind)
    return models, bases, judging


def _line(models: set[str], made: dict[str, str]) -> set[str]:
    """All that some models were trained from, however far back."""
    found: set[str] = set()
    at = models
    while at := {made[model] for model in at if model in made} - found:
        found |= at
    return found


def _by_condition(read: list[Questioning], metric: str) -> dict[str, list[Questioning]]:
    """The conditions that a metric has figures for, and the stages behind each: where scores are read, what is written
    beside them stands behind all."""
    scored = [stage for stage in read if isinstance(stage, Score)]
    found: dict[str, list[Questioning]] = {}
    for stage in scored or read:
        for condition in _conditions(stage, metric):
            found.setdefault(condition, []).append(stage)
    return {condition: read if scored else behind for condition, behind in found.items()}


def _conditions(stage: Questioning, metric: str) -> tuple[str, ...]:
    """The conditions that a metric has figures for: where it compares with written answers, there is no control."""
    conditions = getattr(stage, "conditions", None)
    if conditions is None:
        return (getattr(stage, "condition", "asked"),)
    written = metrics.take(metric).reads == "written"
    return tuple(condition.name for condition in conditions if not written or condition.name == "asked")


def _cell(plan: Plan, measure: Measure, read: list[Questioning], population: str, condition: str, names: Names) -> Cell:
    metric, survey = metrics.take(measure.metric), plan.surveys[read[0].survey]
    asked = set(read[0].items).intersection(*(stage.items for stage in read))
    items = [item for item in survey.items if item.id in asked and metric.takes(item)]
    called = {item.id: names.item(read[0].survey, item.id) for item in items}
    models, bases, judges = _models(plan, measure, read, names)
    people = plan.populations[population]
    language = read[0].language.get(population, people.language)
    said = [stage.wording[language].text for stage in read if language in stage.wording]
    return Cell(
        block=names.block(measure.block),
        metric=measure.metric,
        population=names.population(population),
        condition=condition,
        language=language,
        country=people.country,
        survey=names.survey(read[0].survey),
        roles=frozenset(role_of(stage) for stage in read),
        models=models,
        bases=bases,
        judges=judges,
        items=tuple(called[item.id] for item in items),
        asked=frozenset(names.item(read[0].survey, item) for item in asked),
        dimensions={called[item.id]: item.dimension for item in items},
        wording="\n".join(said),
        remembers=any(getattr(stage, "memory", None) is not None and stage.memory.high > 0 for stage in read),  # type: ignore[attr-defined]
        by=frozenset(apart_by(measure.params)),
    )

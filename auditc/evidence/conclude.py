"""Conclude: everything an audit found, from its plan and its answers. Equal answers give equal bytes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from auditc.ir.answers import Answers
from auditc.ir.assessed import Assessed
from auditc.ir.canonical import seeded
from auditc.ir.finding import ClaimOutcome, Finding, Findings, ItemRow, ModelRow, TrainingRow
from auditc.ir.plan import Judge, Measure, Plan, Questioning
from auditc.ir.probed import Probed
from auditc.metrics import metrics as shelf
from auditc.metrics._contract import Metric

from .contrasts import contrasts
from .correct import holm, uncorrected
from .findings import dimensions_of, finding
from .fitted import fitted, fitted_contrasts, fitted_maps, second_read
from .floor import Yardstick, yardstick
from .judge import Figures, Key, Part, combinations, parts
from .maps import maps_of
from .measure import Array, Measured, crowd_of, measure
from .prevalence import Said, judge_tallies, judged_in_order, judged_whole, said_by_judges
from .repeats import noted, probe_row
from .rows import item_rows, tally_row
from .slice import slice_of
from .sources import ASKED, conditions_of, pairs
from .together import settled
from .units import Participants
from .variation import variations
from .verdicts import claim_outcome, part_finding


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """One measure, or a part of it, on one set of answers."""

    stage: Measure
    answers: Answers
    measured: Measured


def conclude(
    plan: Plan,
    answers: tuple[Answers, ...],
    *,
    models: tuple[ModelRow, ...],
    assessed: tuple[Assessed, ...] = (),
    probed: tuple[Probed, ...] = (),
    trainings: tuple[TrainingRow, ...] = (),
) -> tuple[Findings, tuple[ItemRow, ...]]:
    """Findings for every measure, model, population and condition, for the whole survey and each dimension; verdicts
    on every claim; counts of every stage; how far models repeat themselves where they were probed; and a row for every
    item. Raises KeyError when answers name a stage that the
    plan does not have, ValueError when two stages answer for the same model, population and condition of a measure."""
    answers = _in_order(plan, answers)
    named = {stage.name: shelf.take(stage.metric) for stage in plan.stages if isinstance(stage, Measure)}
    numbers = {name: number for number, name in enumerate(_dimensions(plan))}
    readings = [
        _Reading(stage, own, measured)
        for stage in plan.stages
        if isinstance(stage, Measure) and named[stage.name].reads != "assessed" and not named[stage.name].across
        for own, partner in pairs(plan, stage, named[stage.name], answers)
        for measured in _measured(plan, stage, named[stage.name], own, partner)
    ]
    final = settled([reading.measured for reading in readings])
    readings = [replace(reading, measured=own) for reading, own in zip(readings, final, strict=True)]
    found = [
        each
        for reading, against in zip(readings, _yardsticks(plan, readings), strict=True)
        for each in _findings_of(plan, reading, numbers, against)
    ]
    together = list(variations(plan, named, answers, numbers))
    found += [each for _, of_it in together for each in of_it]
    assessed = judged_in_order(plan, assessed)
    said = said_by_judges(plan, named, assessed)
    found += [each.finding for each in said]
    people = Participants(answers)
    more, claims = _judged(plan, Figures(plan, named, _by_key(readings), numbers, people, _by_question(plan, said)))
    engines, order = {row.name: row for row in models}, [stage.name for stage in plan.stages]
    probes = [probe_row(each, engines) for each in sorted(probed, key=lambda each: order.index(each.stage))]
    everything = [*(each.measured for each in readings), *(own for own, _ in together)]
    findings = Findings(
        audit=plan.name,
        title=plan.title,
        version=plan.version,
        plan=plan.digest,
        data={path: value for survey in plan.surveys.values() for path, value in survey.digests.items()},
        complete=_complete(plan, answers) and judged_whole(plan, assessed),
        models=models,
        tallies=(*(tally_row(each) for each in answers), *judge_tallies(assessed)),
        findings=second_read(plan, fitted((*found, *noted(plan, more, probes)), answers), answers),
        claims=claims,
        probes=tuple(probes),
        maps=fitted_maps(maps_of(plan, [(reading.stage, reading.measured) for reading in readings]), answers),
        contrasts=fitted_contrasts(plan, contrasts(plan, everything, numbers, people), answers),
        trainings=trainings,
    )
    rows = (row for each in answers for row in _item_rows(plan, each, readings))
    return findings, tuple(rows)


def _in_order(plan: Plan, answers: tuple[Answers, ...]) -> tuple[Answers, ...]:
    """By stage, population and condition as the plan has them, whatever order they arrived in."""
    rank = {where: number for number, where in enumerate(_planned(plan))}
    return tuple(sorted(answers, key=lambda each: rank[each.stage, each.population, each.condition]))


def _planned(plan: Plan) -> list[tuple[str, str, str]]:
    places = []
    for stage in plan.stages:
        if isinstance(stage, Questioning):
            under = conditions_of(plan, stage)
            places += [(stage.name, population, name) for population in stage.populations for name in under]
    return places


def _complete(plan: Plan, answers: tuple[Answers, ...]) -> bool:
    present = {(each.stage, each.population, each.condition) for each in answers}
    return present == set(_planned(plan)) and not any(each.tally.not_run for each in answers)


def _dimensions(plan: Plan) -> list[str]:
    return sorted({item.dimension for survey in plan.surveys.values() for item in survey.items})


def _survey_of(plan: Plan, answers: Answers) -> str:
    stage = plan.stage(answers.stage)
    assert isinstance(stage, Questioning)
    return stage.survey


def _measured(
    plan: Plan, stage: Measure, metric: Metric[Any], answers: Answers, partner: Answers | None
) -> tuple[Measured, ...]:
    name = _survey_of(plan, answers)
    country = plan.populations[answers.population].country
    return measure(stage, metric, answers, partner, plan.surveys[name], country, name)


def _by_key(readings: list[_Reading]) -> dict[Key, Measured]:
    by_key: dict[Key, Measured] = {}
    for reading in readings:
        own = reading.measured.measurement
        axes = tuple(sorted(reading.measured.part.axes.items()))
        key = Key(own.measure, own.model, own.population, own.condition, axes)
        if key in by_key:
            raise ValueError(f"two stages answer for {key}")
        by_key[key] = reading.measured
    return by_key


def _by_question(plan: Plan, said: list[Said]) -> dict[Key, Said]:
    places = {(stage.block, stage.metric): stage.name for stage in plan.stages if isinstance(stage, Measure)}
    found = {}
    for each in said:
        own = each.finding
        measure, axes = places[own.block, own.metric], tuple(sorted(own.axes.items()))
        found[Key(measure, own.model, own.population, own.condition, axes)] = each
    return found


def _findings_of(plan: Plan, reading: _Reading, numbers: dict[str, int], against: Yardstick | None) -> list[Finding]:
    items, part = reading.measured.measurement.items, reading.measured.part
    # Parts of a control or an ablation would be most of all findings, and nobody has asked for one: of them there are
    # those that are no selection out of another, for the whole survey.
    otherwise = reading.answers.condition != ASKED
    if otherwise and part.brief:
        return []
    whole = part.brief or part.whole or (part.axes and otherwise)
    names = () if whole else dimensions_of([item.dimension for item in items])
    return [
        finding(slice_of(reading.measured, dimension, numbers), against, plan.seed, reading.stage.origin)
        for dimension in (None, *names)
    ]


def _yardsticks(plan: Plan, readings: list[_Reading]) -> list[Yardstick | None]:
    """Floors and lines of every reading. What is simulated depends on people and on how many answered, never on the
    model's name: it is made once for all readings with the same. Each has random numbers of its own, so that it does
    not matter which thread makes it."""
    crowds: dict[tuple[str, ...], Array] = {}
    keys = [_alike(reading.measured) for reading in readings]
    first = {
        key: (reading, _others(plan, reading, crowds))
        for key, reading in reversed(list(zip(keys, readings, strict=True)))
    }

    def made(asked: tuple[_Reading, dict[str, Array]]) -> Yardstick | None:
        reading, others = asked
        own = reading.measured.measurement
        return yardstick(reading.measured, others, seeded(plan.seed, "floor", own.measure, own.population))

    # Nearly all of it is drawing numbers, and numpy lets other threads run meanwhile.
    with ThreadPoolExecutor(os.cpu_count(), "auditc-floor") as threads:
        found = dict(zip(first, threads.map(made, first.values()), strict=True))
    return [found[key] for key in keys]


def _alike(measured: Measured) -> tuple[object, ...]:
    """Equal for two readings with the same yardstick. With exact probabilities nothing of it is the model's."""
    own = measured.measurement
    answered = measured.rows.tobytes() if measured.drawn else None
    axes = tuple(measured.part.axes.items())
    return own.measure, axes, own.survey, own.population, tuple(item.id for item in own.items), answered


def _others(plan: Plan, reading: _Reading, crowds: dict[tuple[str, ...], Array]) -> dict[str, Array]:
    """Other people's shares, by population; `crowds` remembers them by survey, country and items."""
    measurement = reading.measured.measurement
    survey = plan.surveys[measurement.survey]
    own = plan.populations[measurement.population].country
    ids = tuple(item.id for item in measurement.items)
    others: dict[str, Array] = {}
    for name, population in plan.populations.items():
        if population.country == own or population.country not in survey.people:
            continue
        key = (measurement.survey, population.country, *ids)
        if key not in crowds:
            crowds[key] = crowd_of(survey, population.country, measurement.items).shares
        others[name] = crowds[key]
    return others


def _judged(plan: Plan, figures: Figures) -> tuple[list[Finding], tuple[ClaimOutcome, ...]]:
    """Every claim's parts, those of a family corrected together."""
    judges = [stage for stage in plan.stages if isinstance(stage, Judge)]
    found: list[Finding] = []
    claims: dict[str, ClaimOutcome] = {}
    for name in dict.fromkeys(stage.family for stage in judges):
        mine, outcomes = _judged_together(plan, figures, [stage for stage in judges if stage.family == name])
        found += mine
        claims |= outcomes
    return found, tuple(claims[stage.claim] for stage in judges)


def _judged_together(
    plan: Plan, figures: Figures, judges: list[Judge]
) -> tuple[list[Finding], dict[str, ClaimOutcome]]:
    """The claims of one family."""
    correction = plan.families.get(judges[0].family, plan.correct)
    family = sum(1 for stage in judges for _ in combinations(stage.holds, figures))
    evaluated: list[tuple[Judge, Part]] = [(stage, part) for stage in judges for part in parts(stage, figures, family)]
    correct = holm if correction == "holm" else uncorrected
    shares = correct([part.chance for _, part in evaluated], [1 - stage.level for stage, _ in evaluated])
    found: list[Finding] = []
    claims: dict[str, ClaimOutcome] = {}
    for stage in judges:
        own = [(part, share / 2) for (judge, part), share in zip(evaluated, shares, strict=True) if judge is stage]
        mine = [part_finding(stage, part, tail, correction, len(evaluated)) for part, tail in own]
        found += mine
        claims[stage.claim] = claim_outcome(stage, correction, own, mine)
    return found, claims


def _item_rows(plan: Plan, answers: Answers, readings: list[_Reading]) -> tuple[ItemRow, ...]:
    country = plan.populations[answers.population].country
    mine = [reading.measured for reading in readings if reading.answers is answers]
    return tuple(item_rows(answers, plan.surveys[_survey_of(plan, answers)], country, mine))

"""Audit to plan: stages with what each needs, in an order that does not depend on the order of the spec."""

from __future__ import annotations

from collections.abc import Iterator

from auditc.ir.audit import Audit, Claim, MethodUse, ReportUse, ScriptUse, SurveyUse
from auditc.ir.plan import Assess, Converse, Judge, Made, Measure, Plan, Render, Stage, Survey
from auditc.methods import methods
from auditc.metrics import metrics

from .claims import figures
from .reread import reread, rereading
from .stages import feeding
from .wants import referred


def lower(audit: Audit) -> Plan:
    """The plan of an audit. Any failure here is a fault of auditc: the audit has been checked."""
    measures: list[Stage] = []
    stages: list[Stage] = []
    for use in audit.methods:
        asked = tuple(_after_training(stage, audit) for stage in methods.take(use.method).stages(use))
        again = reread(use, asked, audit)
        stages.extend((*asked, *again))
        measures.extend(_measures(use, asked, again, audit))
    stages.extend(measures)
    stages.extend(audit.trainings)
    judges = [_judge(claim) for claim in audit.claims]
    done = tuple(sorted(stage.name for stage in (*measures, *judges, *audit.comparisons)))
    stages.extend((*judges, *audit.comparisons))
    stages.extend(_render(use, done) for use in audit.reports)
    models = _models(audit)
    questions = [use for use in audit.methods if isinstance(use, SurveyUse)]
    scripts = [use for use in audit.methods if isinstance(use, ScriptUse)]
    surveys = {use.survey_name for use in questions} | {audit.models[name].like for name in models}
    surveys |= {training.survey for training in audit.trainings}
    people = {name for use in audit.methods for name in use.populations}
    people |= {name for training in audit.trainings for name in training.populations}
    known = audit.surveys | {use.survey_name: use.survey for use in questions if use.texts}
    populated = audit.populations | {name: p for use in questions if use.texts for name, p in use.populations.items()}
    return Plan(
        name=audit.name,
        title=audit.title,
        version=audit.version,
        seed=audit.seed,
        correct=audit.correct,
        families=audit.families,
        budget=audit.budget,
        probe=audit.probe,
        models={name: audit.models[name] for name in sorted(models)},
        populations={name: populated[name] for name in sorted(people)},
        surveys={name: _survey(name, known[name], questions) for name in sorted(surveys) if name},
        scenarios={use.scenarios_name: use.scenarios for use in sorted(scripts, key=lambda use: use.name)},
        frameworks={
            use.framework_name: use.framework
            for use in sorted(scripts, key=lambda use: use.framework_name)
            if use.framework
        },
        stages=_ordered(stages),
    )


def _survey(name: str, survey: Survey, questions: list[SurveyUse]) -> Survey:
    """The survey with those groups of people alone that some metric tells apart, by all its columns or by some."""
    metrics_of = [metric for use in questions if use.survey_name == name for metric in use.metrics]
    wanted = [set(columns) for metric in metrics_of if (columns := getattr(metric.params, "by", ()))]
    kept = {
        country: tuple(group for group in groups if any(group.of.keys() <= columns for columns in wanted))
        for country, groups in survey.groups.items()
    }
    return survey.model_copy(update={"groups": {country: groups for country, groups in kept.items() if groups}})


def _models(audit: Audit) -> set[str]:
    """Every model that is asked, trained from, or judges."""
    models = {name for use in audit.methods for name in use.models}
    models |= {name for training in audit.trainings for name in (training.model, training.base)}
    models |= {name for use in audit.methods for name in referred(use.params)}
    return models | {name for use in audit.methods for metric in use.metrics for name in referred(metric.params)}


def _after_training(stage: Made, audit: Audit) -> Made:
    """The stage, after the training that makes its model."""
    made_by = audit.models[stage.model].trained
    return stage.model_copy(update={"needs": (*stage.needs, made_by)}) if made_by else stage


def _measures(
    use: MethodUse, stages: tuple[Made, ...], again: tuple[Assess, ...], audit: Audit
) -> Iterator[Measure | Assess]:
    """The metrics that the block asks for, and those that its method always measures where its answers allow; before
    each the stages that it wants asked itself."""
    asked = {metric.metric: metric for metric in use.metrics}
    for name in sorted({*asked, *methods.take(use.method).always}):
        metric = metrics.take(name)
        needs = feeding(metric, stages)
        wanted = asked.get(name)
        unpeopled = metric.needs_people and isinstance(use, SurveyUse) and not use.survey.people
        if needs is None or (wanted is None and unpeopled):
            continue
        params = wanted.params if wanted else metric.params()
        judges = {audit.models[model].trained for model in referred(params)} - {""}
        written = [stage for stage in stages if isinstance(stage, Converse)]
        wished = metric.stages(params, name, written) if metric.stages else ()
        for stage in wished:
            needed = tuple(sorted({*stage.needs, *judges}))
            yield stage.model_copy(update={"needs": needed, "origin": wanted.origin if wanted else use.origin})
        yield Measure(
            name=f"{use.name}.{name}",
            needs=tuple(sorted({*needs, *judges, *(stage.name for stage in wished), *rereading(metric, needs, again)})),
            origin=wanted.origin if wanted else use.origin,
            block=use.name,
            metric=name,
            params=params.model_dump(mode="json", by_alias=True),
        )


def _judge(claim: Claim) -> Judge:
    read = {figure.measure for figure in figures(claim.holds)}
    return Judge(
        name=f"claim.{claim.name}",
        needs=tuple(sorted(read)),
        origin=claim.origin,
        claim=claim.name,
        says=claim.says,
        holds=claim.holds,
        text=claim.text,
        level=claim.level,
        estimand=claim.estimand,
        family=claim.family,
        maps_to=claim.maps_to,
    )


def _render(use: ReportUse, done: tuple[str, ...]) -> Render:
    return Render(
        name=f"report.{use.name}", needs=done, origin=use.origin, formats=use.formats, languages=use.languages
    )


def _ordered(stages: list[Stage]) -> tuple[Stage, ...]:
    """Each stage after all that it needs; where that leaves a choice, in alphabetical order."""
    import networkx as nx  # noqa: PLC0415  (a third of the time of `check`, which draws no graph)

    by_name = {stage.name: stage for stage in stages}
    if len(by_name) < len(stages):
        raise ValueError("two stages have one name")
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(by_name)
    graph.add_edges_from((need, stage.name) for stage in stages for need in stage.needs)
    return tuple(by_name[name] for name in nx.lexicographical_topological_sort(graph))

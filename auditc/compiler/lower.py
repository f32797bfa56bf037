"""Audit to plan: stages with what each needs, in an order that does not depend on the order of the spec."""

from __future__ import annotations

from collections.abc import Iterator

from auditc.ir.audit import Audit, Claim, MethodUse, ReportUse
from auditc.ir.plan import Converse, Judge, Measure, Plan, Render, Score, Stage
from auditc.methods import methods
from auditc.metrics import metrics

from .claims import figures
from .stages import feeding


def lower(audit: Audit) -> Plan:
    """The plan of an audit. Any failure here is a fault of auditc: the audit has been checked."""
    measures: list[Stage] = []
    stages: list[Stage] = []
    for use in audit.methods:
        asked = methods.take(use.method).stages(use)
        stages.extend(asked)
        measures.extend(_measures(use, asked))
    stages.extend(measures)
    judges = [_judge(claim) for claim in audit.claims]
    done = tuple(sorted(stage.name for stage in (*measures, *judges)))
    stages.extend(judges)
    stages.extend(_render(use, done) for use in audit.reports)
    models = {name for use in audit.methods for name in use.models}
    surveys = {use.survey_name for use in audit.methods} | {audit.models[name].like for name in models}
    return Plan(
        name=audit.name,
        title=audit.title,
        version=audit.version,
        seed=audit.seed,
        correct=audit.correct,
        budget=audit.budget,
        models={name: audit.models[name] for name in sorted(models)},
        populations={
            name: audit.populations[name] for name in sorted({n for use in audit.methods for n in use.populations})
        },
        surveys={name: audit.surveys[name] for name in sorted(surveys) if name},
        stages=_ordered(stages),
    )


def _measures(use: MethodUse, stages: tuple[Score | Converse, ...]) -> Iterator[Measure]:
    """The metrics that the block asks for, and those that its method always measures where its answers allow."""
    asked = {metric.metric: metric for metric in use.metrics}
    for name in sorted({*asked, *methods.take(use.method).always}):
        metric = metrics.take(name)
        needs = feeding(metric, stages)
        wanted = asked.get(name)
        if needs is None or (wanted is None and metric.needs_people and not use.survey.people):
            continue
        yield Measure(
            name=f"{use.name}.{name}",
            needs=tuple(sorted(needs)),
            origin=wanted.origin if wanted else use.origin,
            block=use.name,
            metric=name,
            params=(wanted.params if wanted else metric.params()).model_dump(mode="json"),
        )


def _judge(claim: Claim) -> Judge:
    read = {figure.measure for side in (claim.holds.left, claim.holds.right) for figure in figures(side)}
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

"""From a plan to models that can answer it: who would answer, and whether they can do what the stages ask.

Binding loads no model. Whatever makes the plan impossible here is found now, all of it at once, and refused before
anything is spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from auditc.backends import backends
from auditc.backends._contract import Adapter, Backend, BackendUnavailable, Capability, Flow, Identity, ModelSource
from auditc.ir.exchange import Sampling
from auditc.ir.finding import ModelRow
from auditc.ir.plan import Asked, Assess, Escalate, Measure, Model, Origin, Plan, Render
from auditc.ir.questions import questions
from auditc.metrics import metrics
from auditc.reports import reports

from . import models
from .asking import ScoreAsking, TurnAsking, score_asking, turn_asking
from .assessing import ask_all, assess_asking
from .cells import participants
from .faults import CannotBind, Problem
from .identity import decoding
from .prompts import WordingRejected
from .schedule import stages
from .windows import Windows


class Here(Protocol):
    """Weights that are on this machine, ready for their backend."""

    @property
    def folder(self) -> Path: ...
    @property
    def weights_digest(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def adapter(self) -> Here | None: ...


@dataclass(frozen=True, slots=True)
class Bound:
    """A model of the plan, and who answers for it."""

    name: str
    kind: str
    backend: Backend[Any]
    params: Any
    source: ModelSource
    identity: Identity
    """With its `window`, where answers may not be used for ever; the engine itself knows nothing of that."""
    licence: str = ""
    lineage: tuple[str, ...] = ()
    """Of a trained model: digests of the weights that it came from."""
    awaits: str = ""
    """The training that has to be carried out before there is this model. Its identity stands in for one that nobody
    knows yet, and it is not asked."""

    @property
    def flow(self) -> Flow:
        """How the backend wants to be asked."""
        return self.backend.flow(self.params)

    def shares(self, other: Bound) -> bool:
        """Whether both are the same weights, run alike: one of them can be made of the other while it is loaded. Models
        that were trained here, with adapters, share the weights of what they were made of."""
        mine, theirs = ((one.kind, one.params, one.source.folder, one.source.weights_digest) for one in (self, other))
        return self.source.folder is not None and mine == theirs

    def card(self, model: Model) -> ModelRow:
        """Who answered, as findings say it."""
        return ModelRow(
            name=self.name,
            title=model.title,
            family=model.family,
            origin=model.origin,
            stage=model.stage,
            quantisation=model.quantisation,
            licence=self.licence,
            weights="" if self.awaits else self.source.weights_digest,
            identity=dict(self.identity),
            lineage=self.lineage,
        )


_WORDS: dict[Capability, str] = {
    "score": "give first-token probabilities",
    "generate": "write texts",
    "beams": "search with beams",
    "beam_sampling": "sample with beams",
    "likelihood": "say how likely each token of a text is",
}


def located(plan: Plan) -> dict[str, Here]:
    """The weights of the plan's models that are on this machine."""
    here: dict[str, Here] = {}
    for name, model in plan.models.items():
        if model.weights is not None and model.backend.kind in backends.names():
            ready = models.locate(model.weights.kind, model.weights.params, model.backend.kind)
            if ready is not None:
                adapter = models.locate_adapter(model.adapter) if model.adapter else None
                here[name] = replace(ready, adapter=adapter)
    return here


def bind(
    plan: Plan, here: Mapping[str, Here], windows: Windows | None = None, more: tuple[Problem, ...] = ()
) -> dict[str, Bound]:
    """The models that the plan's stages ask. Raises CannotBind with everything that is in the way, and `more`."""
    bound, problems = look(plan, here, windows)
    if problems or more:
        raise CannotBind((*problems, *more))
    return bound


def look(
    plan: Plan, here: Mapping[str, Here], windows: Windows | None = None
) -> tuple[dict[str, Bound], tuple[Problem, ...]]:
    """The models that can be bound, and all that stands in the way of running the plan. `windows` are those of the
    workspace; without them every answer may be used for ever."""
    asked: dict[str, list[Asked]] = {}
    for stage in stages(plan):
        asked.setdefault(stage.model, []).append(stage)
    bound: dict[str, Bound] = {}
    problems: list[Problem] = []
    for name, by in asked.items():
        if plan.models[name].trained and name not in here:
            continue  # it cannot be trained, and that is told of its training
        if _unbuilt(plan.models[name]):
            continue  # told among all that is not built
        found = bind_one(plan, name, here.get(name), by[0].origin, windows)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        bound[name] = found
        for stage in by:
            problems.extend(_lacks(found, stage))
            problems.extend(_wording(plan, stage, found.identity))
    return bound, tuple(dict.fromkeys((*_not_built(plan), *problems)))


def _not_built(plan: Plan) -> Iterator[Problem]:
    """What the plan asks for by a name that this auditc knows, and cannot do yet."""
    help = "leave it out to run the rest; the spec and its plan are sound"
    first: dict[str, Origin] = {}
    for stage in plan.stages:
        if isinstance(stage, Asked | Escalate):
            first.setdefault(stage.model, stage.origin)
    for name, origin in first.items():
        if _unbuilt(plan.models[name]):
            through = plan.models[name].backend.kind
            yield Problem(f"this auditc cannot reach model `{name}` through `{through}` yet", help, origin)
    for stage in plan.stages:
        match stage:
            case Escalate():
                yield Problem(f"this auditc cannot run the method `{stage.method}` yet", help, stage.origin)
            case Measure() if not metrics.take(stage.metric).built:
                yield Problem(f"this auditc cannot compute the metric `{stage.metric}` yet", help, stage.origin)
            case Render():
                for form in stage.formats:
                    if form in reports.names() and not reports.take(form).built:
                        yield Problem(f"this auditc cannot write the report `{form}` yet", help, stage.origin)


def _unbuilt(model: Model) -> bool:
    """Whether a model is reached through a backend that is known by name alone."""
    return model.backend.kind in backends.names() and not backends.take(model.backend.kind).built


def needed(stage: Asked) -> frozenset[Capability]:
    """What a stage asks of a backend."""
    if stage.kind == "score":
        return frozenset({"score"})
    if stage.kind == "assess":
        return frozenset({"generate"})
    if stage.kind == "predict":
        return frozenset({"likelihood"})
    need: set[Capability] = {"generate"}
    if stage.beams.high > 1:
        need.update("beam_sampling" if sample else "beams" for sample in stage.sampling)
    return frozenset(need)


def samplings(stage: Asked) -> tuple[Sampling | None, ...]:
    """The ways in which a stage has texts generated; None for probabilities. Beams are told by `needed`."""
    if stage.kind == "predict":
        return ()
    if stage.kind == "score":
        return (None,)
    if stage.kind == "assess":
        return (decoding(Sampling(sample=False, max_new_tokens=stage.max_new_tokens)),)
    return tuple(
        decoding(
            Sampling(
                sample=sample,
                temperature=stage.temperature,
                top_p=stage.top_p,
                top_k=stage.top_k,
                max_new_tokens=stage.max_new_tokens,
                stop=stage.stop,
            )
        )
        for sample in dict.fromkeys(stage.sampling)
    )


def reference(plan: Plan, model: Model) -> dict[str, dict[str, tuple[float, ...]]]:
    """The human shares that a simulated model answers from, by country and item."""
    if not model.like:
        return {}
    people = plan.surveys[model.like].people
    return {country: {item: shares.shares for item, shares in items.items()} for country, items in people.items()}


def bind_one(
    plan: Plan, name: str, here: Here | None, origin: Origin, windows: Windows | None = None
) -> Bound | Problem:
    """A model of the plan with what is here of it, or why it cannot be asked; `origin` is who asks first."""
    model = plan.models[name]
    try:
        backend = backends.take(model.backend.kind)
    except KeyError:
        return Problem(
            f"model `{name}` needs the backend `{model.backend.kind}`, which this auditc does not have",
            f"it has {', '.join(backends.names())}",
            origin,
        )
    if backend.needs_weights and here is None:
        return Problem(f"the weights of model `{name}` are not here", "run `auditc models fetch`", origin)
    adapter = here.adapter if here and (model.adapter or model.trained) else None
    if (model.adapter or adapter) is not None and not backend.adapters:
        through = model.backend.kind
        help = "choose another backend for the model, or merge the adapter into its weights"
        return Problem(f"model `{name}` has an adapter, and `{through}` puts none on its weights", help, origin)
    if model.adapter is not None and adapter is None:
        help = "run `auditc models fetch`: it brings it, or says what is there in its place"
        return Problem(f"the adapter of model `{name}` is not here with the digest that is named", help, origin)
    source = ModelSource(
        name=name,
        folder=str(here.folder) if here else None,
        weights_digest=here.weights_digest if here else "",
        reference=reference(plan, model),
        adapter=Adapter(str(adapter.folder), adapter.weights_digest) if adapter else None,
    )
    params = backend.params.model_validate(model.backend.params)
    try:
        identity = dict(backend.identify(source, params))
        reuse = backend.reuse(params)
        if windows is not None and reuse is not None:
            identity |= {"window": windows.of(identity, reuse)}
            source = replace(source, notes=windows.notes(identity))
        awaits, lineage = (here.awaits, here.lineage) if isinstance(here, models.Ready) else ("", ())
        if awaits:
            identity |= {"weights": f"after {awaits}"}
        licence = _licence(here, adapter)
        return Bound(name, model.backend.kind, backend, params, source, identity, licence, lineage, awaits)
    except BackendUnavailable as error:
        return Problem(f"model `{name}` cannot be opened: {error}", "", origin)


def _licence(here: Here | None, adapter: Here | None) -> str:
    if here is None or adapter is None or not adapter.licence:
        return here.licence if here else ""
    return f"{here.licence}; adapter: {adapter.licence}"


def _lacks(bound: Bound, stage: Asked) -> list[Problem]:
    refused = dict.fromkeys(
        said for sampling in samplings(stage) for said in bound.backend.refuses(bound.params, sampling)
    )
    if refused:
        asks = f"`{stage.block}` asks model `{bound.name}` for what `{bound.kind}` would leave out"
        told = [said.partition(": ") for said in refused]
        return [Problem(f"{asks}: {what}", help, stage.origin) for what, _, help in told]
    lacking = needed(stage) - bound.backend.can(bound.params)
    return [
        Problem(
            f"`{stage.block}` asks model `{bound.name}` to {_WORDS[capability]}, which `{bound.kind}` cannot",
            "choose another backend for the model, or other settings for the block",
            stage.origin,
        )
        for capability in sorted(lacking)
    ]


def _wording(plan: Plan, stage: Asked, identity: Identity) -> list[Problem]:
    """Word one question for each population: a template that cannot be used is found before anything is spent."""
    if stage.kind == "assess":
        return _judge_wording(plan, stage, identity)
    if stage.kind == "predict":
        return []  # a text is put as it stands
    problems = []
    scores: ScoreAsking | None = None  # made once: what is the same for all populations is then worded once
    turns: TurnAsking | None = None
    for index, population in enumerate(stage.populations):
        try:
            if stage.kind == "score":
                scores = scores or score_asking(plan, stage, identity)
                for item in range(len(stage.items)):
                    scores.ask(index, 0, item, 0)
            else:
                turns = turns or turn_asking(plan, stage, identity)
                asked = questions(stage, plan.surveys[stage.survey])
                person = participants(stage.model_copy(update={"draws": 1}), plan.populations[population], asked)[0]
                for name in person.turns:
                    turns.ask(population, person, name, {})
        except WordingRejected as error:
            problems.append(Problem(f"`{stage.block}` cannot be worded for `{population}`: {error}", "", stage.origin))
        except KeyError as error:
            problems.append(
                Problem(
                    f"`{stage.block}` lacks words for `{population}`: nothing is given for {error}", "", stage.origin
                )
            )
    return problems


def _judge_wording(plan: Plan, stage: Assess, identity: Identity) -> list[Problem]:
    """What a judge is asked, worded for every population that it reads, and every case."""
    try:
        ask_all(assess_asking(plan, stage, identity))
    except WordingRejected as error:
        return [Problem(f"`{stage.block}` cannot be worded for its judge: {error}", "", stage.origin)]
    except KeyError as error:
        return [Problem(f"`{stage.block}` lacks words for its judge: nothing is given for {error}", "", stage.origin)]
    return []

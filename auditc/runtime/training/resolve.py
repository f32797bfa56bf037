"""Which trainings a run has before it, which are behind it, and what stands in their way: told before anything is done.

Whether there is a result is told by the recipe, and a recipe needs the digest of what a training begins with. So of a
chain of trainings the first may be looked up, and those after it only once the ones before them are there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auditc.backends import backends
from auditc.backends._contract import Adapter, Backend, BackendUnavailable, ModelSource
from auditc.backends._memory import OVERRIDE, unchecked
from auditc.ir.plan import Model, Plan, Train
from auditc.objectives import objectives

from ..bind import Here
from ..faults import CannotBind, Problem, WorldFailed
from ..memory import Room, available, said
from ..models import Ready
from ..prompts import WordingRejected
from ..workers.starting import SPREAD
from . import results
from .card import Card
from .examples import Examples, examples, settings
from .fitting import fitting
from .machine import Machine
from .recipe import base_of, inputs, recipe
from .spread import Spread
from .trainer import PYTHON, Base

AWAITED = "awaited"
"""Stands for the digest of an adapter that is still to be trained."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A training that has all it needs: `recipe` says which it is, a digest of its `inputs`; `base` is what is
    opened."""

    stage: Train
    base: Base
    examples: Examples
    inputs: dict[str, Any]
    recipe: str
    ready: Ready


@dataclass(frozen=True, slots=True)
class Resolved:
    """`here` are the weights of the plan's models, trained ones among them; one that is still to be trained `awaits`
    its training. `cards` are those of the trainings that are behind, by stage; `lacking` those ahead, in order."""

    here: dict[str, Here]
    cards: dict[str, Card]
    lacking: tuple[Train, ...]
    examples: dict[str, Examples]
    """What each training learns, by stage."""
    rooms: dict[str, Room]
    """The memory that those ahead need, by stage, and what there is."""
    problems: tuple[Problem, ...]
    ready: dict[str, Ahead] = field(default_factory=dict)
    """Of those ahead, the ones whose base is there, by stage."""
    begun: dict[str, int] = field(default_factory=dict)
    """Of those, the step after which each goes on; 0 where it begins anew."""
    machine: Machine = field(default_factory=Machine)
    doubts: tuple[str, ...] = ()
    """What may go wrong with those ahead, or do nothing."""


def resolve(plan: Plan, workspace: Path, here: Mapping[str, Here]) -> Resolved:
    """What of the trainings of a plan is there, what is ahead, and what is in the way. Nothing is opened."""
    found = Resolved(dict(here), {}, (), {}, {}, ())
    for stage in (stage for stage in plan.stages if isinstance(stage, Train)):
        if stage.model in here and not _needed(plan, stage, here):
            continue  # a recording answers for it
        try:
            found = _with(found, plan, workspace, stage)
        except CannotBind as failed:
            found = replace(found, problems=(*found.problems, *failed.problems))
    return found


def _needed(plan: Plan, stage: Train, here: Mapping[str, Here]) -> bool:
    """Whether something that is to be trained begins with what this stage makes."""
    after = [other for other in plan.stages if isinstance(other, Train) and other.base == stage.model]
    return any(other.model not in here or _needed(plan, other, here) for other in after)


def _with(found: Resolved, plan: Plan, workspace: Path, stage: Train) -> Resolved:
    base = found.here.get(stage.base)
    if not isinstance(base, Ready):
        if plan.models[stage.base].trained and any(other.model == stage.base for other in _trainings(plan)):
            return found  # why it is not there is told of its own training
        raise _problem(stage, f"the weights of `{stage.base}`, which `{stage.model}` is made of, are not here", _FETCH)
    learnt = _examples(plan, stage)
    room = room_for(plan, stage, base, learnt, found.machine)
    card, ready, begun = None, found.ready, found.begun
    if not base.awaits:
        job = ahead(plan, stage, base, learnt, found.machine)
        ready = {**ready, stage.name: job}
        try:
            card = results.read(workspace, job.recipe)
            begun = {**begun, stage.name: 0 if card else results.begun(workspace, job.recipe)}
        except WorldFailed as damaged:
            raise _problem(stage, damaged.message, damaged.help) from None
    learnt_by = {**found.examples, stage.name: learnt}
    if card is not None:
        made = results.ready(workspace, card, base)
        here = {**found.here, stage.model: made}
        return replace(found, here=here, cards={**found.cards, stage.name: card}, examples=learnt_by)
    awaited = replace(base, awaits=stage.name, lineage=())
    backend, opened = _base(stage, plan.models[stage.base], base)
    misfits, doubts = fitting(stage, backend, opened.source)
    problems = (*found.problems, *misfits)
    if not room.fits and not unchecked():
        problems = (*problems, _too_large(stage, room))
    return replace(
        found,
        here={**found.here, stage.model: awaited},
        lacking=(*found.lacking, stage),
        examples=learnt_by,
        rooms={**found.rooms, stage.name: room},
        problems=problems,
        ready=ready,
        begun=begun,
        doubts=(*found.doubts, *doubts),
    )


_FETCH = "run `auditc models fetch`"


def ahead(plan: Plan, stage: Train, ready: Ready, learnt: Examples, machine: Machine) -> Ahead:
    """A training whose base is there. Raises CannotBind."""
    backend, base = _base(stage, plan.models[stage.base], ready)
    known = _inputs(stage, backend, base, learnt, machine)
    return Ahead(stage, base, learnt, known, recipe(known), ready)


def _trainings(plan: Plan) -> list[Train]:
    return [stage for stage in plan.stages if isinstance(stage, Train)]


def _problem(stage: Train, message: str, help: str = "") -> CannotBind:
    return CannotBind((Problem(message, help, stage.origin),))


def _base(stage: Train, model: Model, ready: Ready) -> tuple[Backend[Any], Base]:
    """The backend that opens the base to be trained: its own, or the one that trains for it."""
    kind = model.backend.kind
    backend = backends.take(kind) if kind in backends.names() else None
    if backend is None or not backend.needs_weights:
        help = "train a model that `transformers` or `vllm` runs"
        raise _problem(stage, f"`{kind}` answers for `{stage.base}`: there are no weights to train", help)
    if stage.adapter.kind != "full" and not backend.adapters:
        help = "write `adapter = full`, or choose another backend for the model"
        raise _problem(stage, f"`{kind}` puts no adapter on weights: `{stage.model}` could not be asked", help)
    params = backend.params.model_validate(model.backend.params)
    if backend.trainee is None and backend.trained_by:
        kind, backend = backend.trained_by, backends.take(backend.trained_by)
        params = backend.params.model_validate({})
    if backend.trainee is None:
        raise _problem(stage, f"this auditc cannot train with `{stage.objective.kind}` yet", "leave the training out")
    put_on = Adapter(str(ready.adapter.folder), ready.adapter.weights_digest) if ready.adapter else None
    source = ModelSource(stage.base, str(ready.folder), ready.weights_digest, adapter=put_on)
    return backend, Base(kind, params.model_dump(mode="json"), source)


def _examples(plan: Plan, stage: Train) -> Examples:
    try:
        return examples(plan, stage)
    except WordingRejected as error:
        raise _problem(stage, f"what `{stage.model}` learns cannot be worded: {error}") from error
    except KeyError as error:
        raise _problem(stage, f"what `{stage.model}` learns lacks words: nothing is given for {error}") from error


def _inputs(stage: Train, backend: Backend[Any], base: Base, learnt: Examples, machine: Machine) -> dict[str, Any]:
    objective = objectives.take(stage.objective.kind)
    try:
        identity = backend.identify(base.source, backend.params.model_validate(base.params))
    except BackendUnavailable as error:
        raise _problem(stage, f"model `{stage.base}` cannot be opened to be trained: {error}") from error
    try:
        taking_part = machine.versions(objective.packages)
    except (OSError, ValueError, subprocess.SubprocessError):
        help = f"let {PYTHON} name a Python that has auditc's `transformers` extra"
        raise _problem(stage, f"the interpreter that {PYTHON} names cannot be asked what it has", help) from None
    missing = [name for name, version in taking_part.items() if not version]
    if missing:
        help = "install auditc with its `transformers` and `train` extras"
        raise _problem(stage, f"`{stage.objective.kind}` needs {', '.join(missing)}, not installed here", help)
    device, how = str(identity.get("device", "")), settings(stage)
    over = over_processes(stage, device, machine)
    several = over.how if over else None
    return inputs(base_of(identity), device, stage.objective.kind, objective, learnt, how, taking_part, several)


def over_processes(stage: Train, device: str, machine: Machine) -> Spread | None:
    """Over how many processes the stage would be trained. Raises CannotBind where it cannot be."""
    try:
        over = machine.spread()
    except ValueError as error:
        help = f"mend it (see docs/how-to/train-and-audit.md), or unset {SPREAD} to train in one process"
        raise _problem(stage, f"the configuration that {SPREAD} names cannot be used: {error}", help) from None
    if over is None:
        return None
    if objectives.take(stage.objective.kind).alone:
        said = f"`{stage.objective.kind}` trains in one process only, and {SPREAD} asks for {over.processes}"
        raise _problem(stage, said, f"unset {SPREAD} for this audit")
    if stage.batch % over.processes:
        said = f"{over.processes} processes cannot share out a `batch` of {stage.batch} alike"
        near = (
            max(1, stage.batch // over.processes) * over.processes,
            (stage.batch // over.processes + 1) * over.processes,
        )
        numbers = " or ".join(str(number) for number in sorted({*near}))
        raise _problem(stage, said, f"write `batch = {numbers}`, or unset {SPREAD} to train in one process")
    if device in ("cpu", "cuda") and device != over.device:
        kind = f"{over.kind} on {over.device}" if over.kind == "FSDP" else over.kind
        said = f"the configuration that {SPREAD} names is for {kind}, and `{stage.base}` is trained on: {device}"
        raise _problem(stage, said, f"take another configuration, or unset {SPREAD} to train in one process")
    return over


def room_for(plan: Plan, stage: Train, ready: Ready, learnt: Examples, machine: Machine) -> Room:
    """What a training needs, and what there is. A CUDA device is asked by the process that trains."""
    backend, base = _base(stage, plan.models[stage.base], ready)
    made = next((other for other in _trainings(plan) if other.name == ready.awaits), None)
    if made is not None:  # the files are those that it will be made of: an adapter of its own is not among them yet
        put_on = Adapter(str(ready.folder), AWAITED) if made.adapter.kind != "full" else None
        base = replace(base, source=replace(base.source, adapter=put_on))
    if backend.training_memory is None:
        return Room(stage.model, None, None)
    params = backend.params.model_validate(base.params)
    try:
        longest = learnt.longest * objectives.take(stage.objective.kind).texts
        needed = backend.training_memory(base.source, params, settings(stage), longest)
        there = None if backend.identify(base.source, params).get("device") == "cuda" else available()
        over = machine.spread() if there is not None else None  # on a CPU, each process may have a copy of its own
        needed *= over.copies if over else 1
    except ValueError:
        return Room(stage.model, None, None)  # the recipe says it better
    except BackendUnavailable:
        return Room(stage.model, None, None)  # the recipe says it better
    return Room(stage.model, needed, there)


def refuse_too_large(plan: Plan, job: Ahead, machine: Machine) -> None:
    """Of a training whose base was not there when it was resolved. Raises CannotBind."""
    room = room_for(plan, job.stage, job.ready, job.examples, machine)
    if not room.fits and not unchecked():
        raise CannotBind((_too_large(job.stage, room),))


def _too_large(stage: Train, room: Room) -> Problem:
    assert room.needed is not None and room.available is not None
    smaller = ["a smaller `batch`"] if stage.batch > 1 else []
    smaller += [] if stage.gradient_checkpointing else ["`gradient_checkpointing = on`"]
    smaller += ["`adapter = lora { }`"] if stage.adapter.kind == "full" else []
    smaller += ["a smaller model or a larger machine"]
    needs = f"training `{stage.model}` needs about {said(room.needed)} of memory, and {said(room.available)} are free"
    help = f"take {', '.join(smaller)}, or try it all the same with {OVERRIDE}=unchecked"
    return Problem(needs, help, stage.origin)

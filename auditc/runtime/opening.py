"""What stands in the way of opening the models that a run would have to open, told before the first one is.

A run may ask one model for an hour before it opens the next. That the next one has no key, or does not fit into memory,
must be said before the hour. A model whose answers are all stored is not opened, and lacks nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from auditc.backends._memory import OVERRIDE, unchecked
from auditc.ir.plan import Asked, Assess, Plan

from .bind import Bound
from .cells import sources_of
from .faults import CannotBind, Problem
from .memory import Room, rooms, said
from .schedule import stages
from .store import Store
from .walk import walk


def refuse_what_cannot_be_opened(plan: Plan, bound: Mapping[str, Bound], store: Store) -> None:
    """Raises CannotBind with everything that is in the way."""
    problems = obstacles(plan, bound, store)
    if problems:
        raise CannotBind(problems)


def obstacles(plan: Plan, bound: Mapping[str, Bound], store: Store) -> tuple[Problem, ...]:
    """Why models that would have to be opened cannot be."""
    found = []
    for room in rooms(bound):
        one = bound[room.model]
        lacking, large = one.backend.absent(one.params), not room.fits and not unchecked()
        stage = _first_lacking(plan, room.model, bound, store) if lacking or large else None
        if stage is not None:
            found.append(_too_large(room, one, stage) if large else _lacks(room.model, lacking, stage))
    return tuple(found)


def _lacks(model: str, lacking: str, stage: Asked) -> Problem:
    what, _, help = lacking.partition(": ")
    return Problem(f"model `{model}` cannot be opened: {what}", help, stage.origin)


def _too_large(room: Room, bound: Bound, stage: Asked) -> Problem:
    assert room.needed is not None and room.available is not None
    smaller = "a smaller model" if bound.identity.get("dtype") != "float32" else "dtype = bfloat16, a smaller model"
    return Problem(
        f"model `{room.model}` needs about {said(room.needed)} of memory, and {said(room.available)} are free",
        f"take {smaller} or a larger machine, or try it all the same with {OVERRIDE}=unchecked",
        stage.origin,
    )


def _first_lacking(plan: Plan, model: str, bound: Mapping[str, Bound], store: Store) -> Asked | None:
    """The first stage of a model with a cell that is not stored."""
    return next(
        (stage for stage in stages(plan) if stage.model == model and _is_lacking(plan, stage, bound, store)), None
    )


def _is_lacking(plan: Plan, stage: Asked, bound: Mapping[str, Bound], store: Store) -> bool:
    before = {}
    for source in sources_of(plan, stage) if isinstance(stage, Assess) else ():
        if source.model not in bound or _is_lacking(plan, source, bound, store):
            return True  # what it is to read is not there yet
        one = bound[source.model]
        (before[source.name],), batches = walk(plan, (source,), one.identity, store.get, one.flow.batch, before={})
        deque(batches, maxlen=0)
    identity = bound[stage.model].identity
    _, batches = walk(plan, (stage,), identity, store.get, bound[stage.model].flow.batch, before=before)
    return any(ask.key not in store for batch in batches for ask in batch or ())

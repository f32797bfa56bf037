"""Models of a plan that are answered from a recording: by the spec's own word, or in place of what it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditc.backends.replay.engine import Replay
from auditc.ir.exchange import Failure, Reply
from auditc.ir.plan import Plan, Thing
from auditc.ir.recorded import Head

from .bind import Here, look
from .exchanges import declared
from .schedule import stages
from .sheets import Sheet
from .walk import walk

REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a model is answered from: the file, and the weights that were asked and their terms."""

    folder: Path
    weights_digest: str = ""
    licence: str = ""
    adapter: Here | None = None
    """None: whatever was put on the weights is part of who was recorded."""


def replayed(plan: Plan, path: Path, digest: str, head: Head) -> tuple[Plan, dict[str, Recorded], list[str]]:
    """The plan with every model that the recording speaks of answered from it, where those are, and the models that the
    plan declares otherwise than the one that was recorded: their answers would be another model's."""
    models, here, others = dict(plan.models), {}, []
    for who in head.models:
        model = plan.models.get(who.name)
        if model is None:
            continue
        if declared(model) != who.declared:
            others.append(who.name)
        thing = Thing(kind=REPLAY, params={"from": {"path": path.name, "digest": digest}, "model": who.name})
        models[who.name] = model.model_copy(
            update={"weights": None, "pin": "", "adapter": None, "backend": thing, "price": None}
        )
        here[who.name] = Recorded(path, who.weights, who.licence)
    return plan.model_copy(update={"models": models}), here, others


def unrecorded(plan: Plan, here: Mapping[str, Here]) -> dict[str, tuple[int, int]]:
    """For each stage that a recording answers: how many of its cells are not in it, and how many it has.

    The walk is the run's own, with the recorded answers: an earlier one decides how a conversation goes on. What a
    recorded judge says of answers that are not recorded cannot be known before they are given.
    """
    bound, _ = look(plan, here)
    engines: dict[str, Replay] = {}
    counts: dict[str, tuple[int, int]] = {}
    known: dict[bytes, Reply] = {}
    sheets: dict[str, Sheet] = {}
    for stage in stages(plan):
        model = bound.get(stage.model)
        if model is None or model.kind != REPLAY:
            continue
        if stage.model not in engines:
            opened = model.backend.open(model.source, model.params)
            assert isinstance(opened, Replay)
            engines[stage.model] = opened
        engine = engines[stage.model]
        (sheets[stage.name],), batches = walk(
            plan, (stage,), model.identity, known.get, model.flow.batch, before=sheets
        )
        cells = lost = 0
        for batch in batches:
            for ask in batch or ():
                reply = engine.recording.reply(engine.who, ask.request) or Failure("not_recorded")
                known[ask.key] = reply
                cells += 1
                lost += isinstance(reply, Failure) and reply.reason == "not_recorded"
        counts[stage.name] = (lost, cells)
    return counts

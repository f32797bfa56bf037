"""The trainings of a plan as a forecast tells them: what is there, what is ahead, and about how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditc.ir.canonical import digest
from auditc.ir.plan import Plan, Train

from .examples import settings
from .resolve import Resolved


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """One training. `steps` are about those of all its epochs; it goes on after the step `begun`, where a run that was
    interrupted left a checkpoint, else this is 0. `seconds`, of the steps that are left, is None where no earlier run
    has measured one like it, and `memory`, in bytes, where nobody can say. `same` is the model of an earlier training
    of the plan that differs from it in nothing but its name: the two are one recipe, and carried out once."""

    name: str
    model: str
    base: str
    done: bool
    examples: int
    valid: int
    epochs: int
    steps: int
    begun: int
    seconds: float | None
    memory: int | None
    available: int | None
    seed: int = 0
    left_out: int = 0
    """Rows of written texts that teach nothing, and are not learnt."""
    same: str = ""


def trainings(plan: Plan, found: Resolved, earlier: Sequence[dict[str, Any]]) -> tuple[TrainingForecast, ...]:
    """In the order in which they are carried out; those that cannot be are told among the problems."""
    told = []
    alike: dict[str, str] = {}
    first: dict[str, str] = {}
    for stage in (stage for stage in plan.stages if isinstance(stage, Train)):
        learnt = found.examples.get(stage.name)
        if learnt is None:
            continue
        begun = found.begun.get(stage.name, 0)
        steps = stage.epochs * -(-learnt.size * learnt.rows // stage.batch)
        room = found.rooms.get(stage.name)
        done = stage.name in found.cards
        which = _which(stage, found, alike.get(stage.base, stage.base))
        alike[stage.model] = first.setdefault(which, stage.model)
        same = alike[stage.model] if alike[stage.model] != stage.model else ""
        told.append(
            TrainingForecast(
                name=stage.name,
                model=stage.model,
                base=stage.base,
                done=done,
                examples=learnt.size,
                valid=len(learnt.valid),
                epochs=stage.epochs,
                steps=steps,
                begun=begun,
                seconds=0.0 if done or same else _seconds(stage, max(0, steps - begun), earlier),
                memory=room.needed if room else None,
                available=room.available if room else None,
                seed=stage.seed,
                left_out=learnt.left_out,
                same=same,
            )
        )
    return tuple(told)


def _which(stage: Train, found: Resolved, base: str) -> str:
    """Which training this is: its recipe; where its base is still to be made, all that the plan says of it."""
    if stage.name in found.ready:
        return found.ready[stage.name].recipe
    learnt = found.examples[stage.name]
    how = settings(stage).model_dump(mode="json")
    return digest([base, stage.objective.kind, learnt.said, learnt.digest, how])


def pace_of(stage: Train) -> dict[str, Any]:
    """What a step's time hangs on; a run's record says it of each training."""
    return {
        "objective": stage.objective.kind,
        "base": stage.base,
        "adapter": stage.adapter.kind,
        "batch": stage.batch,
        "precision": stage.precision,
        "gradient_checkpointing": stage.gradient_checkpointing,
    }


def _seconds(stage: Train, steps: int, earlier: Sequence[dict[str, Any]]) -> float | None:
    """Told from the steps of the newest whole training that goes at the same pace; at most so long, for a training may
    end early."""
    pace = pace_of(stage)
    for record in earlier:
        whole = record["kind"] == "train" and record.get("training") == "trained" and record.get("steps")
        if whole and all(record.get(name) == value for name, value in pace.items()):
            whole_run, done, step = float(record["seconds"]), float(record["steps"]), record.get("step_seconds")
            if step is None:  # of a single step nobody knows what was the opening of the model
                continue
            return round(max(0.0, whole_run - float(step) * done) + float(step) * steps, 1)
    return None

"""Recordings of exchanges: writing one down out of a run, and having the models of a plan answered from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import Refused, world

if TYPE_CHECKING:
    from auditc.ir.plan import Plan
    from auditc.runtime.bind import Here
    from auditc.runtime.exchanges import Written

_AGAIN = "Take the file as `auditc record` wrote it, or record the run again."


@dataclass(frozen=True, slots=True)
class Replaying:
    """A plan as it is carried out: `models` are answered from recordings, by name with the recording's digest."""

    plan: Plan
    here: Mapping[str, Here]
    models: Mapping[str, str]

    def unrecorded(self) -> dict[str, tuple[int, int]]:
        """By stage that a recording answers: how many of its cells are in none, and how many it has. Walks over all."""
        from auditc.runtime.replays import unrecorded

        with world():
            return unrecorded(self.plan, self.here) if self.models else {}

    def summary(self) -> dict[str, Any]:
        """What a recording answers, as the JSON contract has it; nothing where there is none."""
        if not self.models:
            return {}
        lost = {stage: lost for stage, (lost, _) in self.unrecorded().items()}
        return {"replayed": dict(self.models), "not_recorded": {"cells": sum(lost.values()), "stages": lost}}

    def sentences(self) -> list[str]:
        """What must be said before such a plan is run."""
        if not self.models:
            return []
        said = [f"{name}: replayed from recording {digest[:12]}, not asked" for name, digest in self.models.items()]
        counts = self.unrecorded()
        lost, cells = (sum(count[place] for count in counts.values()) for place in (0, 1))
        if not lost:
            return [*said, f"All {cells:,} cells are in the recording."]
        where = ", ".join(f"{stage} {gone:,}" for stage, (gone, _) in counts.items() if gone)
        return [*said, f"Not recorded: {lost:,} of {cells:,} cells, which will count as failed ({where})."]


def record_run(name: str | None, output: Path) -> Written:
    """Write the exchanges of a run, whole or not at all."""
    from auditc.runtime.exchanges import FORMS, record

    from .runs import find_run

    if not output.name.endswith(FORMS):
        raise Refused(f"{output.name} cannot be a recording", f"Name a file that ends in {' or '.join(FORMS)}.")
    with world():
        return record(*find_run(name), output)


def replaying(plan: Plan, plan_path: Path | None, replay: Path | None) -> Replaying:
    """How a plan is carried out here: its weights, the recordings that its spec names, and `replay` before all of them.

    Raises Refused where `replay` is no recording, or none of this plan's models.
    """
    from auditc.runtime.bind import located
    from auditc.runtime.replays import REPLAY, Recorded, replayed

    here: dict[str, Here] = {}
    if replay is not None:
        digest, head = _checked(replay)
        models = plan.models
        plan, answered, others = replayed(plan, replay.resolve(), digest, head)
        names = ", ".join(who.name for who in head.models)
        if not answered:
            help = f"It has those of {names}; the plan has {', '.join(models)}."
            raise Refused(f"{replay.name} has no answers of this plan's models", help)
        if others:
            help = "Its weights or its backend were declared otherwise: its answers would be another model's."
            raise Refused(f"{replay.name} has no answers of {', '.join(others)} as the plan declares it", help)
        here |= answered
    for name, model in plan.models.items():
        if model.backend.kind == REPLAY and name not in here:
            here[name] = Recorded(_beside_spec(plan_path, model.backend.params["from"]["path"]))
    from_ = {name: model.backend.params["from"] for name, model in plan.models.items() if model.backend.kind == REPLAY}
    return Replaying(plan, located(plan) | here, {name: file["digest"] for name, file in from_.items()})


def _checked(path: Path) -> tuple[str, Any]:
    """The digest and the head of a recording whose body is as it was written."""
    from auditc.backends.replay.recording import Faulty, check, digest_of

    if path.exists() and not path.is_file():
        raise Refused(f"{path} is no ordinary file", "Name a recording: FILE.jsonl.gz")
    try:
        return digest_of(path), check(path)
    except Faulty as error:
        raise Refused(str(error), _AGAIN) from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}", "Name a recording: FILE.jsonl.gz") from None


def _beside_spec(plan_path: Path | None, name: str) -> Path:
    """Where a recording that the spec names lies: the lock knows the way to the spec."""
    from auditc.compiler.lock import Lock
    from auditc.compiler.packages import home, located

    from .plans import last_plan, lock_of

    lock_path = lock_of(plan_path or last_plan())
    root = lock_path.parent / Lock.model_validate_json(lock_path.read_bytes()).root
    packaged = home(name)
    folder, inside = (root, name) if packaged is None else (located(root, packaged[0]) or root, packaged[1])
    if not (folder / inside).resolve().is_relative_to(folder.resolve()):
        raise Refused(f"{name} leads out of the folder of the spec", "Compile the spec again.")
    return folder / inside

"""Whether models fit into this machine's memory, told before one is opened.

Nothing warns a program that the system is about to kill it for want of memory. So a run whose model clearly does not
fit is refused before anything is asked. A CUDA device is asked for its free memory by the worker, where its library is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from auditc.backends._contract import BackendUnavailable
from auditc.backends._memory import OVERRIDE, fits, unchecked
from auditc.ir.plan import Plan
from auditc.methods import methods

from .asking import Ask, score_asking, turn_asking
from .bind import Bound
from .faults import CannotBind, Problem
from .schedule import Asked, stages
from .store import Store
from .walk import converse_sheet, score_sheet, walk_converse, walk_score


@dataclass(frozen=True, slots=True)
class Room:
    """What a model needs and what there is, in bytes; None where nobody can say."""

    model: str
    needed: int | None
    available: int | None

    @property
    def fits(self) -> bool:
        """False only where it clearly does not."""
        return self.needed is None or self.available is None or fits(self.needed, self.available)


def rooms(bound: Mapping[str, Bound]) -> tuple[Room, ...]:
    """Of each model, in the order given. Models are open one at a time, so each has all that is there."""
    there = available()
    return tuple(Room(name, _needed(each), None if _elsewhere(each) else there) for name, each in bound.items())


def too_large(plan: Plan, bound: Mapping[str, Bound], store: Store) -> tuple[Problem, ...]:
    """Why models that would have to be opened cannot be. One whose answers are all stored is not opened."""
    if unchecked():
        return ()
    return tuple(
        _problem(room, bound[room.model], stage)
        for room in rooms(bound)
        if not room.fits
        for stage in [next((stage for stage in _asking(plan, room.model) if _lacks(plan, stage, bound, store)), None)]
        if stage is not None
    )


def refuse_what_does_not_fit(plan: Plan, bound: Mapping[str, Bound], store: Store) -> None:
    """Raises CannotBind with every model that clearly does not fit."""
    problems = too_large(plan, bound, store)
    if problems:
        raise CannotBind(problems)


def available(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process and its children may still take: what the system has free or can free at once, and what
    is left of the limits of its control groups. None where the system does not say."""
    try:
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
        (free,) = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        return None
    return max(0, min([free, *_left_of_limits(proc, groups)]))


def _left_of_limits(proc: Path, groups: Path) -> Iterator[int]:
    """What is left of the limit of each control group above this process, of either version."""
    try:
        said = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in said:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        top = groups / "memory" if controllers else groups
        words = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        words = words if controllers else ("memory.max", "memory.current", "inactive_file")
        place = Path(path.lstrip("/"))
        # Inside a container the path may be one that is seen from outside only: then the top is its own group.
        for folder in {top / place, *(top / parent for parent in place.parents), top}:
            try:
                limit, used = (int((folder / word).read_text(encoding="ascii")) for word in words[:2])
                stat = dict(row.split() for row in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
                # Pages of files that were read are given back as soon as somebody wants the room.
                yield limit - used + int(stat.get(words[2], 0))
            except (OSError, ValueError):
                continue  # no limit, or no such group here


def _needed(bound: Bound) -> int | None:
    if bound.backend.memory is None:
        return None
    try:
        return bound.backend.memory(bound.source, bound.params)
    except BackendUnavailable:
        return None  # opening it will say so better


def _elsewhere(bound: Bound) -> bool:
    """Whether the model is held in other memory than the system's."""
    return bound.identity.get("device") == "cuda"


def _problem(room: Room, bound: Bound, stage: Asked) -> Problem:
    assert room.needed is not None and room.available is not None
    smaller = "a smaller model" if bound.identity.get("dtype") != "float32" else "dtype = bfloat16, a smaller model"
    return Problem(
        f"model `{room.model}` needs about {said(room.needed)} of memory, and {said(room.available)} are free",
        f"take {smaller} or a larger machine, or try it all the same with {OVERRIDE}=unchecked",
        stage.origin,
    )


def said(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"


def _asking(plan: Plan, model: str) -> Iterator[Asked]:
    return (stage for stage in stages(plan) if stage.model == model)


def _lacks(plan: Plan, stage: Asked, bound: Mapping[str, Bound], store: Store) -> bool:
    """Whether a stage has a cell that is not stored."""
    identity, size = bound[stage.model].identity, bound[stage.model].flow.batch
    batches: Iterator[list[Ask] | None]
    if stage.kind == "score":
        scores = score_asking(plan, stage, identity)
        batches = walk_score(scores, score_sheet(scores), size, None)
    else:
        turns = turn_asking(plan, stage, identity)
        batches = walk_converse(turns, converse_sheet(turns), store.get, methods.take(stage.method).read, size, None)
    return any(ask.key not in store for batch in batches for ask in batch or ())

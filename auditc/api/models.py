"""The models that auditc knows by name or that a plan needs: which there are, and fetching them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .faults import Refused, world
from .plans import open_plan


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

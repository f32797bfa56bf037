"""Plans with trainings, models that are simulated and said to have weights, and a process that trains without torch."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import simulated as module
from auditc.backends._contract import Identity, ModelSource
from auditc.ir.plan import Condition, Model, Plan, Thing, Train
from auditc.runtime.execute import Outcome, run
from auditc.runtime.models import Ready
from tests.runtime.plans import ORIGIN, model, plan, score

HERE = {"base": Ready(Path("base"), "digest of base", "mit"), "other": Ready(Path("other"), "digest of other", "mit")}
WEIGHTS = {name: Thing(kind="folder", params={"path": name}) for name in HERE}


def train(name: str = "tuned", base: str = "base", **changes: Any) -> Train:
    """A training of four items, with two that decide."""
    learnt, valid = tuple(f"q{n}" for n in range(4)), ("q4", "q5")
    fields: dict[str, Any] = {
        "name": f"train.{name}",
        "needs": () if base in HERE else (f"train.{base}",),
        "origin": ORIGIN,
        "model": name,
        "base": base,
        "objective": Thing(kind="first_token_kl", params={"orders": 1}),
        "adapter": Thing(kind="lora", params={"rank": 8}),
        "survey": "values",
        "items": learnt,
        "valid": valid,
        "populations": ("us", "cn"),
        "asks": score(f"train.{name}", name, conditions=(Condition(),), orders=1),
        "epochs": 2,
        "batch": 4,
        "learning_rate": 1e-4,
        "decay": 0.85,
        "keep": "lowest",
        "seed": 7,
    }
    return Train(**{**fields, **changes})


def planned(*trainings: Train, asked: tuple[str, ...] = (), **changes: Any) -> Plan:
    """A plan that trains, and asks the base, another model and all that is trained, four items each."""
    models: dict[str, Model] = {
        name: model().model_copy(update={"weights": weights}) for name, weights in WEIGHTS.items()
    }
    for one in trainings:
        models[one.model] = model().model_copy(update={"trained": one.name})
    stages = [score(f"ft/{name}", name, items=4) for name in asked or models]
    return plan(*trainings, *stages, **{"models": models, **changes})  # type: ignore[arg-type]


def identify(source: ModelSource, params: Any) -> Identity:
    adapter = {"adapter": source.adapter.digest} if source.adapter else {}
    return {**_IDENTIFY(source, params), "weights": source.weights_digest, **adapter}


_IDENTIFY = module.simulated.identify


class _Engine:
    """A simulated engine that knows which weights it has, and changes adapters."""

    def __init__(self, source: ModelSource, params: Any, opened: list[str]) -> None:
        self._inner, self._params, self.identity = _OPEN(source, params), params, identify(source, params)
        opened.append(f"open {source.name}")
        self._opened = opened

    def become(self, source: ModelSource) -> bool:
        self._opened.append(f"become {source.name}")
        self.identity = identify(source, self._params)
        return True

    def score(self, requests: Any) -> Any:
        return self._inner.score(requests)

    def generate(self, requests: Any) -> Any:
        return self._inner.generate(requests)

    def close(self) -> None: ...


_OPEN = module.simulated.open


class Workspace:
    """Runs plans in a folder, and knows what its fake trainer did."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self._notes = folder.with_name("notes")
        self.opened: list[str] = []
        """What engines were opened, and what they became."""

    @property
    def notes(self) -> list[str]:
        """What the fake trainer noted since the last time."""
        said = self._notes.read_text("utf-8").splitlines() if self._notes.exists() else []
        self._notes.unlink(missing_ok=True)
        return said

    def trouble(self, what: str) -> None:
        """What befalls the next trainings."""
        self._monkeypatch.setenv("TROUBLE", what)

    def run(self, plan: Plan, **options: Any) -> Outcome:
        return run(plan, self.folder, HERE, **options)

    def results(self) -> list[Path]:
        return sorted((self.folder / "trained").glob("[!.]*"))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which trainings are carried out by a fake trainer."""
    workspace = Workspace(tmp_path / "workspace", monkeypatch)
    fake = dataclasses.replace(
        module.simulated,
        identify=identify,
        open=lambda source, params: _Engine(source, params, workspace.opened),
        adapters=True,
        needs_weights=True,
        trainee=lambda source, params, settings: source,
    )
    monkeypatch.setattr(module, "simulated", fake)
    python = tmp_path / "python"
    versions = f'[ "$2" = -c ] && exec "{sys.executable}" "$@"'
    python.write_text(
        f'#!/bin/sh\n{versions}\nexec "{sys.executable}" -m tests.runtime.training.fake_trainer\n', "utf-8"
    )
    python.chmod(0o755)
    monkeypatch.setenv("AUDITC_TRAIN_PYTHON", str(python))
    monkeypatch.setenv("AUDITC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    return workspace

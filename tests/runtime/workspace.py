"""Runs plans in a folder, and counts what is put to the engine."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditc.backends import simulated as module
from auditc.ir.answers import Answers
from auditc.ir.exchange import Failure, Request
from auditc.ir.plan import Plan
from auditc.runtime.execute import Outcome, run


class Asked(Counter[Request]):
    """How often each request was put to an engine; `fail` names items whose requests fail."""

    def __init__(self) -> None:
        super().__init__()
        self.fail: set[str] = set()
        self.batches: list[tuple[Request, ...]] = []

    @property
    def items(self) -> set[str]:  # type: ignore[override]
        return {request.hint.item for request in self}

    def forget(self) -> None:
        self.clear()
        self.batches.clear()


class _Counting:
    def __init__(self, engine: Any, asked: Asked) -> None:
        self._engine, self._asked, self.identity = engine, asked, engine.identity

    def _note(self, requests: Sequence[Request], replies: list[Any]) -> list[Any]:
        self._asked.update(requests)
        self._asked.batches.append(tuple(requests))
        return [
            Failure("engine", "asked to fail") if request.hint.item in self._asked.fail else reply
            for request, reply in zip(requests, replies, strict=True)
        ]

    def score(self, requests: Sequence[Any]) -> list[Any]:
        return self._note(requests, self._engine.score(requests))

    def generate(self, requests: Sequence[Any]) -> list[Any]:
        return self._note(requests, self._engine.generate(requests))

    def close(self) -> None:
        self._engine.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Counts every request that reaches the simulated engine."""
    seen = Asked()
    real = module.simulated
    counting = dataclasses.replace(real, open=lambda source, params: _Counting(real.open(source, params), seen))
    monkeypatch.setattr(module, "simulated", counting)
    return seen


def ask(plan: Plan, folder: Path, **options: Any) -> Outcome:
    """Run a plan for which no weights are needed."""
    return run(plan, folder, {}, **options)


def same(one: Sequence[Answers], other: Sequence[Answers]) -> bool:
    """Whether two runs gathered the very same answers."""
    return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))


def _same(one: Answers, other: Answers) -> bool:
    for field in dataclasses.fields(Answers):
        a, b = getattr(one, field.name), getattr(other, field.name)
        equal = np.array_equal(a, b, equal_nan=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a == b
        if not equal:
            return False
    return True

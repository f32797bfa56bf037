"""A run in a process of its own, to be killed: `python -m tests.runtime.child FOLDER LOG LATENCY`.

Notes every request that reaches the engine in LOG before it is answered, and says `asking` once the first does.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from auditc.backends import simulated as module
from auditc.ir.plan import Plan
from auditc.runtime.execute import run
from tests.runtime.plans import converse, model, plan, score, survey


def long_plan(latency: float) -> Plan:
    """Some two hundred batches."""
    stages = (score(items=40, orders=5), converse(items=40, draws=70))
    simulated = model(latency=latency, refuse=0.1, unparsable=0.1)
    return plan(*stages, models={"sim": simulated}, surveys={"values": survey(40)})


class _Noting:
    def __init__(self, engine: Any, log: int) -> None:
        self._engine, self._log, self.identity = engine, log, engine.identity
        self._said = False

    def _note(self, requests: Sequence[Any]) -> None:
        marks = [sha256(repr(request).encode()).hexdigest()[:24] for request in requests]
        os.write(self._log, ("".join(mark + "\n" for mark in marks)).encode())
        if not self._said:
            print("asking", flush=True)
            self._said = True

    def score(self, requests: Sequence[Any]) -> Any:
        self._note(requests)
        return self._engine.score(requests)

    def generate(self, requests: Sequence[Any]) -> Any:
        self._note(requests)
        return self._engine.generate(requests)

    def close(self) -> None:
        self._engine.close()


def main(folder: str, log: str, latency: str) -> None:
    """Run, and print what came of it."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    real = module.simulated
    noting = dataclasses.replace(
        real,
        open=lambda source, params: _Noting(real.open(source, params), descriptor),  # type: ignore[arg-type, return-value]
    )
    module.simulated = noting  # type: ignore[assignment]
    outcome = run(long_plan(float(latency)), Path(folder), {})
    print(json.dumps({"cells": outcome.cells, "stopped": outcome.stopped}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

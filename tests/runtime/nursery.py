"""Runs to be killed, born ready: `python -m tests.runtime.nursery FOLDER` has everything imported, and forks a run of
the plan in FOLDER for each line it reads, which names a log. It prints the process id of the run, and how it ended.

The log has a line for every cell before it reaches the engine, and `S` with a number once so many more answers are safe
on disk. Answers are stored in the order in which they are asked.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from auditc.api import runs
from auditc.backends import simulated as module
from auditc.evidence import conclude
from auditc.reports import reports
from auditc.runtime import commit, progress

IMPORTED = (conclude, progress)
"""What a run would import by itself, and be killed in doing so most of the time."""


class _Noting:
    def __init__(self, engine: Any, log: int) -> None:
        self._engine, self._log, self.identity = engine, log, engine.identity

    def _note(self, requests: Sequence[Any]) -> None:
        marks = [sha256(f"{self.identity}{request}".encode()).hexdigest()[:24] for request in requests]
        os.write(self._log, "".join(mark + "\n" for mark in marks).encode())

    def score(self, requests: Sequence[Any]) -> Any:
        self._note(requests)
        return self._engine.score(requests)

    def generate(self, requests: Sequence[Any]) -> Any:
        self._note(requests)
        return self._engine.generate(requests)

    def close(self) -> None:
        self._engine.close()


def _run(log: int) -> None:
    """One run, in a process of its own."""
    real = module.simulated
    module.simulated = dataclasses.replace(  # type: ignore[assignment]
        real,
        open=lambda source, params: _Noting(real.open(source, params), log),  # type: ignore[arg-type, return-value]
    )
    table, add_lines = commit.table, commit.Committer._add_lines

    written: list[int] = []

    def noted_table(taken: Any) -> Any:
        rows = table(taken)
        written.append(rows.num_rows)
        return rows

    def noted_lines(self: Any, entries: Any) -> None:
        add_lines(self, entries)
        if written:  # otherwise they are of files that an earlier run left
            os.write(log, f"S{written.pop()}\n".encode())

    commit.table = noted_table
    commit.Committer._add_lines = noted_lines  # type: ignore[method-assign]
    runs.run(None, show="quiet")


def main(folder: str) -> None:
    """Fork a run for each line, until there are no more."""
    os.chdir(folder)
    for name in ("json", "html"):
        reports.take(name)
    print("ready", flush=True)
    for line in sys.stdin:
        log = os.open(line.strip(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                _run(log)
                code = 0
            finally:
                os._exit(code)
        os.close(log)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

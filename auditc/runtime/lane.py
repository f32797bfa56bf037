"""The way to one model at a time: the model is opened when it is first needed, and is kept busy by a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from pathlib import Path

from auditc.ir.exchange import Reply, Request

from .bind import Bound
from .workers.answering import Cancelled, Worker
from .workers.local import LocalWorker
from .workers.process import ProcessWorker

GRACE = 2.0
"""Seconds that a batch in flight gets to arrive once a run is told to stop."""


@dataclass(slots=True, eq=False)
class Lane:
    """Asks batches of one model in the order they are put."""

    bound: Bound
    log: Path
    """Where a worker's own output goes."""
    opening: Callable[[str], None]
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "auditc-lane"))
    _worker: Worker | None = None

    def put(self, requests: Sequence[Request]) -> Future[list[Reply]]:
        """Ask a batch. Raises WorkerFailed where the model has to be opened for it and cannot be."""
        if self._worker is None:
            self.opening(self.bound.name)
            self._worker = _open(self.bound, self.log)
        return self._thread.submit(self._worker.ask, requests)

    def wait(self, batch: Future[list[Reply]], stopping: Callable[[], bool]) -> list[Reply] | None:
        """The replies to a batch; None when it was given up because the run is to stop."""
        while not stopping():
            try:
                return batch.result(timeout=0.1)
            except NotYet:
                continue
            except Cancelled:
                return None
        try:
            return batch.result(timeout=GRACE)
        except (NotYet, Cancelled):
            self.cancel()
            return None

    def cancel(self) -> None:
        """Give up what is in flight."""
        if self._worker is not None:
            self._worker.cancel()

    def close(self) -> None:
        """End the worker, and with it the model's hold on memory."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._thread.shutdown(wait=False, cancel_futures=True)


def _open(bound: Bound, log: Path) -> Worker:
    if bound.backend.in_process:
        return LocalWorker(bound)
    log.parent.mkdir(parents=True, exist_ok=True)
    return ProcessWorker(bound, log)

"""The way to one model at a time: the model is opened when it is first needed, and is kept busy by threads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from pathlib import Path

from auditc.backends._contract import BackendUnavailable
from auditc.ir.exchange import Reply, Request

from .bind import Bound
from .faults import WorkerFailed
from .workers.answering import Cancelled, Worker
from .workers.local import LocalWorker
from .workers.process import ProcessWorker

GRACE = 2.0
"""Seconds that a batch in flight gets to arrive once a run is told to stop."""

Flight = Future[list[Reply]]
"""A batch on its way, and then its replies."""


@dataclass(slots=True, eq=False)
class Lane:
    """Asks batches of one model: begun in the order they are put, as many at a time as its backend wants."""

    bound: Bound
    log: Path
    """Where a worker's own output goes."""
    opening: Callable[[str], None]
    waiting: Callable[[str, float, str], None] = lambda model, seconds, why: None
    """Is told of a model that is not asked for so many seconds, and why; from any thread."""
    stopping: Callable[[], bool] = lambda: False
    """Whether a model that is being opened is to be given up."""
    _threads: ThreadPoolExecutor = field(init=False)
    _worker: Worker | None = None

    def __post_init__(self) -> None:
        # A process answers one batch after the other; the next waits here, worded.
        threads = self.bound.flow.at_once if self.bound.backend.in_process and self.bound.flow.at_once > 2 else 1
        self._threads = ThreadPoolExecutor(threads, "auditc-lane")

    def become(self, bound: Bound) -> bool:
        """Go on with another model, with nothing in flight, where it shares this one's weights and the engine can."""
        if self._worker is None or not self._worker.become(bound):
            return False
        self.bound = bound
        return True

    def put(self, requests: Sequence[Request]) -> Flight:
        """Ask a batch. Raises WorkerFailed where the model has to be opened for it and cannot be, and Cancelled where
        it is given up."""
        if self._worker is None:
            self.opening(self.bound.name)
            self._worker = worker = _open(self.bound, self.log, self.stopping)
            if isinstance(worker, LocalWorker):
                worker.tell(lambda seconds, why: self.waiting(self.bound.name, seconds, why))
            if self.stopping():
                raise Cancelled
        return self._threads.submit(self._worker.ask, requests)

    def landed(self, flights: Collection[Flight], stopping: Callable[[], bool]) -> dict[Flight, list[Reply] | None]:
        """Those that have arrived, once there is one. When the run is to stop, all of them: those that do not arrive
        soon are given up, and are None."""
        while not stopping():
            done, _ = wait_for(flights, timeout=0.1, return_when=FIRST_COMPLETED)
            if done:
                return _arrived(flights, done)
        done, late = wait_for(flights, timeout=GRACE)
        if late:
            self.cancel()
        good = {flight for flight in done if not isinstance(flight.exception(), WorkerFailed)}
        return {flight: _replies(flight) if flight in good else None for flight in flights}

    def cancel(self) -> None:
        """Give up what is in flight."""
        if self._worker is not None:
            self._worker.cancel()

    def close(self) -> None:
        """End the worker, and with it the model's hold on memory."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._threads.shutdown(wait=False, cancel_futures=True)


def _arrived(flights: Collection[Flight], done: Collection[Flight]) -> dict[Flight, list[Reply] | None]:
    """Those of `done`. Where one brings word that the model is not asked any more, what is still on its way is taken in
    first, and that word comes when nothing else does. Raises WorkerFailed."""
    broken = {flight for flight in done if isinstance(flight.exception(), WorkerFailed)}
    if broken:
        done, _ = wait_for(flights, timeout=GRACE)
        broken = {flight for flight in done if isinstance(flight.exception(), WorkerFailed)}
    good = {flight: _replies(flight) for flight in flights if flight in done and flight not in broken}
    return good or {flight: _replies(flight) for flight in broken}


def _replies(flight: Flight) -> list[Reply] | None:
    """None where it was given up."""
    try:
        return flight.result()
    except Cancelled:
        return None


def _open(bound: Bound, log: Path, stopping: Callable[[], bool]) -> Worker:
    if bound.backend.in_process:
        return LocalWorker(bound)
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        python = bound.backend.interpreter() if bound.backend.interpreter else sys.executable
    except BackendUnavailable as fault:
        raise WorkerFailed(f"model `{bound.name}` cannot be opened: {fault}") from fault
    return ProcessWorker(bound, log, python, stopping)

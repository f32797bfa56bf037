"""An engine in this process: for backends that need no library that could take the run down with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auditc.backends._contract import BackendUnavailable, Engine, EngineStopped, Resting, Switching
from auditc.ir.exchange import Reply, Request

from ..bind import Bound
from ..faults import WorkerFailed
from .answering import Cancelled, answer


class LocalWorker:
    """Runs the engine in the thread that asks."""

    def __init__(self, bound: Bound) -> None:
        try:
            self._engine: Engine = bound.backend.open(bound.source, bound.params)
        except BackendUnavailable as error:
            raise WorkerFailed(f"model `{bound.name}` cannot be opened: {error}") from error
        self._cancelled = False
        self._name = bound.name
        check_identity(bound, dict(self._engine.identity))

    def ask(self, requests: Sequence[Request]) -> list[Reply]:
        if self._cancelled:
            raise Cancelled
        try:
            return answer(self._engine, requests)
        except EngineStopped as stopped:
            raise WorkerFailed(
                f"model `{self._name}` is not asked any more: {stopped.message}", stopped.help
            ) from stopped

    def tell(self, waiting: Callable[[float, str], None]) -> None:
        """Have the engine say when it rests, if it ever does."""
        if isinstance(self._engine, Resting):
            self._engine.tell(waiting)

    def become(self, bound: Bound) -> bool:
        try:
            if not isinstance(self._engine, Switching) or not self._engine.become(bound.source):
                return False
        except BackendUnavailable as error:
            raise WorkerFailed(f"model `{bound.name}` cannot be opened: {error}") from error
        check_identity(bound, dict(self._engine.identity))
        self._name = bound.name
        return True

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        self._engine.close()


def check_identity(bound: Bound, found: dict[str, str | int | float | bool]) -> None:
    """An engine that is not the one the plan was bound to must not answer for it. Raises WorkerFailed."""
    expected = dict(bound.identity)
    if bound.backend.reuse(bound.params) is not None:
        expected.pop("window", None)  # the run's own: see `windows`
    if found == expected:
        return
    differ = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    raise WorkerFailed(
        f"model `{bound.name}` was opened as something else than it was bound to: {', '.join(differ)} differ",
        "this is a fault of the backend; nothing was asked",
    )

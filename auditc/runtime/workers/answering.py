"""A batch put to an engine: whatever happens, one reply comes back for each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from auditc.backends._contract import Engine, EngineStopped, Predicting
from auditc.diagnostics.scrub import scrubbed
from auditc.ir.exchange import Failure, GenerateRequest, LikelihoodRequest, Reply, Request, ScoreRequest

if TYPE_CHECKING:
    from ..bind import Bound


class Worker(Protocol):
    """Where an engine runs. `ask` may be called from one thread while another calls `cancel`."""

    def ask(self, requests: Sequence[Request]) -> list[Reply]:
        """One reply for each request, in their order. All are of one kind. Raises Cancelled."""
        ...

    def become(self, bound: Bound) -> bool:
        """Go on as another model of the same weights, with nothing in flight; False where the engine has to be opened
        anew. Raises WorkerFailed, after which the worker is of no use."""
        ...

    def cancel(self) -> None:
        """Give up what is being asked, if that is possible, and answer nothing more."""
        ...

    def close(self) -> None: ...


class Cancelled(Exception):
    """The batch was given up; nothing is known of its answers."""


def answer(engine: Engine, requests: Sequence[Request]) -> list[Reply]:
    """What the engine replies; a fault that the engine did not turn into failures becomes one for each request. A batch
    that does not fit into memory is halved until it does. Raises EngineStopped where the engine does."""
    try:
        replies = _replied(engine, requests)
    except EngineStopped:
        raise
    except MemoryError:
        middle = len(requests) // 2
        if middle == 0:
            return [Failure("out_of_memory", "the engine ran out of memory")]
        return answer(engine, requests[:middle]) + answer(engine, requests[middle:])
    except Exception as error:
        return [Failure("engine", f"{type(error).__name__}: {scrubbed(str(error))}"[:300])] * len(requests)
    if len(replies) != len(requests):
        return [Failure("engine", f"{len(replies)} replies to {len(requests)} requests")] * len(requests)
    return [replace(reply, detail=scrubbed(reply.detail)) if isinstance(reply, Failure) else reply for reply in replies]


def _replied(engine: Engine, requests: Sequence[Request]) -> list[Reply]:
    scores = [request for request in requests if isinstance(request, ScoreRequest)]
    if scores:
        return list(engine.score(scores))
    read = [request for request in requests if isinstance(request, LikelihoodRequest)]
    if read and isinstance(engine, Predicting):
        return list(engine.likelihoods(read))
    return list(engine.generate([request for request in requests if isinstance(request, GenerateRequest)]))

"""What the world can do to a run as a whole: errors that end it with a message, a remedy and exit code 3."""

from __future__ import annotations

from dataclasses import dataclass

from auditc.ir.plan import Origin


class WorldFailed(Exception):
    """The run cannot go on, and nothing that was stored is lost. `message` says what happened, `help` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class StoreFailed(WorldFailed):
    """The store cannot be used as asked."""


class StoreDamaged(StoreFailed):
    """Something in the store is not what was written. `parts` names every damaged file."""

    def __init__(self, message: str, help: str, parts: tuple[str, ...]) -> None:
        super().__init__(message, help)
        self.parts = parts


class StoreBusy(StoreFailed):
    """Another run is writing to the store."""


class StoreVersionUnknown(StoreFailed):
    """The store was written by an auditc that this one does not know."""


class WorkerFailed(WorldFailed):
    """A model could not be opened, or what was opened is not what the plan was bound to."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a plan cannot be run, and the line of the spec that asks for what is impossible."""

    message: str
    help: str
    origin: Origin | None


class CannotBind(WorldFailed):
    """The plan cannot be run here; nothing was spent. Carries every problem, so that one look shows them all."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(first.message + more, first.help)
        self.problems = problems

"""How a training goes, for those who tell people: its last step, its losses, its pace, and the time that is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditc.ir.training import Progress


@dataclass(slots=True)
class Status:
    """One training under way."""

    stage: str
    clock: Callable[[], float]
    began: float
    decides: bool = True
    """Whether there are examples that decide, and so a look at them after each epoch."""
    last: Progress | None = None
    mean: float | None = None
    valid: float | None = None
    _first: tuple[float, int] | None = None

    def note(self, progress: Progress) -> None:
        """A step is done, or an epoch."""
        self.last = progress
        self.mean = self.mean if progress.mean is None else progress.mean
        self.valid = self.valid if progress.valid is None else progress.valid
        if self._first is None:
            self._first = self.clock(), progress.step

    def ends_epoch(self, progress: Progress) -> bool:
        """Whether this is the last word of an epoch, or the first of all: the look at those that decide, if any do."""
        return progress.valid is not None or (not self.decides and progress.epoch % 1 == 0)

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps are done, and how many there are."""
        return (self.last.step, self.last.steps) if self.last else (0, 0)

    @property
    def left(self) -> float | None:
        """Seconds that are left at the pace so far; None where nobody can say."""
        if self.last is None or self._first is None or self.last.step <= self._first[1]:
            return None
        pace = (self.clock() - self._first[0]) / (self.last.step - self._first[1])
        return max(0.0, pace * (self.last.steps - self.last.step))

    @property
    def losses(self) -> str:
        """`mean loss 0.412, valid 0.455`; empty before the first step. The mean is over the epoch so far."""
        said = [("mean loss", self.mean), ("valid", self.valid)]
        return ", ".join(f"{name} {value:.4g}" for name, value in said if value is not None)

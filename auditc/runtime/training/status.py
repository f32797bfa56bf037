"""How a training goes, for those who tell people: its last step and loss, its pace, and the time that is left."""

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
    last: Progress | None = None
    loss: float | None = None
    valid: float | None = None
    _first: tuple[float, int] | None = None

    def note(self, progress: Progress) -> None:
        """A step is done, or an epoch."""
        self.last = progress
        self.loss = self.loss if progress.loss is None else progress.loss
        self.valid = self.valid if progress.valid is None else progress.valid
        if self._first is None:
            self._first = self.clock(), progress.step

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
        """`loss 0.412, valid 0.455`; empty before the first step."""
        said = [("loss", self.loss), ("valid", self.valid)]
        return ", ".join(f"{name} {value:.4g}" for name, value in said if value is not None)

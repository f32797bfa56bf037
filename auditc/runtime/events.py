"""What a run says while it runs, and to whom."""

from __future__ import annotations

from collections.abc import Mapping

from auditc.ir.finding import Spent
from auditc.ir.plan import Plan
from auditc.ir.training import Progress


class Reporter:
    """Is told what happens; says nothing. Subclasses say what they want to. Called from the run's own thread, but for
    `waiting` and `stopping`, which may come from any."""

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        """`stages`: cells of each stage that asks, by its name, in the order they will be asked."""

    def going_on(self, model: str, since: str) -> None:
        """Answers of a hosted model are used again from a moment on, in ISO 8601: when the earlier run began that is
        gone on with."""

    def stage_started(self, stage: str, cells: int) -> None:
        """Cells of a stage are about to be asked; or those of a probe, which is called `probe of MODEL`. Stages that
        are asked together all start before the first of them is asked, and finish once all are done."""

    def opening(self, model: str) -> None:
        """A model is about to be loaded; it may take a while."""

    def cells_done(
        self, stage: str, asked: int, reused: int, failed: Mapping[str, int], spent: Spent, shared: int = 0
    ) -> None:
        """So many more cells are settled: asked now (those `failed`, by reason, without an answer), or answered before,
        or (those `shared` among the latter) with another cell. `spent` is what the run has taken so far. A batch with
        cells of several stages is told of each of them."""

    def training_started(self, stage: str, model: str, examples: int, valid: int) -> None:
        """A training begins, or goes on: so many examples are learnt, and so many decide."""

    def training(self, stage: str, progress: Progress) -> None:
        """A step of a training is done, or an epoch."""

    def training_finished(self, stage: str, seconds: float, how: str, cautions: tuple[str, ...] = ()) -> None:
        """`trained`, `gone on with` from a checkpoint, `reused`, `stopped`, or `failed: ` and why. `cautions` say that
        it did no good, where it did none."""

    def waiting(self, model: str, seconds: float, why: str) -> None:
        """Nothing is asked of a model for so long, for instance because a server's rate limit is reached."""

    def stage_finished(
        self, stage: str, asked: int, reused: int, not_run: int, seconds: float, shared: int = 0
    ) -> None:
        """A stage is done. Stages that are asked together share their seconds out by the cells that were asked."""

    def stopping(self, why: str, waits: str = "") -> None:
        """Nothing more is asked. `waits` is what the run still has to wait for, `until it is open`. Told once."""

    def run_finished(self, cells: dict[str, int], seconds: float) -> None: ...

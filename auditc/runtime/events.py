"""What a run says while it runs, and to whom."""

from __future__ import annotations

from auditc.ir.plan import Plan


class Reporter:
    """Is told what happens; says nothing. Subclasses say what they want to. Called from the run's own thread."""

    def run_started(self, plan: Plan, stages: dict[str, int]) -> None:
        """`stages`: cells of each stage that asks, by its name, in the order they will be asked."""

    def stage_started(self, stage: str, cells: int) -> None: ...

    def opening(self, model: str) -> None:
        """A model is about to be loaded; it may take a while."""

    def cells_done(self, stage: str, asked: int, reused: int, failed: int) -> None:
        """So many more cells are settled: asked now (`failed` of them without an answer), or answered before."""

    def stage_finished(self, stage: str, asked: int, reused: int, not_run: int, seconds: float) -> None: ...

    def stopping(self, why: str) -> None:
        """Nothing more is asked."""

    def run_finished(self, cells: dict[str, int], seconds: float) -> None: ...

"""How far models repeat themselves: findings of probes, and a note beside claims on models that do not.

What two answers to the same request differ in is the engine's doing alone: the words and the seeds are the same. In
float32 on one machine nothing should; in bfloat16 sums come out otherwise among other neighbours in a batch, so that
answers which are reused from one run in another cannot be the same to the last bit. A hosted model may be another one.
Shares have Wilson's interval: E. B. Wilson (1927), Probable inference, the law of succession, and statistical
inference, JASA 22. Cells of a probe are drawn by lot, and are taken as independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from auditc.ir.finding import Finding, ModelRow, ProbeRow, Share, Shift
from auditc.ir.plan import Measure, Plan
from auditc.ir.probed import Probed

from .estimate import wilson
from .findings import LEVEL, rounded

BOUND: Final = 0.01
"""A note stands beside a claim when more of its readings than this certainly differ: the whole interval lies above."""
LISTED: Final = 20


def probe_row(probed: Probed, models: Mapping[str, ModelRow]) -> ProbeRow:
    """The finding of one stage's probe. `models` by name say which engine answered."""
    identity = models[probed.model].identity if probed.model in models else {}
    cells = len(probed.keys)
    otherwise = probed.readings[:, 0] != probed.readings[:, 1]
    differing = sorted(key for key, other in zip(probed.keys, otherwise.tolist(), strict=True) if other)
    return ProbeRow(
        stage=probed.stage,
        block=probed.block,
        model=probed.model,
        kind=probed.kind,
        engine=str(identity.get("engine", "")),
        dtype=str(identity.get("dtype", "")),
        chosen=probed.chosen,
        failed=probed.failed,
        not_run=probed.not_run,
        cells=cells,
        answers=_share(int((~probed.equal).sum()), cells),
        readings=_share(len(differing), cells),
        logprob=None if probed.logprobs is None else _shift(probed.logprobs),
        probability=None if probed.logprobs is None else _shift(_shares(probed.logprobs)),
        level=LEVEL,
        procedure="Wilson score interval",
        differing=tuple(differing[:LISTED]),
    )


def _share(count: int, cells: int) -> Share | None:
    if not cells:
        return None
    low, high = wilson(count / cells, cells, float(-ndtri((1 - LEVEL) / 2)))
    return Share(count=count, estimate=rounded(count / cells), low=rounded(low), high=rounded(high))


def _shares(logprobs: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[P, 2, K]` probabilities that sum to 1 over the options of a cell; NaN where they hold nothing at all."""
    chances = np.exp(logprobs)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: NDArray[np.float64] = chances / np.nansum(chances, axis=2, keepdims=True)
    return shares


def _shift(numbers: NDArray[np.float64]) -> Shift | None:
    """Of `[P, 2, K]`, the largest absolute difference over K within each cell: its median over cells, and its largest.
    What is not finite both times (an option of no probability) has no difference."""
    with np.errstate(invalid="ignore"):
        moved = np.abs(numbers[:, 0] - numbers[:, 1])
    moved = np.where(np.isfinite(moved), moved, -1.0)
    most = moved.max(axis=1, initial=-1.0)
    most = most[most >= 0]
    return Shift(median=rounded(float(np.median(most))), largest=rounded(float(most.max()))) if most.size else None


def noted(plan: Plan, parts: Sequence[Finding], rows: Sequence[ProbeRow]) -> list[Finding]:
    """Parts of claims, each with a note where a stage that it rests on does not repeat itself."""
    feeds = {stage.name: set(stage.needs) for stage in plan.stages if isinstance(stage, Measure)}
    loose = [row for row in rows if row.readings is not None and row.readings.low > BOUND]
    found = []
    for part in parts:
        blocks, metrics = part.block.split(", "), part.metric.split(", ")
        stages = {name for block in blocks for metric in metrics for name in feeds.get(f"{block}.{metric}", ())}
        mine = [row for row in loose if row.stage in stages and row.model in part.model.split(", ")]
        said = tuple(f"probed: {_readings(row)} of {row.model} were read otherwise the second time" for row in mine)
        found.append(part.model_copy(update={"notes": (*part.notes, *said)}) if said else part)
    return found


def _readings(row: ProbeRow) -> str:
    assert row.readings is not None
    return f"{row.readings.count} of {row.cells} answers"

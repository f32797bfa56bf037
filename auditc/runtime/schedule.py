"""What is asked when: the order of stages, and which cells make a batch. Functions of the plan alone.

What a model answers depends a little on its neighbours in a batch. So batches are never made of what is left to do:
a run that was killed, and one that was not, ask the same cells side by side; what is stored is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from auditc.ir.plan import Converse, Plan, Score

from .asking import ScoreAsking, wording_of
from .cells import ScoreCells

Asked = Score | Converse


def stages(plan: Plan) -> tuple[Asked, ...]:
    """The stages that ask a model, each after what it needs; those that share a model stand together, and so do models
    that share their weights."""
    waiting = [stage for stage in plan.stages if isinstance(stage, Score | Converse)]
    asking = {stage.name for stage in waiting}
    ordered: list[Asked] = []
    done: set[str] = set()
    while waiting:
        ready = [stage for stage in waiting if asking.intersection(stage.needs) <= done]
        last = ordered[-1].model if ordered else ""
        same = [stage for stage in ready if stage.model == last]
        akin = [stage for stage in ready if last and plan.models[stage.model].shares(plan.models[last])]
        chosen = (same or akin or ready)[0]
        ordered.append(chosen)
        done.add(chosen.name)
        waiting.remove(chosen)
    return tuple(ordered)


def score_batches(asking: ScoreAsking, cells: ScoreCells, size: int) -> Iterator[NDArray[np.intp]]:
    """Indices of cells, `size` at a time: cells of about one length together, the longest first.

    The longest come first so that memory that will not do is found out at once.
    """
    stage, plan = asking.stage, asking.plan
    per_language: dict[str, NDArray[np.int64]] = {}
    for language in set(stage.language.values()):
        frame = len(wording_of(stage, language).text)
        per_language[language] = np.array(
            [frame + len(item.text[language]) + sum(map(len, item.options[language])) for item in asking.items]
        )
    # A Chinese character is about one token, a Latin one a quarter.
    tokens = np.array(
        [
            per_language[stage.language[name]] * (4 if plan.populations[name].language == "zh" else 1)
            for name in stage.populations
        ]
    )
    lengths = tokens[cells.population, cells.item]
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def turn_groups(sampling: Sequence[object], size: int) -> Iterator[list[int]]:
    """Indices of the participants of one round, `size` at a time: those with equal settings together."""
    groups: dict[object, list[int]] = {}
    for index, settings in enumerate(sampling):
        groups.setdefault(settings, []).append(index)
    for members in groups.values():
        for start in range(0, len(members), size):
            yield members[start : start + size]

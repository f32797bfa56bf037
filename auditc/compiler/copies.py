"""How many different participants the draws of a block can make: draws that sample nothing can be copies of each other.

A draw that does not sample is a copy of another one where all that could change a prompt is equal: place, group, beams,
memory and the order of the items. The run asks copies once (runtime/cells.py, `participants`), so they add no
knowledge. What is picked by hash is not looked up here: the figure is what is expected, and never above the draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from auditc.ir.plan import Converse, Population, Survey
from auditc.ir.questions import Question, questions


def different(stage: Converse, population: Population, survey: Survey) -> int:
    """About how many different participants the draws of a stage make of one population; at most its draws."""
    asked = questions(stage, survey)
    last = len(asked) - 1
    memories = range(stage.memory.low, stage.memory.high + 1)
    # Who forgets some of the answers forgets others than the next one does: no two of them are copies.
    forgets = sum(1 for memory in memories if 0 < memory < last) / len(memories)
    samples = sum(stage.sampling) / len(stage.sampling)
    unique = stage.draws * (samples + (1 - samples) * forgets)
    ways = (
        max(1, sum(1 for place in population.places if place.weight > 0 and stage.told))
        * max(1, sum(1 for group in population.groups if group.weight > 0 and stage.told))
        * (stage.beams.high - stage.beams.low + 1)
        * len({min(memory, max(last, 0)) for memory in memories if not 0 < memory < last})
        * _orders(stage, asked)
    )
    return min(stage.draws, math.ceil(unique + min(stage.draws - unique, ways) - 1e-9))


def _orders(stage: Converse, asked: Sequence[Question]) -> int:
    """In how many orders the questions can come; twenty make more than there can be draws."""
    if stage.item_order == "fixed":
        return 1
    blocks = {question.dimension for question in asked} if stage.item_order == "blocked" else asked
    return math.factorial(min(len(blocks), 20))

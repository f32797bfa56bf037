"""What a run found of questions that nobody was asked: nothing, which is no figure and is not to be shown as one.

A budget, Ctrl-C, a trial or a training that failed can leave whole stages without a single answer. Their findings are
there all the same, for a program counts on them: without an estimate, and with every cell among those not run.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from .finding import Contrast, Finding, Findings, TallyRow
from .reread import ASKED, SECOND_READING

_SIDES = ("ablation", "control", "reading")
"""What a contrast is of when its sides are conditions of one model."""
_MODELS = ("training", "beyond", "trainings")
"""And when they are two models."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What of an audit was not asked at all: no cell of it has a reply, of this run or an earlier one."""

    rows: Mapping[str, tuple[TallyRow, ...]]
    """The counts of first readings, by block: a second reading is of cells that are counted already."""

    @property
    def whole(self) -> bool:
        """Whether nothing of the audit was asked."""
        return bool(self.rows) and not any(row.asked for rows in self.rows.values() for row in rows)

    @property
    def parts(self) -> dict[tuple[str, str], int]:
        """Blocks and models of which nothing was asked, each with the number of cells that were planned."""
        planned: dict[tuple[str, str], int] = {}
        for block, rows in self.rows.items():
            for row in rows:
                planned[block, row.model] = planned.get((block, row.model), 0) + row.planned
        return {key: cells for key, cells in planned.items() if cells and self.about(*key)}

    def about(self, block: str, model: str, population: str = "", condition: str = "") -> bool:
        """Whether nothing was asked of a model in a block, as that population and under that condition; of all of them
        where none is named, and in all blocks where none is. Of several models, `a, b`, whether nothing was asked of
        any."""
        under = ASKED if condition == SECOND_READING else condition
        mine = [
            row
            for row in (self.rows.get(block, ()) if block else itertools.chain(*self.rows.values()))
            if (not model or row.model in model.split(", "))
            and population in ("", row.population)
            and under in ("", row.condition)
        ]
        return bool(mine) and not any(row.asked for row in mine)

    def between(self, found: Contrast) -> bool:
        """Whether a comparison has no figure because nothing was asked on one of its sides."""
        if found.estimate is not None:
            return False
        sides = (found.left, found.right)
        if found.of in _SIDES:
            return any(self.about(found.block, found.model, found.population, side) for side in sides)
        if found.of in _MODELS:
            return any(self.about(found.block, side, found.population) for side in sides)
        return self.about(found.block, "")

    def of(self, found: Finding) -> bool:
        """Whether a finding is of nothing: it has no estimate, and none of its cells was asked; or none of what a judge
        was to say of them."""
        gone = found.missing
        if found.estimate is not None or found.n.answers or gone.refused or gone.unparsable or gone.failed:
            return False
        if gone.not_run and not gone.items:
            return True
        return self.about(found.block, found.model, found.population, found.condition)


def silence(found: Findings) -> Silence:
    """What of these findings rests on nothing."""
    rows: dict[str, tuple[TallyRow, ...]] = {}
    for row in found.tallies:
        if row.condition != SECOND_READING:
            rows[row.block] = (*rows.get(row.block, ()), row)
    return Silence(rows)

"""Conditions: one model's figure as it was asked otherwise, against the figure as it was asked.

An ablation leaves something of a method out in a stage of its own; a control asks a second way within the same stage;
a second reading reads the same answers otherwise, those of the same participants.
All are held against what was asked in pairs of items, those with a value on both sides, and of participants who are the
same under both (`units`), with the machinery of a claim `a − b` (`spread.combine`, `estimate`): an interval, and no
verdict. They are made wherever a plan has such a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditc.ir.canonical import seeded
from auditc.ir.finding import Contrast
from auditc.ir.plan import Converse, Plan, Questioning
from auditc.ir.reread import SECOND_READING

from .estimate import Uncertainty
from .findings import LEVEL, rounded
from .measure import Measured
from .paired import cautions, possible, spreads, together, uncertainty, usable
from .slice import slice_of
from .sources import ASKED
from .spread import combine
from .units import Participants

NOTHING = Uncertainty(np.nan, None, "none", "these items", ("no item has a value on both sides",))
"""Of two conditions that share nothing to be compared on."""


def conditions(
    plan: Plan, readings: Sequence[Measured], numbers: dict[str, int], people: Participants
) -> Iterator[Contrast]:
    """Each condition of a block against what was asked in the same kind of stage. Answers in words, of which a few
    stand beside probabilities, are another kind. Parts whose items hang on the answers are left out: under another
    condition they are of other items, and nothing is paired."""
    asked = {_place(plan, each): each for each in readings if each.measurement.condition == ASKED}
    for each in readings:
        own = asked.get(_place(plan, each))
        # Of a selection out of another part there is no finding of another condition either.
        if own is not None and each.measurement.condition != ASKED and not (each.part.brief or each.part.picks):
            row = _condition(plan, each, own, numbers, people)
            if row is not None:
                yield row


def _place(plan: Plan, measured: Measured) -> tuple[object, ...]:
    """Equal for measurements that differ in their condition alone."""
    own = measured.measurement
    return own.measure, own.model, own.population, _kind(plan, measured), tuple(sorted(measured.part.axes.items()))


def _kind(plan: Plan, measured: Measured) -> str:
    """Ablations are stages of their own, as is what is read again; a control is a second way of asking within one."""
    stage = plan.stage(measured.measurement.draws_of.split("\x1f")[0])
    assert isinstance(stage, Questioning)
    return "ablation" if isinstance(stage, Converse) else "control"


def _condition(
    plan: Plan, measured: Measured, asked: Measured, numbers: dict[str, int], people: Participants
) -> Contrast | None:
    """One condition against what was asked; None where one of them has no figure."""
    sides = [slice_of(each, None, numbers) for each in (measured, asked)]
    if not all(side.usable.any() for side in sides):
        return None
    own = measured.measurement
    shared, cut = together([measured, asked], None, numbers)
    asked_of = len({name for side in sides for name in usable(side)})
    seed = seeded(
        plan.seed, "contrast", own.measure, own.model, own.population, own.condition, *measured.part.axes.values()
    )
    found = NOTHING
    if shared:
        units = people.units((measured, asked), shared)
        left, right = (units.joined(spread) for spread in spreads(cut))
        found = uncertainty(units.counted(combine("-", left, right), True), seed, measured.metric)
    ends = possible((measured, asked), found.interval((1 - LEVEL) / 2))
    notes = [*found.notes]
    if 0 < len(shared) < asked_of:
        notes.insert(
            0, f"{asked_of - len(shared)} of {asked_of} items are left out: not both sides have a value for them"
        )
    if not all(side.interpretable() for side in sides):
        notes.insert(0, "not interpretable: of one of the two too few cells were answered")
    axes = dict(measured.part.axes)
    of = "reading" if own.condition == SECOND_READING else _kind(plan, measured)
    return Contrast(
        id="/".join([of, own.measure, own.model, own.population, own.condition, *axes.values()]),
        of=of,
        left=own.condition,
        right=ASKED,
        metric=own.metric,
        block=own.block,
        model=own.model,
        population=own.population,
        axes=axes,
        estimate=rounded(found.point) if np.isfinite(found.point) else None,
        low=rounded(ends[0]) if ends else None,
        high=rounded(ends[1]) if ends else None,
        level=LEVEL,
        statistic=None,
        freedom=None,
        p=None,
        test=found.procedure,
        unit=sides[0].unit,
        n={"items": len(shared)},
        notes=(*cautions(measured), *notes),
        origin=plan.stage(own.measure).origin,
    )

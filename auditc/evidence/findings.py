"""A finding out of a slice: the estimate with its interval, its floor, its lines, and what a reader must be told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from auditc.ir.canonical import seeded
from auditc.ir.finding import Finding, Floor
from auditc.ir.measurement import ANSWERED, REFUSED, UNPARSABLE
from auditc.ir.plan import Origin

from .estimate import NEGLIGIBLE, Uncertainty, estimate, estimate_as_can_be
from .floor import Yardstick
from .slice import FEWEST_ANSWERED, Slice

LEVEL = 0.95
"""Of the intervals of findings; a claim states its own."""
FEW_PEOPLE = 300
FEW_OF_A_GROUP = 30
"""Of a group of people."""
FEW_DRAWS = 20
NOMINAL = "n nominal: people's number is what the survey declares, not how many answered each item"


def finding(part: Slice, yardstick: Yardstick | None, seed: int, origin: Origin) -> Finding:
    """The finding of one slice. What could not be estimated is null, and a note says why."""
    measurement = part.measured.measurement
    metric = part.measured.metric
    own = part.measured.part
    dimension = {} if part.dimension is None else {"dimension": part.dimension}
    found = _uncertainty(part, seed)
    ends = found.interval((1 - LEVEL) / 2) if found else None
    if ends and not part.signed and (metric.bias == "none" or not part.measured.drawn):
        # A figure that is not corrected for bias cannot leave its range, and neither can what it estimates.
        ends = max(ends[0], own.bounds[0]), min(ends[1], own.bounds[1])
    floor, lines = _measured_against(part, yardstick)
    return Finding(
        id="/".join(
            [
                *(measurement.measure, measurement.model),
                # A figure over all populations stands at none.
                *([measurement.population] if measurement.population else []),
                measurement.condition,
                *([own.name] if own.name else []),
                *dimension.values(),
            ]
        ),
        metric=measurement.metric,
        block=measurement.block,
        method=measurement.method,
        model=measurement.model,
        population=measurement.population,
        condition=measurement.condition,
        axes={**own.axes, **dimension},
        estimate=rounded(found.point) if found else None,
        low=rounded(ends[0]) if ends else None,
        high=rounded(ends[1]) if ends else None,
        level=LEVEL,
        procedure=found.procedure if found else "none",
        estimand=found.estimand if found else "these items",
        unit=part.unit,
        better="neither" if part.signed else own.better,
        n=part.n(),
        missing=part.missing(),
        floor=floor,
        lines=lines,
        interpretable=part.interpretable(),
        notes=(*notes(part), *_taken_as_asked(part, found), *(found.notes if found else ("no item has a value",))),
        origin=origin,
    )


def _taken_as_asked(part: Slice, found: Uncertainty | None) -> tuple[str, ...]:
    """Between items like these people's sampling shows; on these items alone it is in no interval."""
    fixed = found is not None and found.error is not None and found.estimand == "these items"
    return (
        ("people are taken as they answered: their own sampling is not in this interval",)
        if (fixed and part.measured.part.group)
        else ()
    )


def _uncertainty(part: Slice, seed: int) -> Uncertainty | None:
    """For items like these; with too few items for that, for these items alone."""
    if not part.usable.any():
        return None
    measurement = part.measured.measurement
    spread = part.spread()
    own = seeded(
        seed,
        "items",
        measurement.measure,
        measurement.model,
        measurement.population,
        measurement.condition,
        part.dimension or "",
        *part.measured.part.axes.values(),
    )
    if part.distance:
        return estimate(spread, part.nature, "these items", own)
    return estimate_as_can_be(spread, part.nature, own)


def _measured_against(part: Slice, yardstick: Yardstick | None) -> tuple[Floor | None, dict[str, float]]:
    if yardstick is None or not part.usable.any():
        return None, {}
    floor = None
    simulated = part.simulated(yardstick.floor)
    if np.isfinite(simulated).all():
        low, high = np.quantile(simulated, [0.025, 0.975])
        floor = Floor(
            estimate=rounded(float(simulated.mean())),
            low=rounded(float(low)),
            high=rounded(float(high)),
            procedure=yardstick.procedure,
        )
    lines = {name: float(part.headline(values)) for name, values in yardstick.lines.items()}
    return floor, {name: rounded(value) for name, value in lines.items() if math.isfinite(value)}


def notes(part: Slice) -> tuple[str, ...]:
    """What a reader must know to take the figure for what it is."""
    measurement, metric = part.measured.measurement, part.measured.metric
    n = part.n()
    said: list[str] = []
    if not part.interpretable():
        said.append(
            f"not interpretable: fewer than {FEWEST_ANSWERED:.0%} of the cells were answered, "
            "and those that were may not be the model's answers"
        )
    if metric.needs_people and not np.isfinite(measurement.people_n[part.inside]).any():
        said.append("the survey has no human shares of this population for these items")
    if part.dimension is None and len(measurement.items) < measurement.asked_of and metric.reads != "written":
        which = "with a direction" if metric.panel else f"on {' and '.join(sorted(metric.scales))} scales"
        said.append(f"applies to {len(measurement.items)} of {measurement.asked_of} items, those {which}")
    if part.distance and (found := part.over[0]) < (all_of := part.over[1]):
        said.append(f"rests on {found} of {all_of} dimensions: a distance over fewer is shorter")
    if metric.caution:
        said.append(metric.caution)
    if metric.needs_people and n.people_nominal:
        said.append(NOMINAL)
    group = part.measured.part.group
    few = FEW_OF_A_GROUP if group else FEW_PEOPLE
    if metric.needs_people and n.people is not None and n.people < few:
        whose = "a group's shares of an item" if group else "an item's human shares"
        said.append(f"{whose} rest on {n.people} people, fewer than {few}")
    for why, items in part.measured.lacks.items():
        if why and (lacking := int((part.inside & items).sum())):
            said.append(f"{lacking} of {int(part.inside.sum())} items are left out: {why}")
    if metric.reads == "texts" and (shared := _sharing_a_text(part)):
        said.append(f"the one text of a list counts at its first item: {shared} other items have no value of their own")
    if n.draws is not None and metric.reads in ("shares", "counts") and n.draws < FEW_DRAWS:
        said.append(f"{n.draws} draws, fewer than {FEW_DRAWS}: little is known of how much they vary")
    return (*said, *part.measured.part.notes)


def _sharing_a_text(part: Slice) -> int:
    """How many items of lists were answered and yet have no text, for it stands at another item of the list."""
    own = part.measured.measurement
    listed = np.array([item.listed is not None for item in own.items], dtype=np.bool_)
    answered = own.status[:, [ANSWERED, REFUSED, UNPARSABLE]].sum(1) >= 2
    return int((part.inside & ~part.usable & listed & answered).sum())


def rounded(value: float, digits: int = 6) -> float:
    """Six significant digits, and zero for what is only rounding: more would differ between machines."""
    return float(f"{value:.{digits}g}") if abs(value) > NEGLIGIBLE else 0.0


def joined(words: Iterable[str]) -> str:
    """Each word once, in the order given."""
    return ", ".join(dict.fromkeys(words))


def dimensions_of(items: Sequence[str]) -> tuple[str, ...]:
    """The dimensions that findings are made for: none where the survey has only one."""
    names = tuple(dict.fromkeys(items))
    return names if len(names) > 1 else ()

"""Figures of what a metric is told apart by: its further axes (sex, fault, …), and conditions that leave something out.

Nothing here knows a metric. The values of an axis are lanes, below each other, in a row for each model and a panel for
each population; `names` says which axes make figures or panels of their own instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from auditc.ir.finding import Finding

from . import numbers
from .entries import ordered
from .figures import Mark, Panel, Row, panel, symbol
from .figures.axis import span
from .names import APART, APPARENT, BESIDE, Names, ablation
from .panels import Picture, axis_label, ends_of, marked

Axes = dict[str, str]
TYPICAL = 3.0
"""How many times as wide as the median an interval is that is still shown whole."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Panels that are read together. `title` says what they are told apart by."""

    title: str
    panels: tuple[Picture, ...]
    level: str
    folded: bool
    floor: bool
    unsound: bool
    apparent: bool
    """Whether what was there before a correction is drawn too."""


def by_values(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Figure]:
    """Figures of what was asked, for each set of further axes. The first of each is shown; those that look at a part of
    it (`names.APART`), or at several axes at once, are folded away. What is told apart by dimension as well is in the
    table alone, unless there is nothing else."""
    asked = [f for f in findings if f.condition == "asked"]
    figures: list[Figure] = []
    for lanes in dict.fromkeys(_lanes(f.axes) for f in asked):
        own = [f for f in asked if _lanes(f.axes) == lanes]
        own = [f for f in own if "dimension" not in f.axes] or own
        parts = sorted({_part(f.axes, lanes) for f in own}, key=lambda part: names.rank(dict(part)))
        for k, part in enumerate(parts):
            inside = [f for f in own if _part(f.axes, lanes) == part]
            title = [names.words("parts.by", axes=names.words.listed([names.axis(axis) for axis in lanes]))]
            title += [names.part(dict(part))] if part else []
            where = f"v-{names.where(block, metric)}-{len(figures)}"
            drawn = tuple(_value_panels(names, metric, inside, lanes, where))
            figures.append(
                _figure(inside, names.words("list.comma").join(title), drawn, folded=k > 0 or len(lanes) > 1)
            )
    return figures


def by_conditions(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Figure]:
    """What was asked beside each condition that leaves something out: one figure, or none where there is no such."""
    without = {(f.model, f.population) for f in findings if ablation(f.condition)}
    shown = [
        f
        for f in ordered(names, findings)
        if (f.model, f.population) in without and (f.condition == "asked" or ablation(f.condition))
    ]
    if not shown:
        return []
    ends = ends_of(shown, lines=False)

    def lane(f: Finding) -> str:
        return names.condition(f.condition)

    pictures = []
    for population, own in _by_population(names, shown):
        where = f"a-{names.where(block, metric)}-{names.place(population)}"
        pictures.append(_panel(names, metric, own, ends, where, lane, population))
    return [_figure(shown, names.words("parts.conditions"), tuple(pictures), folded=False)]


def _figure(findings: Sequence[Finding], title: str, pictures: tuple[Picture, ...], *, folded: bool) -> Figure:
    return Figure(
        title=title,
        panels=pictures,
        level=numbers.level(findings[0].level),
        folded=folded,
        floor=any(f.floor for f in findings),
        unsound=any(not f.interpretable for f in findings),
        apparent=any(APPARENT in f.lines for f in findings),
    )


def _lanes(axes: Axes) -> tuple[str, ...]:
    """The axes whose values are lanes: those that make nothing else, or whatever there is."""
    for others in ((*APART, *BESIDE, "dimension"), (*BESIDE, "dimension"), ("dimension",)):
        if found := tuple(sorted(axis for axis in axes if axis not in others)):
            return found
    return tuple(axes)


def _part(axes: Axes, lanes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What a figure of its own is made for."""
    chosen = (*APART, "dimension")
    return tuple(sorted((axis, value) for axis, value in axes.items() if axis in chosen and axis not in lanes))


def _beside(axes: Axes, lanes: Sequence[str]) -> Axes:
    return {axis: value for axis, value in axes.items() if axis in BESIDE and axis not in lanes}


def _by_population(names: Names, findings: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    for population in sorted(dict.fromkeys(f.population for f in findings), key=names.place):
        yield population, [f for f in findings if f.population == population]


def _value_panels(
    names: Names, metric: str, findings: Sequence[Finding], lanes: Sequence[str], where: str
) -> Iterator[Picture]:
    """A panel for each population and each value of an axis of `names.BESIDE`; those of one value share an axis."""
    shown = ordered(names, findings)
    kinds = sorted({tuple(_beside(f.axes, lanes).items()) for f in shown}, key=lambda kind: names.rank(dict(kind)))
    ends = {kind: _from_zero([f for f in shown if tuple(_beside(f.axes, lanes).items()) == kind]) for kind in kinds}

    def lane(f: Finding) -> str:
        return names.words("list.comma").join(names.value(axis, f.axes[axis]) for axis in lanes)

    for population, all_kinds in _by_population(names, shown):
        for k, kind in enumerate(kinds):
            own = [f for f in all_kinds if tuple(_beside(f.axes, lanes).items()) == kind]
            if own:
                place = f"{where}-{names.place(population)}-{k}"
                yield _panel(names, metric, own, ends[kind], place, lane, population, dict(kind))


def _from_zero(findings: Sequence[Finding]) -> tuple[float, float]:
    """The ends of an axis that holds zero: values are read by where they lie beside it, and beside each other. Small
    shares have no room for all up to 100 %, and intervals are wholly on it but for those far wider than most."""
    core = [v for f in findings for v in (f.estimate, f.lines.get(APPARENT), *_band(f)) if v is not None]
    known = [(f.low, f.high) for f in findings if f.low is not None and f.high is not None]
    usual = TYPICAL * median([high - low for low, high in known]) if known else 0.0
    core += [v for low, high in known if high - low <= usual for v in (low, high)]
    reach = [v for ends in known for v in ends]
    return span(
        [*core, 0.0] if core else [], reach, share=numbers.is_share(findings[0].unit) and max(core, default=0.0) > 0.5
    )


def _band(f: Finding) -> tuple[float, ...]:
    return (f.floor.low, f.floor.high) if f.floor else ()


def _panel(
    names: Names,
    metric: str,
    findings: Sequence[Finding],
    ends: tuple[float, float],
    where: str,
    lane: Callable[[Finding], str],
    population: str,
    kind: Axes | None = None,
) -> Picture:
    rows = []
    for model in dict.fromkeys(f.model for f in findings):
        own = [f for f in findings if f.model == model]
        marks = tuple(_mark(names, f, lane(f)) for f in own)
        rests = names.words.known(f"metric.{metric}.rests", "")
        told = rests.format(n=max(f.n.answers for f in own)) if rests else ""
        rows.append(Row(names.short(model) + told, marks))
    first, told = findings[0], names.part(kind or {})
    heading = names.heading(population) + (f"{names.words('sentence.colon')}{told}" if told else "")
    content = Panel(
        name=where,
        title=f"{names.metric(metric)}: {heading}",
        rows=tuple(rows),
        ends=ends,
        axis=axis_label(names, metric, first.unit, first.better, tuple((kind or {}).values())),
        percent=numbers.is_share(first.unit),
        lanes=True,
        none=names.words("figure.none"),
    )
    return Picture(heading, symbol(names.place(population)) if population else None, panel(content))


def _mark(names: Names, f: Finding, lane: str) -> Mark:
    made = marked(names, f, lane)
    return replace(made, lane=lane, number=numbers.figure(f.estimate, f.unit), variant=min(made.variant, 1))

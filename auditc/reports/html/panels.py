"""The panels of one metric: what was asked beside its controls, and small multiples by value dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import Finding

from . import numbers
from .entries import ordered
from .figures import Band, Line, Mark, Panel, Row, panel, symbol
from .figures.axis import span
from .names import APPARENT, UNDRAWN, Names


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of a figure: a heading in the page, and the drawing below it."""

    heading: str
    symbol: Markup | None
    drawing: Markup


def axis_label(names: Names, metric: str, unit: str, better: str, kinds: Sequence[str] = ()) -> str:
    """What the axis counts and which end is which; `kinds` of a figure, such as `raw`, may have words of their own."""
    words = names.words
    counted = words.known(f"metric.{metric}.unit", words.known(f"unit.{unit.replace(' ', '_')}", unit))
    direction = words.known(f"metric.{metric}.axis", words(f"better.{better}"))
    for kind in kinds:
        if words.has(f"metric.{metric}.axis_{kind}"):
            return words(f"metric.{metric}.axis_{kind}")
    return f"{counted} · {direction}" if counted and direction else counted or direction


def marked(names: Names, f: Finding, label: str) -> Mark:
    text = names.words("figure.none")
    if numbers.usable(f.estimate) is not None:
        text = numbers.figure(f.estimate, f.unit)
        if numbers.usable(f.low) is not None and numbers.usable(f.high) is not None:
            text += f" ({numbers.interval(f.low, f.high, f.unit)})"
    number = text
    if APPARENT in f.lines:
        text += f", {names.line(APPARENT)} {numbers.figure(f.lines[APPARENT], f.unit)}"
    return Mark(
        name=label if f.interpretable else f"{label} ({names.words('figure.unsound')})",
        text=text,
        estimate=numbers.usable(f.estimate),
        low=numbers.usable(f.low),
        high=numbers.usable(f.high),
        shape=names.place(f.population),
        variant=names.variant(f.condition),
        sound=f.interpretable,
        band=Band(f.floor.low, f.floor.high, f.floor.estimate) if f.floor else None,
        number=number,
        apparent=numbers.usable(f.lines.get(APPARENT)),
    )


def ends_of(findings: Sequence[Finding], *, lines: bool = True) -> tuple[float, float]:
    """The ends of one axis for all of them; `lines` where reference lines are drawn."""
    core: list[float] = []
    reach: list[float] = []
    for f in findings:
        core.extend(
            v for v in (f.estimate, *(drawn_lines(f).values() if lines else ()), f.lines.get(APPARENT)) if v is not None
        )
        if f.floor:
            core.extend((f.floor.low, f.floor.high))
        reach.extend(v for v in (f.low, f.high) if v is not None)
    return span(core, reach, share=bool(findings) and numbers.is_share(findings[0].unit))


def panels(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Picture]:
    """One panel for each population, models below each other, controls beside what was asked; all on one axis."""
    shown = ordered(names, findings)
    ends = ends_of(shown)
    pictures = []
    for population in dict.fromkeys(f.population for f in sorted(shown, key=lambda f: names.place(f.population))):
        own = [f for f in shown if f.population == population]
        labels = _labels(names, own)
        rows = tuple(
            Row(
                names.model(model),
                tuple(marked(names, f, names.condition(f.condition)) for f in own if f.model == model),
                _lines([f for f in own if f.model == model], labels),
            )
            for model in dict.fromkeys(f.model for f in own)
        )
        place, name = names.place(population), names.heading(population)
        unit, better = own[0].unit, own[0].better
        content = Panel(
            name=f"p-{names.where(block, metric)}-{place}",
            title=f"{names.metric(metric)}: {name}",
            rows=rows,
            ends=ends,
            axis=axis_label(names, metric, unit, better),
            percent=numbers.is_share(unit),
            none=names.words("figure.none"),
        )
        pictures.append(Picture(name, symbol(place) if population else None, panel(content)))
    return pictures


def _lines(findings: Sequence[Finding], labels: dict[str, str]) -> tuple[Line, ...]:
    """The reference lines of what was asked; a control is read by the same ones."""
    for f in findings:
        if drawn := drawn_lines(f):
            return tuple(Line(labels[key], value) for key, value in drawn.items())
    return ()


def drawn_lines(f: Finding) -> dict[str, float]:
    """The figures that an estimate is read by on its own axis."""
    return {key: value for key, value in f.lines.items() if key not in (APPARENT, *UNDRAWN)}


def _labels(names: Names, findings: Sequence[Finding]) -> dict[str, str]:
    """A label for each reference line, with its value, or the range over models where their items differ."""
    values: dict[str, list[float]] = {}
    for f in findings:
        for key, value in drawn_lines(f).items():
            values.setdefault(key, []).append(value)
    return {key: f"{names.line(key)} {numbers.spread(found, findings[0].unit)}" for key, found in values.items()}


def small(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Picture]:
    """Small multiples: one for each dimension, models below each other, populations as shapes; what was asked only."""
    shown = [f for f in ordered(names, findings) if f.condition == "asked" and set(f.axes) == {"dimension"}]
    ends = ends_of(shown, lines=False)
    pictures = []
    for k, dimension in enumerate(dict.fromkeys(f.axes["dimension"] for f in shown)):
        own = [f for f in shown if f.axes["dimension"] == dimension]
        rows = tuple(
            Row(
                names.short(model),
                tuple(marked(names, f, names.heading(f.population)) for f in own if f.model == model),
            )
            for model in dict.fromkeys(f.model for f in own)
        )
        content = Panel(
            name=f"d-{names.where(block, metric)}-{k}",
            title=f"{names.metric(metric)}: {names.dimension(dimension)}",
            rows=rows,
            ends=ends,
            percent=numbers.is_share(own[0].unit),
            width=216.0,
            numbers=False,
            none=names.words("figure.none"),
        )
        pictures.append(Picture(names.dimension(dimension), None, panel(content)))
    return pictures

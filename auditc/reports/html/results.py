"""The figures and tables of one metric of one block, out of its findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import Finding

from . import numbers
from .figures import Band, Line, Mark, Panel, Row, panel, symbol
from .figures.axis import span
from .names import Names, estimates


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding as a row of a table: its own numbers beside the words they are shown in."""

    finding: Finding
    anchor: str
    model: str
    short: str
    population: str
    symbol: Markup
    condition: str
    dimension: str
    order: int
    """Where the dimension comes; equal for rows that stand together."""
    estimate: str
    interval: str
    n: str
    missing: str
    floor: str
    lines: tuple[tuple[str, str], ...]
    level: str
    notes: tuple[tuple[str, str], ...]
    """Each with the language that it is in."""
    cells: str
    items: str
    """The fragment identifier of the table of items behind it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of a figure: a heading in the page, and the drawing below it."""

    heading: str
    symbol: Markup | None
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Section:
    """A metric of a block: pictures for the whole survey and by dimension, and the numbers in tables."""

    anchor: str
    block: str
    metric: str
    title: str
    reading: str
    caption: str
    panels: tuple[Picture, ...]
    parts: tuple[Picture, ...]
    rows: tuple[Entry, ...]
    part_rows: tuple[Entry, ...]
    level: str
    floor: bool
    lines: bool
    conditions: tuple[tuple[int, str], ...]
    """How the marks of each condition are filled, and what it is called; empty where there is only one."""
    unsound: bool


def section(names: Names, block: str, metric: str) -> Section:
    """Everything about one metric of one block."""
    own = [f for f in estimates(names.material) if f.block == block and f.metric == metric]
    whole = [f for f in own if not f.axes]
    parts = [f for f in own if f.axes]
    words = names.words
    unit = own[0].unit if own else ""
    return Section(
        anchor=f"m-{names.where(block, metric)}",
        block=block,
        metric=metric,
        title=names.metric(metric),
        reading=words.known(f"metric.{metric}.reading", ""),
        caption=axis_label(names, metric, unit, own[0].better if own else "neither"),
        panels=tuple(_panels(names, block, metric, whole)),
        parts=tuple(_small(names, block, metric, parts)),
        rows=tuple(entry(names, f) for f in ordered(names, whole)),
        part_rows=tuple(entry(names, f) for f in ordered(names, parts)),
        level=names.words.listed(sorted({numbers.level(f.level) for f in own})),
        floor=any(f.floor for f in own),
        lines=any(f.lines for f in own),
        conditions=_conditions(names, whole),
        unsound=any(not f.interpretable for f in own),
    )


def axis_label(names: Names, metric: str, unit: str, better: str) -> str:
    """What the axis counts and which end is which."""
    words = names.words
    counted = words.known(f"metric.{metric}.unit", unit)
    direction = words.known(f"metric.{metric}.axis", words(f"better.{better}"))
    return f"{counted} · {direction}" if counted and direction else counted or direction


def _conditions(names: Names, findings: Sequence[Finding]) -> tuple[tuple[int, str], ...]:
    found = {f.condition for f in findings}
    shown = tuple((names.variant(c), names.condition(c)) for c in names.conditions if c in found)
    return shown if len(shown) > 1 else ()


def ordered(names: Names, findings: Iterable[Finding]) -> list[Finding]:
    """By dimension, model, population and condition, each in the plan's order; `asked` before its controls."""
    models = names.models

    def place(f: Finding) -> tuple[object, ...]:
        further = tuple(sorted(f.axes.items()))
        return (
            _order(names, f),
            further,
            models.index(f.model) if f.model in models else len(models),
            names.place(f.population),
            names.variant(f.condition),
            f.id,
        )

    return sorted(findings, key=place)


def _order(names: Names, f: Finding) -> int:
    dimension = f.axes.get("dimension", "")
    return names.dimensions.index(dimension) if dimension in names.dimensions else len(names.dimensions)


def entry(names: Names, f: Finding) -> Entry:
    words = names.words
    return Entry(
        finding=f,
        anchor=names.anchors[f.id],
        model=names.model(f.model),
        short=names.short(f.model),
        population=names.heading(f.population),
        symbol=symbol(names.place(f.population), names.variant(f.condition))
        if f.population in names.populations
        else Markup(""),
        condition=names.condition(f.condition),
        dimension=", ".join(
            names.dimension(value) if axis == "dimension" else f"{axis}: {value}" for axis, value in f.axes.items()
        ),
        order=_order(names, f),
        estimate=numbers.figure(f.estimate, f.unit),
        interval=numbers.interval(f.low, f.high, f.unit),
        n=rests_on(names, f),
        missing=missing(names, f),
        floor=f"{numbers.figure(f.floor.estimate, f.unit)} ({numbers.interval(f.floor.low, f.floor.high, f.unit)})"
        if f.floor
        else numbers.NONE,
        lines=tuple((names.line(key), numbers.figure(value, f.unit)) for key, value in f.lines.items()),
        level=numbers.level(f.level),
        notes=tuple(words.said(note) for note in f.notes),
        cells=words("table.cells", answered=numbers.count(f.n.answers), planned=numbers.count(planned(f))),
        items=items_anchor(names, f.block, f.population),
    )


def planned(f: Finding) -> int:
    """Cells behind a finding: those that were answered and those that were not."""
    gone = f.missing
    return f.n.answers + gone.refused + gone.unparsable + gone.failed + gone.not_run


def rests_on(names: Names, f: Finding) -> str:
    """`64 items, 50 participants, 3,200 answers, at least 1,012 people`."""
    words, n = names.words, f.n
    parts = [words("count.items", n=n.items)]
    if n.draws is not None:
        parts.append(words("count.participants", n=n.draws))
    parts.append(words("count.answers", n=n.answers))
    if n.people is not None:
        parts.append(words("count.people_nominal" if n.people_nominal else "count.people", n=n.people))
    return words("list.comma").join(parts)


def missing(names: Names, f: Finding) -> str:
    """Reasons with their counts; `none` when nothing is missing."""
    gone = f.missing
    counted = (
        ("refused", gone.refused),
        ("unparsable", gone.unparsable),
        ("failed", gone.failed),
        ("not_run", gone.not_run),
        ("items", gone.items),
    )
    parts = [names.words(f"missing.{reason}", n=n) for reason, n in counted if n]
    return names.words("list.comma").join(parts) or names.words("missing.none")


def items_anchor(names: Names, block: str, population: str) -> str:
    if block not in names.blocks or population not in names.populations:
        return "items"
    return f"items-{names.blocks.index(block)}-{names.place(population)}"


def _mark(names: Names, f: Finding, label: str) -> Mark:
    text = names.words("figure.none")
    if numbers.usable(f.estimate) is not None:
        text = numbers.figure(f.estimate, f.unit)
        if numbers.usable(f.low) is not None and numbers.usable(f.high) is not None:
            text += f" ({numbers.interval(f.low, f.high, f.unit)})"
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
    )


def _ends(findings: Sequence[Finding], *, lines: bool = True) -> tuple[float, float]:
    """The ends of one axis for all of them; `lines` where reference lines are drawn."""
    core: list[float] = []
    reach: list[float] = []
    for f in findings:
        core.extend(v for v in (f.estimate, *(f.lines.values() if lines else ())) if v is not None)
        if f.floor:
            core.extend((f.floor.low, f.floor.high))
        reach.extend(v for v in (f.low, f.high) if v is not None)
    return span(core, reach, share=bool(findings) and numbers.is_share(findings[0].unit))


def _panels(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Picture]:
    """One panel for each population, models below each other, controls beside what was asked; all on one axis."""
    shown = ordered(names, findings)
    ends = _ends(shown)
    pictures = []
    for population in dict.fromkeys(f.population for f in sorted(shown, key=lambda f: names.place(f.population))):
        own = [f for f in shown if f.population == population]
        labels = _labels(names, own)
        rows = tuple(
            Row(
                names.model(model),
                tuple(_mark(names, f, names.condition(f.condition)) for f in own if f.model == model),
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
        if f.lines:
            return tuple(Line(labels[key], value) for key, value in f.lines.items())
    return ()


def _labels(names: Names, findings: Sequence[Finding]) -> dict[str, str]:
    """A label for each reference line, with its value, or the range over models where their items differ."""
    values: dict[str, list[float]] = {}
    for f in findings:
        for key, value in f.lines.items():
            values.setdefault(key, []).append(value)
    return {key: f"{names.line(key)} {numbers.spread(found, findings[0].unit)}" for key, found in values.items()}


def _small(names: Names, block: str, metric: str, findings: Sequence[Finding]) -> list[Picture]:
    """Small multiples: one for each dimension, models below each other, populations as shapes; what was asked only."""
    shown = [f for f in ordered(names, findings) if f.condition == "asked" and set(f.axes) == {"dimension"}]
    ends = _ends(shown, lines=False)
    pictures = []
    for k, dimension in enumerate(dict.fromkeys(f.axes["dimension"] for f in shown)):
        own = [f for f in shown if f.axes["dimension"] == dimension]
        rows = tuple(
            Row(
                names.short(model),
                tuple(_mark(names, f, names.heading(f.population)) for f in own if f.model == model),
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

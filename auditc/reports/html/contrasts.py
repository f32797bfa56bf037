"""What is compared: figures between groups of models, and a model's figures under its conditions, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditc.ir.finding import Contrast, Finding

from . import numbers
from .names import Names, estimates

CONDITIONS = ("ablation", "control", "reading")
"""What a contrast is of when it compares conditions of one model."""
TRAININGS = ("training", "beyond", "trainings")
"""What it is of when trained models are compared; what is neither is a column of the models' cards."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contrast as a row: its numbers in words. `statistic` are a name and a value each, in the order shown."""

    contrast: Contrast
    left: str
    right: str
    model: str
    population: str
    part: str
    models: str
    items: str
    estimate: str
    interval: str
    level: str
    statistic: tuple[tuple[str, str], ...]
    test: tuple[str, str]
    """What was computed, and the language that it is said in."""
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """One `compare` block: its metric, the column of the cards, and its rows."""

    title: str
    by: str
    rows: tuple[Line, ...]
    published: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric under a condition: its estimate with the interval, and the difference from what was asked with its own;
    empty where there is none."""

    id: str
    estimate: str
    interval: str
    difference: str
    reach: str
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ablation:
    """One block, model and population: a row for each condition, the one that was asked first, and a column for each
    metric."""

    block: str
    model: str
    population: str
    metrics: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    further: tuple[Line, ...]
    """Differences of parts of a metric, which have no column."""


def groups(names: Names) -> list[Groups]:
    """In the order of the findings; empty where nothing is compared."""
    found: dict[str, list[Contrast]] = {}
    for each in names.material.findings.contrasts:
        if each.of not in (*CONDITIONS, *TRAININGS):
            found.setdefault(each.id.split("/")[0], []).append(each)
    words = names.words
    return [
        Groups(
            title=f"{names.block(rows[0].block)}{words('sentence.colon')}{names.metric(rows[0].metric)}",
            by=words(f"card.{rows[0].of}").lower(),
            rows=tuple(line(names, each) for each in rows),
            published=any(each.published for each in rows),
        )
        for rows in found.values()
    ]


def ablations(names: Names) -> list[Ablation]:
    """By block, model and population, as the findings have them."""
    found: dict[tuple[str, str, str], list[Contrast]] = {}
    for each in names.material.findings.contrasts:
        if each.of in CONDITIONS:
            found.setdefault((each.block, each.model, each.population), []).append(each)
    order = [(b, m, p) for b in names.blocks for m in names.models for p in names.populations]
    placed = [key for key in order if key in found]
    return [_ablation(names, key, found[key]) for key in (*placed, *(key for key in found if key not in placed))]


def _ablation(names: Names, key: tuple[str, str, str], rows: list[Contrast]) -> Ablation:
    block, model, population = key
    whole = [each for each in rows if not each.axes]
    metrics = tuple(dict.fromkeys(each.metric for each in whole))
    conditions = dict.fromkeys(condition for each in whole for condition in (each.right, each.left))
    own = {
        (f.metric, f.condition): f
        for f in estimates(names.material)
        if (f.block, f.model, f.population) == key and not f.axes
    }
    moved = {(each.metric, each.left): each for each in whole}
    return Ablation(
        block=names.block(block),
        model=names.model(model),
        population=names.heading(population),
        metrics=tuple(names.metric(metric) for metric in metrics),
        units=tuple(_unit(names, metric, whole) for metric in metrics),
        rows=tuple(
            (names.condition(c), tuple(_cell(names, own.get((m, c)), moved.get((m, c))) for m in metrics))
            for c in conditions
        ),
        further=tuple(line(names, each) for each in rows if each.axes),
    )


def _unit(names: Names, metric: str, rows: Iterable[Contrast]) -> str:
    unit = next(each.unit for each in rows if each.metric == metric)
    return names.words.known(f"metric.{metric}.unit", unit)


def _cell(names: Names, finding: Finding | None, moved: Contrast | None) -> Cell:
    unit = finding.unit if finding else moved.unit if moved else ""
    return Cell(
        id=moved.id if moved else "",
        estimate=numbers.figure(finding.estimate if finding else None, unit),
        interval=numbers.interval(finding.low, finding.high, unit) if finding else numbers.NONE,
        difference=difference(moved) if moved else "",
        reach=numbers.interval(moved.low, moved.high, unit) if moved else "",
        notes=tuple(names.words.said(note) for note in moved.notes) if moved else (),
    )


def line(names: Names, each: Contrast) -> Line:
    """A contrast in words: groups are called what the cards call them."""
    within = each.of in CONDITIONS
    words = names.words
    axes = [names.condition(v) if axis == "condition" else names.part({axis: v}) for axis, v in each.axes.items()]
    n = each.n
    return Line(
        contrast=each,
        left=names.condition(each.left) if within else each.left,
        right=names.condition(each.right) if within else each.right,
        model=names.model(each.model) if each.model else "",
        population=names.heading(each.population) if each.population else words("table.all"),
        part=words("list.comma").join((names.metric(each.metric), *axes)) if within else words("list.comma").join(axes),
        models=f"{numbers.count(n['left'])} / {numbers.count(n['right'])}" if "left" in n else "",
        items=numbers.count(n.get("values", n.get("items", 0))),
        estimate=difference(each),
        interval=numbers.interval(each.low, each.high, each.unit),
        level=numbers.level(each.level),
        statistic=_statistic(names, each),
        test=words.said(each.test),
        notes=tuple(words.said(note) for note in each.notes),
    )


def difference(each: Contrast, decimals: int = 3) -> str:
    """With its sign, that nobody takes it for a figure."""
    shown = numbers.figure(each.estimate, each.unit, decimals)
    return f"+{shown}" if (each.estimate or 0) > 0 and shown.strip("0.%") else shown


def _statistic(names: Names, each: Contrast) -> tuple[tuple[str, str], ...]:
    """What the test says beside its interval: t and its degrees of freedom, or a rank test's U; and the chances."""
    found = []
    if each.statistic is not None:
        name = "contrasts.statistic" if each.freedom is None else "contrasts.t"
        found.append((names.words(name), numbers.signed(f"{each.statistic:.2f}")))
    if each.freedom is not None:
        found.append((names.words("contrasts.freedom"), f"{each.freedom:.1f}"))
    for value, name in ((each.p, "contrasts.p"), (each.adjusted, "contrasts.adjusted")):
        if value is not None:
            found.append((names.words(name), chance(value)))
    return tuple(found)


def chance(p: float) -> str:
    """Three decimals; never zero."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"

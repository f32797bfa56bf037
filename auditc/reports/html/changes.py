"""What a training changed: first the whole of it in short, then every difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditc.ir.finding import TRUST, Contrast, Finding

from . import numbers
from .contrasts import chance, difference
from .names import Names, estimates

TINY, SMALL = 0.01, 0.0005
"""A row of figures all below the first, or a difference told apart whose interval ends nearer to zero than the second,
is printed with more decimals: nobody reads a `0.000` that is lower."""
HOLM = "Holm over "
"""How the note begins that the interval's level and the text above the tables say already."""
Note = tuple[str, str]
"""A sentence, and the language that it is in."""
Own = dict[tuple[object, ...], Finding]
"""Figures by block, metric, model, population, condition and axes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One difference. `condition` is what it was asked under, `before` and `after` the figures that it is of, each with
    its interval; empty where it is of several. `outcome` is `higher`, `lower`, `alike` or `untested`."""

    contrast: Contrast
    population: str
    condition: str
    before: tuple[str, str]
    after: tuple[str, str]
    difference: str
    interval: str
    level: str
    p: str
    outcome: str
    seen: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one figure for two models."""

    left: str
    right: str
    figure: str
    unit: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is a word of the report; `notes` are those of all rows."""

    name: str
    groups: tuple[Group, ...]
    notes: tuple[Note, ...]
    apart: int
    """How many differences are not chance alone, of those that were tested."""
    tested: int


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the short table: two models as asked, and what of their difference is beyond each control. `people`
    is empty where it is the mean that the head of its lines tells of."""

    left: str
    right: str
    people: str
    asked: Row
    beyond: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """The lines of one figure. `over` says of which populations it is the mean; empty where it is of none."""

    name: str
    over: str
    unit: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """`name` is a word of the report."""

    name: str
    controls: bool
    figures: tuple[Figure, ...]
    notes: tuple[Note, ...]
    apart: int
    tested: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What is read first, and all the rest, which is folded away."""

    overviews: tuple[Overview, ...]
    further: tuple[Table, ...]

    def __bool__(self) -> bool:
        return bool(self.overviews or self.further)


def changes(names: Names) -> Changes:
    """In short: whole figures as asked, of all populations together where there are several, and what is beyond the
    controls. Folded away: the controls, each population, parts of a metric, and what tells how far answers are the
    model's own."""
    rows = [each for each in names.material.findings.contrasts if each.of in ("training", "beyond", "trainings")]
    own: Own = {
        (f.block, f.metric, f.model, f.population, f.condition, *sorted(f.axes.items())): f
        for f in estimates(names.material)
    }
    means = {_pair(each) for each in rows if each.over}
    short = [each for each in rows if not _aside(each) and (each.over or _pair(each) not in means)]
    kinds = [
        ("trainings.before", ("training", "beyond")),
        ("trainings.pairs", ("trainings",)),
    ]
    overviews, further, told = [], [], set[str]()
    for name, of in kinds:
        made = _overview(names, name, [each for each in short if each.of in of], own)
        if made.figures:
            overviews.append(made)
            told |= _ids(made)
    for name, of in kinds:
        left = [each for each in rows if each.of in of and each.id not in told]
        for suffix, aside in (("", False), ("_further", True)):
            found = [each for each in left if _aside(each) == aside]
            if found:
                further.append(_table(names, f"{name}_each" if not suffix else f"{name}{suffix}", found, own))
    return Changes(tuple(overviews), tuple(further))


def _ids(made: Overview) -> set[str]:
    rows = [row for figure in made.figures for change in figure.changes for row in (change.asked, *change.beyond)]
    return {row.contrast.id for row in rows}


def _aside(contrast: Contrast) -> bool:
    return contrast.metric in TRUST or bool(set(contrast.axes) - {"condition"})


def _pair(each: Contrast) -> tuple[object, ...]:
    part = tuple((axis, value) for axis, value in each.axes.items() if axis != "condition")
    return each.block, each.metric, part, each.left, each.right


def _people_of(each: Contrast) -> tuple[object, ...]:
    """What is beyond a control stands beside the difference of the very same people."""
    return *_pair(each), each.population, each.over


def _overview(names: Names, name: str, rows: Sequence[Contrast], own: Own) -> Overview:
    beyond: dict[tuple[object, ...], list[Contrast]] = {}
    for each in rows:
        if each.of == "beyond":
            beyond.setdefault(_people_of(each), []).append(each)
    figures: dict[tuple[object, ...], list[Change]] = {}
    for each in rows:
        if each.of == "beyond" or "condition" in each.axes:
            continue
        made = Change(
            left=names.model(each.left),
            right=names.model(each.right),
            people=names.heading(each.population) if each.population else "",
            asked=_row(names, each, own),
            beyond=tuple(_row(names, more, own) for more in beyond.get(_people_of(each), ())),
        )
        figures.setdefault((each.block, each.metric, each.over), []).append(made)
    shown = [row for found in figures.values() for change in found for row in (change.asked, *change.beyond)]
    return Overview(
        name=name,
        controls=any(change.beyond for found in figures.values() for change in found),
        figures=tuple(_figure(names, found) for found in figures.values()),
        notes=tuple(dict.fromkeys(note for row in shown for note in row.notes)),
        apart=sum(row.outcome in ("higher", "lower") for row in shown),
        tested=sum(row.outcome != "untested" for row in shown),
    )


def _figure(names: Names, found: Sequence[Change]) -> Figure:
    words, first = names.words, found[0].asked.contrast
    over = words("trainings.mean", populations=words.listed([names.population(name) for name in first.over]))
    return Figure(
        name=f"{names.block(first.block)}{words('sentence.colon')}{names.metric(first.metric)}",
        over=over if first.over else "",
        unit=_unit(names, first),
        changes=tuple(found),
    )


def _unit(names: Names, each: Contrast) -> str:
    words = names.words
    return words.known(f"metric.{each.metric}.unit", words.known(f"unit.{each.unit.replace(' ', '_')}", each.unit))


def _table(names: Names, name: str, found: Iterable[Contrast], own: Own) -> Table:
    groups: dict[tuple[object, ...], list[Contrast]] = {}
    for each in found:
        groups.setdefault(_pair(each), []).append(each)
    made = tuple(_group(names, rows, own) for rows in groups.values())
    notes = dict.fromkeys(note for group in made for row in group.rows for note in row.notes)
    outcomes = [row.outcome for group in made for row in group.rows]
    return Table(
        name=name,
        groups=made,
        notes=tuple(notes),
        apart=sum(outcome in ("higher", "lower") for outcome in outcomes),
        tested=sum(outcome != "untested" for outcome in outcomes),
    )


def _group(names: Names, rows: list[Contrast], own: Own) -> Group:
    words, first = names.words, rows[0]
    part = names.part({axis: value for axis, value in first.axes.items() if axis != "condition"})
    figure = f"{names.block(first.block)}{words('sentence.colon')}{names.metric(first.metric)}"
    rows = sorted(rows, key=lambda each: names.place(each.population))
    return Group(
        left=names.model(first.left),
        right=names.model(first.right),
        figure=words("list.comma").join([figure, *([part] if part else [])]),
        unit=_unit(names, first),
        rows=tuple(_row(names, each, own) for each in rows),
    )


def _row(names: Names, each: Contrast, own: Own) -> Row:
    words = names.words
    condition = each.axes.get("condition", "asked")
    axes = sorted((axis, value) for axis, value in each.axes.items() if axis != "condition")
    figures = [
        [
            own.get((each.block, each.metric, model, people, condition, *axes))
            for people in each.over or [each.population]
        ]
        for model in (each.right, each.left)
        if each.of != "beyond"
    ]
    told, decimals = names.condition(condition), _decimals(each, [f for side in figures for f in side])
    shown = [_shown_figures(names, side, each, decimals) for side in figures] or [("", ""), ("", "")]
    return Row(
        contrast=each,
        population=_people(names, each),
        condition=words("trainings.beyond", condition=told) if each.of == "beyond" else told,
        before=shown[0],
        after=shown[1],
        difference=difference(each, decimals),
        interval=numbers.interval(each.low, each.high, each.unit, decimals),
        level=numbers.level(each.level),
        p=numbers.NONE if each.p is None else chance(each.p if each.adjusted is None else each.adjusted),
        outcome=outcome(each),
        seen=_seen(names, each),
        notes=tuple(words.said(note) for note in each.notes if not note.startswith(HOLM)),
    )


def _decimals(each: Contrast, figures: list[Finding | None]) -> int:
    """As many as a row needs for its difference, and where that begins, to be more than zero."""
    ends = [abs(end) for end in (each.low, each.high) if end is not None]
    size = [abs(f.estimate) for f in figures if f is not None and f.estimate is not None]
    if ends and max([*ends, *size]) < TINY and (size or outcome(each) in ("higher", "lower")):
        return 5
    return 4 if outcome(each) in ("higher", "lower") and min(ends) < SMALL else 3


def _people(names: Names, each: Contrast) -> str:
    if each.over:
        return names.words("trainings.mean", populations=names.words.listed([names.population(p) for p in each.over]))
    return names.heading(each.population) if each.population else names.words("table.all")


def _shown_figures(names: Names, findings: Sequence[Finding | None], each: Contrast, decimals: int) -> tuple[str, str]:
    """One figure with its interval; of several populations their mean, which has none of its own."""
    if len(findings) == 1:
        return _shown_figure(names, findings[0], each, decimals)
    known = [f.estimate for f in findings if f is not None and f.estimate is not None]
    if len(known) < len(findings):
        return "", ""
    return numbers.figure(sum(known) / len(known), each.unit, decimals), ""


def _shown_figure(names: Names, finding: Finding | None, each: Contrast, decimals: int) -> tuple[str, str]:
    """With its interval; where it is of other items than the difference, with the number of these."""
    if finding is None:
        return "", ""
    reach = numbers.interval(finding.low, finding.high, finding.unit, decimals)
    told = [] if reach == numbers.NONE else [reach]
    if finding.estimate is not None and finding.n.items != each.n.get("items", finding.n.items):
        told.append(names.words("count.items", n=finding.n.items))
    return numbers.figure(finding.estimate, finding.unit, decimals), names.words("list.comma").join(told)


def outcome(each: Contrast) -> str:
    """Whether the corrected interval lies on one side of zero; `untested` where there is no test."""
    if each.p is None or each.low is None or each.high is None:
        return "untested"
    return "higher" if each.low > 0 else "lower" if each.high < 0 else "alike"


def _seen(names: Names, each: Contrast) -> str:
    """How many items it rests on, and which of them a training has seen."""
    told = [numbers.count(each.n.get("items", 0))]
    told += [
        names.words(f"trainings.seen_{key}", count=numbers.count(each.n[key]))
        for key in ("learnt", "others", "valid")
        if each.n.get(key)
    ]
    return names.words("list.comma").join(told)

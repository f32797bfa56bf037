"""What was trained: a card and a curve for each training, and what it changed, held against what it was made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir.finding import Contrast, Finding, TrainingRow
from auditc.ir.training import judged

from . import numbers
from .contrasts import chance, difference
from .figures import Curve, curve, thinned
from .measured import Pairs, flat
from .names import TRUST, Names, estimates

SHOWN = 24
"""Rows of the numbers behind a curve."""
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
class Card:
    """One training: what was made of what, how it went, and the numbers of its curve."""

    anchor: str
    name: str
    facts: Pairs
    settings: Pairs
    digests: Pairs
    drawing: Markup
    valid: bool
    points: tuple[tuple[str, str, str], ...]
    """Step, loss on what is learnt, loss on the valid part."""
    origin: str


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
class Trainings:
    """Everything of the section. Tables that are `further` are folded away."""

    cards: tuple[Card, ...]
    tables: tuple[Table, ...]
    further: tuple[Table, ...]

    def __bool__(self) -> bool:
        return bool(self.cards or self.tables or self.further)


def trainings(names: Names) -> Trainings:
    """Cards in the order of the findings. Of parts of a metric, and of what tells how far answers are the model's own,
    the differences are folded away; so are comparisons of several trainings under a control."""
    rows = names.material.findings.contrasts
    changed = [each for each in rows if each.of in ("training", "beyond")]
    others = [each for each in rows if each.of == "trainings"]
    tables = [
        ("trainings.before", [c for c in changed if not _aside(c)]),
        ("trainings.pairs", [c for c in others if not _aside(c) and not c.axes]),
    ]
    further = [
        ("trainings.before_further", [c for c in changed if _aside(c)]),
        ("trainings.pairs_further", [c for c in others if _aside(c) or c.axes]),
    ]
    own: Own = {
        (f.block, f.metric, f.model, f.population, f.condition, *sorted(f.axes.items())): f
        for f in estimates(names.material)
    }
    return Trainings(
        cards=tuple(_card(names, row, k) for k, row in enumerate(names.material.findings.trainings)),
        tables=tuple(_table(names, name, found, own) for name, found in tables if found),
        further=tuple(_table(names, name, found, own) for name, found in further if found),
    )


def _aside(contrast: Contrast) -> bool:
    return contrast.metric in TRUST or bool(set(contrast.axes) - {"condition"})


def _card(names: Names, row: TrainingRow, number: int) -> Card:
    words = names.words
    learnt, valid = _points(row, "loss"), _points(row, "valid")
    last = max((point.step for point in row.curve), default=0)
    share = numbers.percent(row.trainable, row.parameters)
    facts = {
        "base": names.model(row.base),
        "objective": _thing(row.objective),
        "adapter": _thing(row.adapter),
        "survey": row.survey,
        "populations": words.listed([names.population(name) for name in row.populations]),
        "examples": numbers.count(row.examples),
        "left_out": numbers.count(row.left_out) if row.left_out else "",
        "valid": numbers.count(row.valid),
        "trainable": words(
            "trainings.of_all", some=numbers.count(row.trainable), all=numbers.count(row.parameters), share=share
        ),
        "kept": words("trainings.step_of", step=numbers.count(row.kept), last=numbers.count(last)),
        "ended": words.said(row.stopped)[0] if row.stopped else words("trainings.to_the_end"),
        "decided": _decided(names, row),
    }
    digests = {
        "weights": row.weights,
        "recipe": row.recipe,
        "data": row.data,
        "lineage": " → ".join(row.lineage),
        "versions": ", ".join(f"{name} {version}" for name, version in row.versions.items()),
    }
    return Card(
        anchor=f"training-{number}",
        name=names.model(row.model),
        facts=_worded(names, facts),
        settings=flat(row.settings),
        digests=_worded(names, digests),
        drawing=_drawing(names, row, f"training-{number}-curve") if learnt or valid else Markup(""),
        valid=bool(valid),
        points=_shown(learnt, valid),
        origin=f"{row.origin.file}:{row.origin.line}",
    )


def _decided(names: Names, row: TrainingRow) -> str:
    """Whether the state that was kept is better than the model before, by what decides."""
    found = judged(row.curve, row.kept)
    said = []
    if found.before is not None and found.kept is not None:
        before, kept = (numbers.figure(value) for value in (found.before, found.kept))
        said.append(names.words("trainings.decided", before=before, kept=kept))
    if found.worse:
        said.append(names.words("trainings.worse"))
    return " ".join(said)


def _worded(names: Names, facts: dict[str, str]) -> Pairs:
    return tuple((names.words(f"trained.{key}"), text) for key, text in facts.items() if text)


def _thing(thing: dict[str, object]) -> str:
    """`lora (r 8, alpha 32)`."""
    params = thing.get("params")
    # What is not set, and what is off, is not told: the settings below have all of it.
    known = {k: v for k, v in params.items() if v is not None and v is not False} if isinstance(params, dict) else {}
    told = ", ".join(key if value == "True" else f"{key} {value}" for key, value in flat(known))
    return f"{thing.get('kind', '')} ({told})" if told else str(thing.get("kind", ""))


def _points(row: TrainingRow, key: str) -> list[tuple[float, float]]:
    found = ((point.step, numbers.usable(getattr(point, key))) for point in row.curve)
    return [(float(step), loss) for step, loss in found if loss is not None]


def _drawing(names: Names, row: TrainingRow, where: str) -> Markup:
    words = names.words
    learnt, valid = _points(row, "loss"), _points(row, "valid")
    told = [
        words(f"trainings.told_{key}", first=_point(names, points[0]), last=_point(names, points[-1]))
        for key, points in (("learnt", learnt), ("valid", valid))
        if points
    ]
    kept = words("trainings.kept_at", step=numbers.count(row.kept))
    return curve(
        Curve(
            name=where,
            title=words("trainings.curve", model=names.model(row.model)),
            learnt=learnt,
            valid=valid,
            kept=(row.kept, kept),
            across=words("trainings.step"),
            up=words("trainings.loss"),
            told=" ".join([*told, kept]),
        )
    )


def _point(names: Names, point: tuple[float, float]) -> str:
    return names.words("trainings.point", loss=numbers.figure(point[1]), step=numbers.count(int(point[0])))


def _shown(learnt: list[tuple[float, float]], valid: list[tuple[float, float]]) -> tuple[tuple[str, str, str], ...]:
    """The line as a table, thinned, and every point of the valid part."""
    losses, checked = dict(thinned(learnt, SHOWN)), dict(valid)
    return tuple(
        (numbers.count(int(step)), numbers.figure(losses.get(step)), numbers.figure(checked.get(step)))
        for step in sorted({*losses, *checked})
    )


def _table(names: Names, name: str, found: Iterable[Contrast], own: Own) -> Table:
    groups: dict[tuple[object, ...], list[Contrast]] = {}
    for each in found:
        part = tuple((axis, value) for axis, value in each.axes.items() if axis != "condition")
        groups.setdefault((each.block, each.metric, part, each.left, each.right), []).append(each)
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
        unit=words.known(
            f"metric.{first.metric}.unit", words.known(f"unit.{first.unit.replace(' ', '_')}", first.unit)
        ),
        rows=tuple(_row(names, each, own) for each in rows),
    )


def _row(names: Names, each: Contrast, own: Own) -> Row:
    words = names.words
    condition = each.axes.get("condition", "asked")
    axes = sorted((axis, value) for axis, value in each.axes.items() if axis != "condition")
    figures = [
        None if each.of == "beyond" else own.get((each.block, each.metric, model, each.population, condition, *axes))
        for model in (each.right, each.left)
    ]
    told, decimals = names.condition(condition), _decimals(each, figures)
    return Row(
        contrast=each,
        population=names.heading(each.population) if each.population else words("table.all"),
        condition=words("trainings.beyond", condition=told) if each.of == "beyond" else told,
        before=_shown_figure(names, figures[0], each, decimals),
        after=_shown_figure(names, figures[1], each, decimals),
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

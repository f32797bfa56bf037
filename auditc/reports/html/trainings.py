"""What was trained: a card and a curve for each training, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from auditc.ir import spelt
from auditc.ir.finding import TrainingRow
from auditc.ir.training import judged

from . import numbers
from .changes import Changes, changes
from .figures import Curve, curve, thinned
from .measured import Pairs
from .names import Names

SHOWN = 24
"""Rows of the numbers behind a curve."""


@dataclass(frozen=True, slots=True)
class Card:
    """One training: what was made of what, how it went, and the numbers of its curve."""

    anchor: str
    name: str
    facts: Pairs
    settings: Pairs
    digests: Pairs
    drawing: Markup
    learnt: str
    """The word for the loss on what is learnt, as the table has it."""
    valid: bool
    points: tuple[tuple[str, str, str], ...]
    """Step, loss on what is learnt, loss on the valid part."""
    origin: str


@dataclass(frozen=True, slots=True)
class Trainings:
    """Everything of the section."""

    cards: tuple[Card, ...]
    changes: Changes

    def __bool__(self) -> bool:
        return bool(self.cards or self.changes)


def trainings(names: Names) -> Trainings:
    """Cards in the order of the findings."""
    rows = names.material.findings.trainings
    return Trainings(cards=tuple(_card(names, row, k) for k, row in enumerate(rows)), changes=changes(names))


def _card(names: Names, row: TrainingRow, number: int) -> Card:
    words = names.words
    learnt, means, valid = (_points(row, key) for key in ("loss", "mean", "valid"))
    last = max((point.step for point in row.curve), default=0)
    share = numbers.percent(row.trainable, row.parameters)
    facts = {
        "base": names.model(row.base),
        "objective": spelt.thing(row.objective),
        "adapter": spelt.thing(row.adapter),
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
        settings=spelt.settings({"adapter": row.adapter, **row.settings}),
        digests=_worded(names, digests),
        drawing=_drawing(names, row, f"training-{number}-curve") if learnt or valid else Markup(""),
        learnt="trainings.line_means" if means else "trainings.line_learnt",
        valid=bool(valid),
        points=_shown(means or thinned(learnt, SHOWN), valid),
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
    if found.worse and found.before is not None and found.lowest is not None and row.kept == found.lowest[0]:
        said.append(names.words("trainings.lowest"))
    if found.passed is not None and found.passed[0] != row.kept:
        step, loss = found.passed
        said.append(names.words("trainings.passed", step=numbers.count(step), loss=numbers.figure(loss)))
    if found.grew:
        ends = (numbers.figure(value) for value in (found.untouched, found.last))
        said.append(names.words("trainings.grew", **dict(zip(("first", "last"), ends, strict=True))))
    return " ".join(said)


def _worded(names: Names, facts: dict[str, str]) -> Pairs:
    return tuple((names.words(f"trained.{key}"), text) for key, text in facts.items() if text)


def _points(row: TrainingRow, key: str) -> list[tuple[float, float]]:
    found = ((point.step, numbers.usable(getattr(point, key))) for point in row.curve)
    return [(float(step), loss) for step, loss in found if loss is not None]


def _drawing(names: Names, row: TrainingRow, where: str) -> Markup:
    words = names.words
    learnt, means, valid = (_points(row, key) for key in ("loss", "mean", "valid"))
    spoken = ("mean" if len(means) == 1 else "means", means) if means else ("learnt", learnt)
    told = [
        words(f"trainings.told_{key}", first=_point(names, points[0]), last=_point(names, points[-1]))
        for key, points in (spoken, ("valid", valid))
        if points
    ]
    kept = words("trainings.kept_at", step=numbers.count(row.kept))
    return curve(
        Curve(
            name=where,
            title=words("trainings.curve", model=names.model(row.model)),
            learnt=learnt,
            means=means,
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
    """Both lines as a table."""
    losses, checked = dict(learnt), dict(valid)
    return tuple(
        (numbers.count(int(step)), numbers.figure(losses.get(step)), numbers.figure(checked.get(step)))
        for step in sorted({*losses, *checked})
    )

"""Maps: where models and peoples lie together on the components of their mean scores, each place with its ellipse.

Axes are fitted once, to the scores of all subjects that are interpretable, and stay fixed; another model has a place on
them and no say in where they lie. An ellipse says how far a place would move on this very map if other participants (of
a model) or other people had been asked, these items given. Another panel, or other items, make another map, and no
ellipse says how it would look. On fixed axes a place is linear in the scores, so that
resampling needs no replicates (a bootstrap comes to the same, but for its own chance):

- of a model with D draws, the covariance C is the jackknife over draws, who answer all items and so carry what items
  of one participant have in common; the region is Hotelling's, d' C⁻¹ d ≤ 2 (D − 1)/(D − 2) · F(2, D − 2);
- of people, C is that of people drawn anew at their number, item by item, since only shares are known, and
  d' C⁻¹ d ≤ χ²(2).

Source: Hotelling (1931), The generalization of Student's ratio; Efron and Tibshirani (1993), 11 (jackknife).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditc.ir.finding import CultureMap, Ellipse, MapPlace
from auditc.ir.plan import Item, Measure, Plan
from auditc.metrics._contract import Axes, Panel, Sheet

from .estimate import NEGLIGIBLE, NO_SPREAD
from .findings import LEVEL, NOMINAL, rounded
from .measure import Measured, crowd_of
from .people import Crowd, options_of
from .slice import FEWEST_ANSWERED, answered_share
from .sources import ASKED

Array = NDArray[np.float64]

PROCEDURE = (
    "principal components of mean scores, centred over all places and not scaled; ellipses on these components, for "
    "these items: jackknife over draws and Hotelling's T² for models, people drawn anew at their number for people"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """One subject: `scores[V]`, and by item of the map `moves[I]`, the share it has in its dimension's mean (zero where
    it has none). `influence[D, I]` of its draws on its items' scores; `variance[I]` of them for people."""

    model: str
    population: str
    scores: Array
    moves: Array
    influence: Array | None = None
    draws: int = 0
    variance: Array | None = None
    interpretable: bool = True
    """Whether enough of its cells were answered for it to have a say in where the axes lie."""
    notes: tuple[str, ...] = ()


def maps_of(plan: Plan, measured: Sequence[tuple[Measure, Measured]]) -> tuple[CultureMap, ...]:
    """A map for each measure whose metric makes one, out of what was asked without a control. Where there are too few
    subjects or dimensions it has no places, and a note says why."""
    made = []
    for stage in plan.stages:
        if isinstance(stage, Measure):
            mine = [each for of, each in measured if of is stage and each.measurement.condition == ASKED]
            if mine and (panel := mine[0].metric.panel) is not None:
                made.append(_map(plan, stage, panel, mine))
    return tuple(made)


def _map(plan: Plan, stage: Measure, panel: Panel, measured: list[Measured]) -> CultureMap:
    peoples = _peoples(plan, measured)
    everyone, lacking = _items(plan, measured, peoples)
    notes = [*_left_out(measured[0], everyone, lacking)]
    labels = np.array([item.dimension for item in everyone])
    names = list(dict.fromkeys(labels.tolist()))
    subjects = [_model(each, everyone, panel, names) for each in measured]
    subjects += [_people(plan, measured[0], name, everyone, panel, names) for name in peoples]
    there = [subject for subject in subjects if np.isfinite(subject.scores).all()]
    notes += [
        f"not on the map, since no item of some dimension was answered: {subject.model} as {subject.population}"
        for subject in subjects
        if subject not in there
    ]
    # What few answers happen to say would else turn the axes, and with them the places of all others.
    fitting = [subject for subject in there if subject.interpretable]
    notes += [
        f"not interpretable, and placed on axes that are made without it: {subject.model} as {subject.population}"
        for subject in there
        if not subject.interpretable
    ]
    axes = None
    if len(names) < panel.fewest or len(fitting) < panel.fewest:
        there_are = f"subjects: {len(fitting)}, dimensions: {len(names)}"
        notes.append(f"{there_are}; there is no map with fewer than {panel.fewest} of each")
    else:
        axes = panel.fit(np.stack([subject.scores for subject in fitting]))
        if not axes.explained.any():
            notes.append("all subjects have the same scores: there is no map")
            axes = None
    return CultureMap(
        measure=stage.name,
        block=stage.block,
        loadings={name: _pair(row) for name, row in zip(names, axes.loadings, strict=True)} if axes else {},
        explained=_pair(axes.explained) if axes else (0.0, 0.0),
        places=tuple(_place(subject, panel, axes, labels, names) for subject in there) if axes else (),
        level=LEVEL,
        procedure=PROCEDURE if axes else "none",
        notes=tuple(notes),
        origin=stage.origin,
    )


def _peoples(plan: Plan, measured: list[Measured]) -> list[str]:
    """Populations, one for each country whose people the survey has: the same people are on the map once."""
    found: dict[str, str] = {}
    survey = plan.surveys[measured[0].measurement.survey]
    for each in measured:
        name = each.measurement.population
        if survey.people.get(country := plan.populations[name].country):
            found.setdefault(country, name)
    return list(found.values())


def _crowd(plan: Plan, measured: Measured, population: str, items: tuple[Item, ...]) -> Crowd:
    return crowd_of(plan.surveys[measured.measurement.survey], plan.populations[population].country, items)


def _items(plan: Plan, measured: list[Measured], peoples: list[str]) -> tuple[tuple[Item, ...], int]:
    """The items that every model was asked and all peoples answered, and how many are lacking for that."""
    asked = [{item.id for item in each.measurement.items} for each in measured]
    common = tuple(item for item in measured[0].measurement.items if all(item.id in ids for ids in asked))
    known = np.ones(len(common), dtype=np.bool_)
    for name in peoples:
        known &= np.isfinite(_crowd(plan, measured[0], name, common).n)
    kept = tuple(item for item, there in zip(common, known, strict=True) if there)
    return kept, len(set().union(*asked)) - len(kept)


def _left_out(measured: Measured, items: tuple[Item, ...], lacking: int) -> Iterator[str]:
    own = measured.measurement
    yield f"made of {len(items)} of {own.asked_of} items; a place depends on who else is on the map, and on these items"
    if own.asked_of > len(own.items):
        yield f"items left out for want of a direction: {own.asked_of - len(own.items)}"
    if lacking:
        yield f"items left out because not all subjects and peoples were asked them: {lacking}"
    silent = sum(not item.direction for item in items)
    if silent:
        yield f"items that do not say which end is high, whose last option counts as it: {silent}"


def _sheet(items: tuple[Item, ...]) -> Sheet:
    return Sheet(options_of(items), None, None, None, np.array([float(item.rises) for item in items]))


def _model(measured: Measured, items: tuple[Item, ...], panel: Panel, names: list[str]) -> _Subject:
    own = measured.measurement
    position = {item.id: row for row, item in enumerate(own.items)}
    rows = [position[item.id] for item in items]
    assert measured.base is not None
    scores = np.asarray(panel.score(measured.base, measured.sheet))[rows]
    if own.influence is not None:
        # An item that one draw answered has no value, as everywhere: how sure it is cannot be known.
        scores = np.where(np.isfinite(own.values[rows]), scores, np.nan)
    notes = []
    if (missing := int(np.isnan(scores).sum())) and missing < len(items):
        notes.append(f"items without an answer, on which this place does not rest: {missing}")
    interpretable = answered_share(own.status) >= FEWEST_ANSWERED
    if not interpretable:
        notes.append(
            f"not interpretable: fewer than {FEWEST_ANSWERED:.0%} of the cells were answered, "
            "and those that were may not be the model's answers"
        )
    influence = None if own.influence is None else own.influence[:, rows]
    if influence is None:
        notes.append("probabilities are exact and the items are the ones asked: there is no sampling for an ellipse")
    means, moves = _means(scores, items, names)
    draws = own.draws or 0
    return _Subject(own.model, own.population, means, moves, influence, draws, None, interpretable, tuple(notes))


def _people(
    plan: Plan, measured: Measured, population: str, items: tuple[Item, ...], panel: Panel, names: list[str]
) -> _Subject:
    people = _crowd(plan, measured, population, items)
    sheet = _sheet(items)
    scores = np.asarray(panel.score(people.shares, sheet))
    # The variance of a score over people, from the scores of single options.
    each = np.stack([panel.score(one, sheet) for one in np.eye(people.shares.shape[1])[:, None, :] * sheet.options])
    variance = np.maximum((people.shares.T * each**2).sum(0) - scores**2, 0.0) / np.maximum(people.n, 1.0)
    notes = (NOMINAL,) if people.nominal.any() else ()
    means, moves = _means(scores, items, names)
    return _Subject("", population, means, moves, None, 0, variance, notes=notes)


def _means(scores: Array, items: tuple[Item, ...], names: list[str]) -> tuple[Array, Array]:
    """Mean scores `[V]` over the items of each dimension that have one, NaN where none has; and each item's share."""
    known = np.isfinite(scores)
    means, moves = np.full(len(names), np.nan), np.zeros(len(items))
    for row, name in enumerate(names):
        inside = known & np.array([item.dimension == name for item in items], dtype=np.bool_)
        if inside.any():
            means[row] = scores[inside].mean()
            moves[inside] = 1.0 / inside.sum()
    return means, moves


def _place(subject: _Subject, panel: Panel, axes: Axes, labels: NDArray[Any], names: list[str]) -> MapPlace:
    ellipse, why = _ellipse(subject, axes.loadings[[names.index(label) for label in labels]])
    return MapPlace(
        model=subject.model,
        population=subject.population,
        condition=ASKED,
        scores={name: rounded(float(score)) for name, score in zip(names, subject.scores, strict=True)},
        at=_pair(panel.place(subject.scores, axes)),
        ellipse=ellipse,
        notes=(*subject.notes, *why),
    )


def _ellipse(subject: _Subject, loadings: Array) -> tuple[Ellipse | None, tuple[str, ...]]:
    """`loadings[I, 2]` are those of each item's dimension."""
    moves = loadings * subject.moves[:, None]
    if subject.variance is not None:
        covariance = (moves * np.where(subject.moves > 0, subject.variance, 0.0)[:, None]).T @ moves
        return _shape(covariance, -2 * log(1 - LEVEL)), ()
    if subject.influence is None:
        return None, ()
    spare = subject.draws - 2
    moved = np.where(subject.moves > 0, subject.influence, 0.0) @ moves
    covariance = moved.T @ moved
    if spare < 1 or float(np.trace(covariance)) < NEGLIGIBLE**2:
        return None, (NO_SPREAD,)
    # 2 (D − 1)/(D − 2) · F(2, D − 2); with two degrees of freedom above the line F has a closed form.
    reach = (subject.draws - 1) * ((1 - LEVEL) ** (-2 / spare) - 1)
    return _shape(covariance, reach), ()


def _shape(covariance: Array, reach: float) -> Ellipse:
    sizes, directions = np.linalg.eigh(covariance)
    short, long = np.sqrt(np.maximum(sizes, 0.0) * reach)
    angle = atan2(float(directions[1, 1]), float(directions[0, 1]))
    return Ellipse(long=rounded(float(long)), short=rounded(float(short)), angle=rounded(_half_turn(angle)))


def _half_turn(angle: float) -> float:
    """The same line, between −π/2 and π/2."""
    return angle - pi if angle > pi / 2 else angle + pi if angle <= -pi / 2 else angle


def _pair(values: Any) -> tuple[float, float]:
    return rounded(float(values[0])), rounded(float(values[1]))

"""Culture maps: where models and peoples lie beside each other, what the axes stand for, and the numbers behind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from auditc.ir.finding import CultureMap, MapPlace

from . import numbers
from .figures import Map, Place, Region, scatter, symbol
from .names import Names, map_metric


@dataclass(frozen=True, slots=True)
class Row:
    """One place in words. `number` is what stands for its model on the map."""

    number: str
    model: str
    population: str
    symbol: Markup
    condition: str
    across: str
    up: str
    region: str
    scores: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Atlas:
    """A map of one block with its tables."""

    anchor: str
    block: str
    title: str
    drawing: Markup
    key: tuple[tuple[str, str], ...]
    """Numbers and the models that they stand for; empty where names had room."""
    hollow: bool
    """Whether a place has no region."""
    dotted: bool
    """Whether somebody was asked otherwise than the rest."""
    populations: tuple[tuple[Markup, str], ...]
    loadings: tuple[tuple[str, str, str], ...]
    explained: tuple[str, str]
    dimensions: tuple[str, ...]
    rows: tuple[Row, ...]
    level: str
    procedure: tuple[str, str]
    origin: str
    notes: tuple[tuple[str, str], ...]


def maps(names: Names, block: str, metric: str) -> list[Atlas]:
    """The maps of one metric of one block."""
    return [
        _atlas(names, content, metric, f"map-{k}")
        for k, content in enumerate(names.material.findings.maps)
        if content.block == block and map_metric(names.material, content) == metric
    ]


def _atlas(names: Names, content: CultureMap, metric: str, where: str) -> Atlas:
    words = names.words
    places = sorted(content.places, key=lambda p: _order(names, p))
    told, counted = dict[str, str](), count(1)
    for place in places:
        if place.model and place.model not in told:
            told[place.model] = str(next(counted))
    drawn = [p for p in places if all(math.isfinite(v) for v in p.at)]
    explained = tuple(numbers.figure(share, "share") for share in content.explained)
    drawing, numbered = Markup(""), False
    if drawn:
        drawing, numbered = scatter(
            Map(
                name=where,
                title=f"{names.metric(metric)}{words('sentence.colon')}{names.block(content.block)}",
                places=tuple(_place(names, p, told) for p in drawn),
                across=words("map.axis", n=1, share=explained[0]),
                up=words("map.axis", n=2, share=explained[1]),
            )
        )
    dimensions = sorted(content.loadings, key=lambda d: names.rank({"dimension": d}))
    return Atlas(
        anchor=where,
        block=names.block(content.block),
        title=names.metric(metric),
        drawing=drawing,
        key=tuple((number, names.short(model)) for model, number in told.items()) if numbered else (),
        hollow=any(p.ellipse is None for p in drawn),
        dotted=any(p.condition not in ("", "asked") for p in drawn),
        populations=tuple(
            (symbol(names.place(p)), names.heading(p)) for p in dict.fromkeys(place.population for place in places)
        ),
        loadings=tuple(
            (names.dimension(d), numbers.figure(content.loadings[d][0]), numbers.figure(content.loadings[d][1]))
            for d in dimensions
        ),
        explained=(explained[0], explained[1]),
        dimensions=tuple(names.dimension(d) for d in dimensions),
        rows=tuple(_row(names, p, told, dimensions) for p in places),
        level=numbers.level(content.level),
        procedure=words.said(content.procedure),
        origin=f"{content.origin.file}:{content.origin.line}",
        notes=tuple(words.said(note) for note in content.notes),
    )


def _order(names: Names, place: MapPlace) -> tuple[object, ...]:
    """Peoples first, then models as everywhere."""
    known = names.models.index(place.model) if place.model in names.models else len(names.models)
    return (bool(place.model), known, place.model, names.place(place.population), names.variant(place.condition))


def _name(names: Names, place: MapPlace) -> str:
    if not place.model:
        return names.words("line.people", population=names.population(place.population))
    return names.short(place.model)


def _condition(names: Names, place: MapPlace) -> str:
    return "" if not place.model or place.condition in ("", "asked") else names.condition(place.condition)


def _place(names: Names, place: MapPlace, told: dict[str, str]) -> Place:
    region = place.ellipse
    name, condition = _name(names, place), _condition(names, place)
    where = [names.heading(place.population)] if place.model else []
    where += [condition] if condition else []
    at = f"({numbers.figure(place.at[0])}, {numbers.figure(place.at[1])})"
    return Place(
        name=name[:1].upper() + name[1:],
        number=told.get(place.model, ""),
        text=names.words("list.comma").join([*where, at]),
        x=place.at[0],
        y=place.at[1],
        shape=names.place(place.population),
        people=not place.model,
        region=Region(region.long, region.short, region.angle) if region else None,
        dotted=bool(condition),
    )


def _row(names: Names, place: MapPlace, told: dict[str, str], dimensions: list[str]) -> Row:
    words, region = names.words, place.ellipse
    name = _name(names, place)
    return Row(
        number=told.get(place.model, ""),
        model=name[:1].upper() + name[1:],
        population=names.heading(place.population),
        symbol=symbol(names.place(place.population)),
        condition=_condition(names, place),
        across=numbers.figure(place.at[0]),
        up=numbers.figure(place.at[1]),
        region=f"{numbers.figure(region.long)} × {numbers.figure(region.short)}" if region else words("map.no_region"),
        scores=tuple(numbers.figure(place.scores.get(d)) for d in dimensions),
        notes=tuple(words.said(note) for note in place.notes),
    )

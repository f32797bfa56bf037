"""The map: places on two axes of equal scale, their regions as ellipses, and names that lie on nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .axis import Axis
from .marks import colour, mark
from .places import Box, Placed, Spot, arrange
from .svg import fit, picture, tag, width

SMALL, MODEL, PEOPLE = 10.5, 4.6, 7.4
"""The size of type, of a model's mark and of people's."""
SIDE, ABOVE, BELOW = 40.0, 22.0, 40.0
"""Room for the numbers of the upright axis, for its name above, and for the lower axis."""
LEAST, MOST = 0.6, 1.1
"""Height of the map by its width."""


@dataclass(frozen=True, slots=True)
class Region:
    """Half the lengths of an ellipse in units of the map, and the angle of the longer against the first axis."""

    long: float
    short: float
    angle: float

    @property
    def half(self) -> tuple[float, float]:
        """How far it reaches along each axis."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return math.hypot(self.long * cos, self.short * sin), math.hypot(self.long * sin, self.short * cos)


@dataclass(frozen=True, slots=True)
class Place:
    """A mark at x, y. `number` stands for `name` where names have no room; people's names always stand."""

    name: str
    number: str
    text: str
    x: float
    y: float
    shape: int
    people: bool
    region: Region | None
    dotted: bool = False
    """Whether it was asked otherwise than the rest."""


@dataclass(frozen=True, slots=True)
class Map:
    """`name` is unique in the page; `across` and `up` are the names of the axes."""

    name: str
    title: str
    places: tuple[Place, ...]
    across: str
    up: str
    width: float = 388.0


def scatter(content: Map) -> tuple[Markup, bool]:
    """The map as SVG with its text alternative, and whether numbers stand for names of models. Raises ValueError for a
    map without places."""
    across, up = _axes(content)
    frame = (across.left, up.right, across.right, up.left)
    numbered, words = _words(content, across, up, frame)
    scale = (across.right - across.left) / (across.high - across.low)
    clip = tag(
        "clipPath",
        tag("rect", x=frame[0], y=frame[1], width=frame[2] - frame[0], height=frame[3] - frame[1]),
        id=f"{content.name}-c",
    )
    inked = sorted(content.places, key=lambda p: p.people)
    regions = [_region(p, across, up, scale) for p in inked if p.region is not None]
    drawing = picture(
        content.width,
        up.left + BELOW,
        content.name,
        content.title,
        ". ".join([*(f"{p.name}: {p.text}" for p in content.places), content.across, content.up]),
        clip,
        _frame(content, across, up),
        tag("g", *regions, clip_path=f"url(#{content.name}-c)") if regions else Markup(""),
        *(_mark(p, across, up) for p in inked),
        *words,
    )
    return drawing, numbered


def _axes(content: Map) -> tuple[Axis, Axis]:
    """Both with the same number of pixels for a unit."""
    xs = _ends([p.x for p in content.places], [p.region.half[0] if p.region else 0.0 for p in content.places])
    ys = _ends([p.y for p in content.places], [p.region.half[1] if p.region else 0.0 for p in content.places])
    room = max(xs[1] - xs[0], (ys[1] - ys[0]) / MOST)
    tall = max(ys[1] - ys[0], room * LEAST)
    xs, ys = _widened(xs, room), _widened(ys, tall)
    left, right = SIDE, content.width - 6
    bottom = ABOVE + (right - left) * tall / room
    return Axis(*xs, left=left, right=right), Axis(*ys, left=bottom, right=ABOVE)


def _ends(values: Sequence[float], halves: Sequence[float]) -> tuple[float, float]:
    """All places, and their regions as far as they do not dwarf the map."""
    low, high = min(values), max(values)
    room = 0.5 * (high - low) or 1.0
    low = min(max(v - half, low - room) for v, half in zip(values, halves, strict=True))
    high = max(min(v + half, high + room) for v, half in zip(values, halves, strict=True))
    pad = 0.09 * (high - low) or 1.0
    return low - pad, high + pad


def _widened(ends: tuple[float, float], room: float) -> tuple[float, float]:
    more = (room - (ends[1] - ends[0])) / 2
    return ends[0] - more, ends[1] + more


def _frame(content: Map, across: Axis, up: Axis) -> Markup:
    left, top, right, bottom = across.left, up.right, across.right, up.left
    parts = []
    for value in across.ticks(7):
        x = across.at(value)
        parts.append(tag("path", d=f"M{x:.1f} {top:.1f}V{bottom:.1f}", class_="axis" if value == 0 else "grid"))
        label = across.label(value, 7, percent=False)
        parts.append(tag("text", label, x=x, y=bottom + 16, class_="tick", text_anchor="middle"))
    for value in up.ticks(7):
        y = up.at(value)
        parts.append(tag("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", class_="axis" if value == 0 else "grid"))
        label = up.label(value, 7, percent=False)
        parts.append(tag("text", label, x=left - 5, y=y + 4, class_="tick", text_anchor="end"))
    parts.append(tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="edge"))
    parts.append(tag("text", fit(f"↑ {content.up}", SMALL, content.width - 16), x=8, y=11, class_="unit"))
    name = fit(f"{content.across} →", SMALL, content.width - 16)
    parts.append(tag("text", name, x=right, y=bottom + 33, class_="unit", text_anchor="end"))
    return tag("g", *parts)


def _region(place: Place, across: Axis, up: Axis, scale: float) -> Markup:
    region, x, y = place.region, across.at(place.x), up.at(place.y)
    if region is None:
        return Markup("")
    return tag(
        "ellipse",
        cx=x,
        cy=y,
        rx=region.long * scale,
        ry=region.short * scale,
        transform=f"rotate({-math.degrees(region.angle):.1f} {x:.1f} {y:.1f})",
        stroke=colour(place.shape),
        stroke_dasharray="5 3" if place.people else None,
        fill=colour(place.shape),
        class_="region",
    )


def _mark(place: Place, across: Axis, up: Axis) -> Markup:
    x, y = across.at(place.x), up.at(place.y)
    size = PEOPLE if place.people else MODEL
    variant = 2 if place.dotted else 1 if place.region is None else 0
    ring = [tag("circle", cx=x, cy=y, r=PEOPLE + 4, class_="people-ring")] if place.people else []
    return tag("g", tag("title", f"{place.name}: {place.text}"), *ring, mark(place.shape, x, y, variant, size))


def _words(content: Map, across: Axis, up: Axis, frame: Box) -> tuple[bool, list[Markup]]:
    """People's names first, then models'; numbers stand for all of these where one has no room."""
    order = sorted(content.places, key=lambda p: (not p.people, p.x))
    at = [(across.at(p.x), up.at(p.y), PEOPLE + 4 if p.people else MODEL + 1) for p in order]
    marks = [(x - half, y - half, x + half, y + half) for x, y, half in at]

    def tried(numbered: bool) -> list[tuple[Place, str, Placed | None]]:
        texts = [p.name if p.people or not numbered else p.number for p in order]
        texts = [fit(text, SMALL, 150.0) for text in texts]
        spots = [
            Spot(text, x, y, SMALL * (1.08 if p.people else 1.0), half)
            for p, text, (x, y, half) in zip(order, texts, at, strict=True)
        ]
        return list(zip(order, texts, arrange(spots, frame, marks), strict=True))

    numbered, placed = False, tried(numbered=False)
    if any(where is None for _, _, where in placed):
        numbered, placed = True, tried(numbered=True)
    found = [(p, text, where) for p, text, where in placed if where is not None]
    leaders = [_leader(p, text, where, across, up) for p, text, where in found if where.far]
    return numbered, leaders + [
        tag("text", text, x=where.x, y=where.baseline, class_="place people" if p.people else "place")
        for p, text, where in found
    ]


def _leader(place: Place, text: str, where: Placed, across: Axis, up: Axis) -> Markup:
    x, y, end = across.at(place.x), up.at(place.y), where.x + width(text, SMALL)
    nearest = min(max(x, where.x), end)
    return tag("path", d=f"M{x:.1f} {y:.1f}L{nearest:.1f} {where.baseline - 4:.1f}", class_="leader")

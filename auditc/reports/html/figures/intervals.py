"""The dot-and-interval plot: estimates, intervals, the band of people's own sampling, labelled reference lines.

Where the axis holds zero a pale bar reaches from there to each estimate of what was asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from .axis import Axis
from .marks import apparent, arrow, colour, cross, mark
from .svg import fit, picture, tag, width

NAME, SMALL = 12.0, 10.5
"""Sizes of type: names of rows; numbers beside marks, ticks and labels. `figures.css` sets the same."""
LANE, ROW, FLAG = 17.0, 18.0, 14.0
"""Heights: of one mark's lane, of a row's name, of the label of a reference line."""
COLUMN, SHORT, MOST = 118.0, 48.0, 140.0
"""Room for the numbers beside the marks: with intervals, and without; and at most, where they are long."""
LABELS = 0.37
"""How much of a figure's width the names of its lanes may take."""
LEFT = 8.0
DASHES = ("5 3", "1.5 2.5", "8 3 1.5 3", "3 3", "10 4")


@dataclass(frozen=True, slots=True)
class Band:
    """What people themselves would score."""

    low: float
    high: float
    middle: float


@dataclass(frozen=True, slots=True)
class Line:
    """A reference to read estimates by."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Mark:
    """One estimate. `shape` is the place of its population; `text` stands beside it, and in the text alternative."""

    name: str
    text: str
    estimate: float | None
    low: float | None
    high: float | None
    shape: int
    variant: int = 0
    """0 for what was asked; others are controls."""
    sound: bool = True
    band: Band | None = None
    number: str | None = None
    """What stands beside the mark, where that is not the whole text."""
    lane: str = ""
    """What stands before its lane, where lanes have names."""
    apparent: float | None = None
    """What the estimate was before it was corrected: a small hollow mark in the same lane."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model's marks, below each other."""

    name: str
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows on one axis. `name` is unique in the page; `ends` are shared by panels that are compared."""

    name: str
    title: str
    rows: tuple[Row, ...]
    ends: tuple[float, float]
    axis: str = ""
    percent: bool = False
    width: float = 372.0
    numbers: bool = True
    lanes: bool = False
    """Whether lanes have names before them, and short numbers after."""
    none: str = "–"

    @property
    def gutter(self) -> float:
        """Where the names of lanes end."""
        if not self.lanes:
            return 0.0
        widest = max((width(m.lane, SMALL) for row in self.rows for m in row.marks), default=0.0)
        return min(widest, LABELS * self.width) + 10

    @property
    def column(self) -> float:
        if not self.numbers:
            return 6.0
        texts = (m.text if m.number is None else m.number for row in self.rows for m in row.marks)
        widest = max((width(text, SMALL) for text in texts), default=0.0) + 4
        return min(max(SHORT if self.lanes else COLUMN, widest), MOST)


def panel(content: Panel) -> Markup:
    """The panel as SVG with its text alternative."""
    axis = Axis(*content.ends, left=LEFT + content.gutter, right=content.width - content.column - 8)
    flags = _flags(content, axis)
    top = FLAG * len(flags) + (6 if flags else 0)
    y, body = top, []
    for row in content.rows:
        body.append(_row(row, content, axis, y))
        y += height(row)
    frame = _frame(content, axis, top, y)
    total = y + (36 if content.axis else 20)
    return picture(
        content.width, total, content.name, content.title, describe(content), frame, *body, *_flagged(flags, axis, top)
    )


def height(row: Row) -> float:
    return ROW + LANE * len(row.marks) + 6


def describe(content: Panel) -> str:
    """The same numbers as a sentence for those who do not see the figure."""
    rows = [f"{row.name}: " + "; ".join(f"{m.name} {m.text}" for m in row.marks) for row in content.rows]
    lines = [f"{line.label}" for line in _distinct(content.rows)]
    return ". ".join(rows + lines)


def _distinct(rows: Sequence[Row]) -> list[Line]:
    """The first line of each label, from left to right."""
    first: dict[str, Line] = {}
    for row in rows:
        for line in row.lines:
            if math.isfinite(line.value):
                first.setdefault(line.label, line)
    return sorted(first.values(), key=lambda line: line.value)


@dataclass(frozen=True, slots=True)
class Flag:
    """Where the label of a reference line stands: to the right of its line, or to the left where the figure ends."""

    text: str
    x: float
    baseline: float
    to_left: bool

    @property
    def box(self) -> tuple[float, float]:
        wide = width(self.text, SMALL)
        return (self.x - 4 - wide, self.x - 4) if self.to_left else (self.x + 4, self.x + 4 + wide)


def _flags(content: Panel, axis: Axis) -> list[Flag]:
    flags = []
    for place, line in enumerate(_distinct(content.rows)):
        x = axis.at(line.value)
        right, left = content.width - x - 6, x - 6
        to_left = width(line.label, SMALL) > right and left > right
        text = fit(line.label, SMALL, left if to_left else right)
        flags.append(Flag(text, x, FLAG * place + 10, to_left))
    return flags


def _flagged(flags: Sequence[Flag], axis: Axis, top: float) -> list[Markup]:
    """Leaders first, then the words, so that a leader passes behind words and never through them."""
    leaders = [tag("path", d=f"M{f.x:.1f} {f.baseline - 8:.1f}V{top:.1f}", class_="leader") for f in flags]
    words = [
        tag(
            "text",
            f.text,
            x=f.x + (-4 if f.to_left else 4),
            y=f.baseline,
            class_="flag",
            text_anchor="end" if f.to_left else None,
        )
        for f in flags
    ]
    return leaders + words


def _frame(content: Panel, axis: Axis, top: float, bottom: float) -> Markup:
    most = max(4, int((axis.right - axis.left) / 34))
    parts = []
    for value in axis.ticks(most):
        x = axis.at(value)
        parts.append(tag("path", d=f"M{x:.1f} {top:.1f}V{bottom:.1f}", class_="grid"))
        label = axis.label(value, most, percent=content.percent)
        parts.append(tag("text", label, x=x, y=bottom + 14, class_="tick", text_anchor="middle"))
    if axis.low < 0 < axis.high:
        parts.append(tag("path", d=f"M{axis.at(0):.1f} {top:.1f}V{bottom:.1f}", class_="axis"))
    parts.append(tag("path", d=f"M{axis.left:.1f} {bottom:.1f}H{axis.right:.1f}", class_="axis"))
    if content.axis:
        text = fit(content.axis, SMALL, content.width - 8)
        parts.append(tag("text", text, x=LEFT, y=bottom + 31, class_="unit"))
    return tag("g", *parts)


def _row(row: Row, content: Panel, axis: Axis, y: float) -> Markup:
    bottom, name = y + height(row), fit(row.name, NAME, content.width - 12)
    parts: list[Markup] = []
    for place, lane in enumerate(row.marks):
        if lane.band is not None:
            parts.append(_band(lane.band, axis, y + ROW + LANE * place))
        if lane.estimate is not None and lane.sound and not lane.variant and axis.holds(0):
            parts.append(_bar(lane, axis, y + ROW + LANE * (place + 0.5)))
    labels = [line.label for line in _distinct(content.rows)]
    for line in row.lines:
        if line.label in labels:
            x, dash = axis.at(line.value), DASHES[labels.index(line.label) % len(DASHES)]
            start = y + ROW if x < LEFT + width(name, NAME) + 4 else y
            parts.append(tag("path", d=f"M{x:.1f} {start:.1f}V{bottom:.1f}", class_="ref", stroke_dasharray=dash))
    parts.append(tag("text", name, x=LEFT, y=y + 13, class_="name"))
    if not content.lanes:
        parts.extend(_pairs(row, axis, y))
    for place, lane in enumerate(row.marks):
        parts.append(_mark(lane, content, axis, y + ROW + LANE * (place + 0.5)))
    return tag("g", *parts)


def _band(band: Band, axis: Axis, top: float) -> Markup:
    left, right, middle = axis.at(band.low), axis.at(band.high), axis.at(band.middle)
    shade = tag("rect", x=left, y=top, width=max(right - left, 1.0), height=LANE, class_="band")
    return shade + tag("path", d=f"M{middle:.1f} {top:.1f}v{LANE:.1f}", class_="mid")


def _bar(lane: Mark, axis: Axis, y: float) -> Markup:
    """From zero to the estimate."""
    left, right = sorted((axis.at(0), axis.at(lane.estimate or 0.0)))
    return tag("rect", x=left, y=y - 3.5, width=right - left, height=7, fill=colour(lane.shape), class_="reach")


def _pairs(row: Row, axis: Axis, y: float) -> list[Markup]:
    """A thin line from what was asked to its control."""
    places = [(m, y + ROW + LANE * (k + 0.5)) for k, m in enumerate(row.marks)]
    paired = []
    for (first, y1), (second, y2) in pairwise(places):
        if second.variant and not first.variant and first.estimate is not None and second.estimate is not None:
            path = f"M{axis.at(first.estimate):.1f} {y1:.1f}L{axis.at(second.estimate):.1f} {y2:.1f}"
            paired.append(tag("path", d=path, class_="pair"))
    return paired


def _mark(item: Mark, content: Panel, axis: Axis, y: float) -> Markup:
    ink = colour(item.shape) if item.sound else "#5b6470"
    parts = [tag("title", f"{item.name} {item.text}")]
    if content.lanes:
        label = fit(item.lane, SMALL, content.gutter - 9)
        parts.append(tag("text", label, x=LEFT + content.gutter - 9, y=y + 4, class_="lane", text_anchor="end"))
    if item.estimate is None and item.apparent is None:
        parts.append(tag("text", content.none, x=axis.left, y=y + 4, class_="none"))
    elif item.estimate is not None:
        if item.low is not None and item.high is not None:
            parts.append(_whisker(item.low, item.high, axis, y, ink, "4 2.5" if item.variant else None))
        x = axis.at(item.estimate)
        parts.append(mark(item.shape, x, y, item.variant) if item.sound else cross(x, y))
    if item.apparent is not None:
        parts.append(apparent(axis.at(item.apparent), y))
    if content.numbers and (item.estimate is not None or not content.lanes):
        style = "number" if item.sound and not item.variant else "number faint"
        text = fit(item.text if item.number is None else item.number, SMALL, content.column)
        parts.append(tag("text", text, x=content.width - 2, y=y + 4, class_=style, text_anchor="end"))
    return tag("g", *parts)


def _whisker(low: float, high: float, axis: Axis, y: float, ink: str, dash: str | None) -> Markup:
    left, right = axis.at(low), axis.at(high)
    parts = [tag("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", stroke=ink, class_="whisker", stroke_dasharray=dash)]
    for value, x, direction in ((low, left, -1), (high, right, 1)):
        if axis.holds(value):
            parts.append(tag("path", d=f"M{x:.1f} {y - 3.5:.1f}v7", stroke=ink, class_="whisker"))
        else:
            parts.append(arrow(x, y, direction, ink))
    return tag("g", *parts)

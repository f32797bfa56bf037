"""The curve of a training: the loss on what is learnt, by step and by epoch, on the valid part, and the kept step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .axis import Axis, span
from .marks import colour, mark
from .svg import fit, picture, tag

SMALL = 10.5
SIDE, ABOVE, BELOW, HEIGHT = 44.0, 34.0, 38.0, 150.0
"""Room for the numbers of the upright axis, for its name and the kept step above, for the lower axis; and the height
between."""
MOST = 300
"""Points of the line: more would not be seen, and make the page grow."""
FAINT = "0.35"
"""How much of a line is seen that stands behind another."""
LEARNT, VALID = 0, 1
"""Places of the two lines among the report's colours and shapes."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """`name` is unique in the page; `learnt` (batches), `valid` and `means` (over each epoch; old trainings have none)
    are steps and losses, in order; `told` says in words what the figure shows. `across` and `up` are the names of the
    axes, `kept` the step and its words."""

    name: str
    title: str
    learnt: Points
    valid: Points
    kept: tuple[int, str]
    across: str
    up: str
    told: str
    width: float = 388.0
    means: Points = ()


def curve(content: Curve) -> Markup:
    """The curve as SVG with its text alternative; points that are no number are left out, and the line goes on."""
    learnt, means, valid = (_finite(points) for points in (content.learnt, content.means, content.valid))
    last = max([1.0, float(content.kept[0]), *(step for step, _ in (*learnt, *means, *valid))])
    across = Axis(0.0, last, left=SIDE, right=content.width - 8)
    up = Axis(*span([loss for _, loss in (*learnt, *means, *valid)], []), left=ABOVE + HEIGHT, right=ABOVE)
    singles, whole, points = (
        [(across.at(step), up.at(loss)) for step, loss in each] for each in (thinned(learnt), means, valid)
    )
    return picture(
        content.width,
        ABOVE + HEIGHT + BELOW,
        content.name,
        content.title,
        content.told,
        _frame(content, across, up),
        _line(singles, LEARNT, faint=bool(whole)),
        _line(whole, LEARNT),
        *(mark(LEARNT, x, y, size=3.0) for x, y in whole),
        _line(points, VALID, dashed=True),
        *(mark(VALID, x, y, size=3.6) for x, y in points),
        _kept(content, across, up),
    )


def thinned(points: Points, most: int = MOST) -> list[tuple[float, float]]:
    """At most so many points: the mean of each run of neighbours, the last step of each."""
    size = math.ceil(len(points) / most) if points else 1
    runs = [points[k : k + size] for k in range(0, len(points), size)]
    return [(run[-1][0], sum(loss for _, loss in run) / len(run)) for run in runs]


def _finite(points: Points) -> list[tuple[float, float]]:
    """To a millionth, which no picture shows: a loss of next to nothing would have an axis of next to nothing."""
    return [(float(step), round(float(loss), 6)) for step, loss in points if math.isfinite(loss)]


def _line(points: Points, place: int, *, dashed: bool = False, faint: bool = False) -> Markup:
    if len(points) < 2:
        return Markup("").join(mark(place, x, y, size=3.6) for x, y in points)
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashes, opacity = "5 3" if dashed else None, FAINT if faint else None
    return tag("path", d=path, stroke=colour(place), class_="curve", stroke_dasharray=dashes, stroke_opacity=opacity)


def _frame(content: Curve, across: Axis, up: Axis) -> Markup:
    left, right, bottom = across.left, across.right, up.left
    parts = []
    for value in up.ticks(5):
        y = up.at(value)
        parts.append(tag("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", class_="grid"))
        label = up.label(value, 5, percent=False)
        parts.append(tag("text", label, x=left - 5, y=y + 4, class_="tick", text_anchor="end"))
    for value in across.ticks(6):
        x = across.at(value)
        parts.append(tag("path", d=f"M{x:.1f} {bottom:.1f}v4", class_="axis"))
        label = across.label(value, 6, percent=False)
        parts.append(tag("text", label, x=x, y=bottom + 16, class_="tick", text_anchor="middle"))
    parts.append(tag("path", d=f"M{left:.1f} {bottom:.1f}H{right:.1f}", class_="axis"))
    parts.append(tag("text", fit(f"↑ {content.up}", SMALL, content.width - 16), x=8, y=11, class_="unit"))
    name = fit(f"{content.across} →", SMALL, content.width - 16)
    parts.append(tag("text", name, x=right, y=bottom + 32, class_="unit", text_anchor="end"))
    return tag("g", *parts)


def _kept(content: Curve, across: Axis, up: Axis) -> Markup:
    step, words = content.kept
    x = across.at(step)
    at_right = x > (across.left + across.right) / 2
    text = fit(words, SMALL, x if at_right else content.width - x)
    label = tag("text", text, x=x, y=up.right - 6, class_="tick", text_anchor="end" if at_right else "start")
    return tag("path", d=f"M{x:.1f} {up.right - 3:.1f}V{up.left:.1f}", class_="ref", stroke_dasharray="2 3") + label

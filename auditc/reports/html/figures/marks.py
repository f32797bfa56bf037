"""Marks that differ in shape as well as in colour, so that a print in black and white reads the same."""

from __future__ import annotations

from markupsafe import Markup

from .svg import tag

COLOURS = ("#0b5c95", "#c2500a", "#1b7f5c", "#7a3e8e", "#8a6d00", "#4a4a4a")
SHAPES = ("circle", "square", "diamond", "up", "down", "ring")


def colour(place: int) -> str:
    """The colour of the population that comes at `place`."""
    return COLOURS[place % len(COLOURS)]


def mark(place: int, x: float, y: float, variant: int = 0, size: float = 4.6) -> Markup:
    """The shape of the population that comes at `place`: filled for what was asked, hollow for a first control, with a
    point inside for any further one."""
    ink = colour(place)
    outline = _outline(place, x, y, size, {"fill": "#fff" if variant else ink, "stroke": ink, "stroke_width": 1.5})
    return outline + tag("circle", cx=x, cy=y, r=1.5, fill=ink) if variant > 1 else outline


def _outline(place: int, x: float, y: float, size: float, paint: dict[str, str | float]) -> Markup:
    shape = SHAPES[place % len(SHAPES)]
    if shape == "circle":
        return tag("circle", cx=x, cy=y, r=size, **paint)
    if shape == "square":
        s = size * 0.9
        return tag("rect", x=x - s, y=y - s, width=2 * s, height=2 * s, **paint)
    if shape == "ring":
        return tag("circle", cx=x, cy=y, r=size, **paint) + tag("circle", cx=x, cy=y, r=size * 0.35, fill="#fff")
    s = size * 1.2
    corners = {
        "diamond": ((x, y - s), (x + s, y), (x, y + s), (x - s, y)),
        "up": ((x, y - s), (x + s, y + 0.8 * s), (x - s, y + 0.8 * s)),
        "down": ((x, y + s), (x + s, y - 0.8 * s), (x - s, y - 0.8 * s)),
    }[shape]
    return tag("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), **paint)


def cross(x: float, y: float, size: float = 4.4) -> Markup:
    """A figure that must not be interpreted."""
    left, right, top, bottom = (f"{v:.1f}" for v in (x - size, x + size, y - size, y + size))
    path = f"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"
    return tag("path", d=path, stroke="#5b6470", stroke_width=1.6, fill="none")


def arrow(x: float, y: float, direction: int, ink: str) -> Markup:
    """An interval goes on beyond the edge of the figure."""
    tip = x + 5 * direction
    return tag("polygon", points=f"{tip:.1f},{y:.1f} {x:.1f},{y - 4:.1f} {x:.1f},{y + 4:.1f}", fill=ink)


def apparent(x: float, y: float, size: float = 3.2) -> Markup:
    """What a figure was before it was corrected."""
    return tag("circle", cx=x, cy=y, r=size, fill="#fff", stroke="#1a2129", stroke_width=1.2)


def symbol(place: int, variant: int = 0) -> Markup:
    """A mark by itself, for a legend or a table; what it stands for is written beside it."""
    return tag(
        "svg",
        mark(place, 7, 7, variant),
        width=14,
        height=14,
        viewBox="0 0 14 14",
        class_="key",
        aria_hidden="true",
    )

"""Elements of SVG out of plain values; every text and attribute is cleaned and escaped here."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup, escape

from auditc.reports.html.clean import clean

Attribute = str | float | int | None


def tag(name: str, *children: str, **attributes: Attribute) -> Markup:
    """One element. `class_` is `class`, `stroke_width` is `stroke-width`; None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(short(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup(f"<{name}{written}/>")
    inside = "".join(c if isinstance(c, Markup) else escape(clean(c)) for c in children)
    return Markup(f"<{name}{written}>{inside}</{name}>")


def short(value: Attribute) -> str:
    """Coordinates with at most one decimal: no page needs more, and equal figures give equal bytes."""
    if isinstance(value, float):
        text = f"{value:.1f}".removesuffix(".0")
        return "0" if text == "-0" else text
    return str(value)


def picture(width: float, height: float, name: str, title: str, description: str, *children: Markup) -> Markup:
    """A figure with a text alternative. `name` must be unique in the page."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        *children,
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        viewBox=f"0 0 {short(width)} {short(height)}",
        width=width,
        height=height,
    )


def width(text: str, size: float) -> float:
    """About how wide `text` is drawn at `size`, on the wide side: it decides where labels go."""
    ems = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            ems += 1.0
        elif unicodedata.combining(character):
            ems += 0.0
        elif character in "iljtfr.,:;|'!() \u2009":
            ems += 0.36
        elif character.isupper() or character in "mwMW%—":
            ems += 0.78
        else:
            ems += 0.58
    return ems * size


def fit(text: str, size: float, room: float) -> str:
    """`text`, or as much of its beginning as has room, with an ellipsis."""
    text = " ".join(clean(text).split())
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"

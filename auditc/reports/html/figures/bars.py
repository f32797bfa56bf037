"""Small bars that stand in a table beside their number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from .svg import short, tag


def bar(share: float | None, style: str) -> Markup:
    """A share of 1 as a bar of 60; nothing where there is no share. The number beside it is its text."""
    if share is None or not math.isfinite(share):
        return Markup("")
    wide = short(60 * min(max(share, 0.0), 1.0))
    frame = f'<svg class="bar {escape(style)}" viewBox="0 0 60 9" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(f'{frame}<path d="M0 0h{wide}v9H0z"/></svg>')


def parts_bar(parts: Sequence[tuple[str, int]]) -> Markup:
    """Counts by kind as one bar of 100, a class for each kind."""
    whole = sum(n for _, n in parts) or 1
    x, pieces = 0.0, []
    for style, n in parts:
        wide = 100 * n / whole
        if n:
            pieces.append(tag("rect", x=x, y=0, width=wide, height=9, class_=style))
        x += wide
    frame = tag("rect", x=0.0, y=0, width=100, height=9, class_="frame")
    return tag("svg", *pieces, frame, viewBox="0 0 100 9", width=100, height=9, class_="parts", aria_hidden="true")

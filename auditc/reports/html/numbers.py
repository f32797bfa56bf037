"""Numbers as people read them; what cannot be estimated is a dash, never a zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

NONE = "–"
SHARES = frozenset(
    {
        "share",
        "share of items",
        "share of answers",
        "probability",
        "probability moved by the order of the options",
        "share of cells asked",
        "share of written answers",
    }
)
"""Units of values that are read as percentages."""


def is_share(unit: str) -> bool:
    """Whether values of this unit lie between 0 and 1 and are read as percentages."""
    return unit in SHARES


def usable(value: float | None) -> float | None:
    """The value, or None when there is none that could be drawn."""
    return value if value is not None and math.isfinite(value) else None


def figure(value: float | None, unit: str = "", decimals: int = 3) -> str:
    """Three decimals or as many as are asked for, fewer for large numbers; shares as percentages; a real minus sign."""
    number = usable(value)
    if number is None:
        return NONE
    if is_share(unit):
        return signed(f"{100 * number:.{decimals - 2}f}") + "%"
    size = abs(number)
    return signed(f"{number:.{decimals}f}" if size < 10 else f"{number:.1f}" if size < 1000 else f"{number:,.0f}")


def signed(text: str) -> str:
    """A hyphen before a number becomes a minus sign; a negative zero becomes zero."""
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.,") else "\u2212" + text[1:]
    return text


def interval(low: float | None, high: float | None, unit: str = "", decimals: int = 3) -> str:
    """`low to high` as an en-dash range; with a comma where a minus sign would be misread."""
    if usable(low) is None or usable(high) is None:
        return NONE
    first, last = figure(low, unit, decimals), figure(high, unit, decimals)
    return f"{first}, {last}" if "\u2212" in first + last else f"{first}–{last}"


def spread(values: Sequence[float], unit: str = "") -> str:
    """One number where all values show as the same, else the range from the least to the largest."""
    low, high = min(values), max(values)
    return figure(low, unit) if figure(low, unit) == figure(high, unit) else interval(low, high, unit)


def percent(part: int, whole: int) -> str:
    """How many in a hundred; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else NONE


def count(n: int) -> str:
    """A count with separators of thousands."""
    return f"{n:,}"


def level(value: float) -> str:
    """`95%` of .95."""
    return f"{100 * value:.4g}%"


def duration(seconds: float) -> str:
    """`1:02:03`, hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"

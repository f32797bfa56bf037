"""Figures of the report, drawn from plain numbers as SVG."""

from .bars import bar, parts_bar
from .intervals import Band, Line, Mark, Panel, Row, panel
from .marks import symbol
from .scatter import Map, Place, Region, scatter

__all__ = [
    "Band",
    "Line",
    "Map",
    "Mark",
    "Panel",
    "Place",
    "Region",
    "Row",
    "bar",
    "panel",
    "parts_bar",
    "scatter",
    "symbol",
]

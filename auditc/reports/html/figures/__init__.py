"""Figures of the report, drawn from plain numbers as SVG."""

from .bars import bar, parts_bar
from .curve import Curve, curve, thinned
from .intervals import Band, Line, Mark, Panel, Row, panel
from .marks import symbol
from .scatter import Map, Place, Region, scatter

__all__ = [
    "Band",
    "Curve",
    "Line",
    "Map",
    "Mark",
    "Panel",
    "Place",
    "Region",
    "Row",
    "bar",
    "curve",
    "panel",
    "parts_bar",
    "scatter",
    "symbol",
    "thinned",
]

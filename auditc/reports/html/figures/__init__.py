"""Figures of the report, drawn from plain numbers as SVG."""

from .bars import bar, parts_bar
from .intervals import Band, Line, Mark, Panel, Row, panel
from .marks import symbol

__all__ = ["Band", "Line", "Mark", "Panel", "Row", "bar", "panel", "parts_bar", "symbol"]

"""SHELF: forms in which human data is published."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import DataSource

sources: Shelf[DataSource[Any]] = Shelf(__name__, DataSource)

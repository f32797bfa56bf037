"""SHELF: ways to reach a model."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import Backend

backends: Shelf[Backend[Any]] = Shelf(__name__, Backend)

"""SHELF: numbers from answers."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import Metric

metrics: Shelf[Metric[Any]] = Shelf(__name__, Metric)

"""SHELF: places where model weights come from."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import Weights

weights: Shelf[Weights[Any]] = Shelf(__name__, Weights)

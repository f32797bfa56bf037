"""SHELF: what training optimises."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import Objective

objectives: Shelf[Objective[Any]] = Shelf(__name__, Objective)

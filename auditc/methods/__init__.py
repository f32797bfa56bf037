"""SHELF: ways to question a model."""

from typing import Any

from auditc.shelf import Shelf

from ._contract import Method

methods: Shelf[Method[Any]] = Shelf(__name__, Method)

"""An expression as text, one way for each tree: what a plan keeps of a claim's words must not change with layout."""

from __future__ import annotations

from auditc.spec.notation import level, spelled
from auditc.spec.syntax import Expression


def worded(expression: Expression, needed: int = 0) -> str:
    """The text of an expression on one line, with only the parentheses that it needs."""
    text = "".join(part if isinstance(part, str) else worded(*part) for part in spelled(expression))
    return text if level(expression) >= needed else f"({text})"

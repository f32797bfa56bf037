"""The page of each diagnostic code: what it says, why it matters, a broken spec and the same one mended."""

from __future__ import annotations

import re
from importlib.resources import files

_PAGE = re.compile(r"(AC\d{3})\.md")


def codes() -> tuple[str, ...]:
    """Every code that has a page, in order."""
    names = (entry.name for entry in (files("auditc.diagnostics") / "codes").iterdir())
    return tuple(sorted(match[1] for name in names if (match := _PAGE.fullmatch(name))))


def page(code: str) -> str:
    """The page of a code as Markdown; KeyError if there is none."""
    if not _PAGE.fullmatch(f"{code}.md"):
        raise KeyError(code)
    entry = files("auditc.diagnostics") / "codes" / f"{code}.md"
    if not entry.is_file():
        raise KeyError(code)
    return entry.read_text(encoding="utf-8")

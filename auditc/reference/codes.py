"""The page of all diagnostics, one row for each code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from auditc.compiler.mistakes import ERRORS, WARNINGS
from auditc.diagnostics import codes
from auditc.spec.notes import MESSAGES

_PAGES: Final = "../../auditc/diagnostics/codes"

_HUNDREDS: Final[dict[str | tuple[str, ...], str]] = {
    "AC0": "Files and data",
    "AC1": "Syntax",
    "AC2": "Names",
    "AC3": "Values, prompts, items, claims, scripts, tests",
    ("AC4", "AC5"): "Sense: what is written well, and would mislead",
}


def codes_page() -> str:
    """A table for each hundred of codes; the last kind has two."""
    lines = [
        "# Diagnostics",
        "",
        "Every code with its summary. An error rejects the spec; a warning does not.",
        "",
        "`auditc explain AC304` prints the page of a code: what it says, why it matters, a broken "
        "example and the mended one.",
    ]
    found: Mapping[str, str] = {**MESSAGES, **ERRORS, **WARNINGS}
    for begins, title in _HUNDREDS.items():
        lines += ["", f"## {title}", "", "| code | | summary | what it says |", "|---|---|---|---|"]
        for code in sorted(code for code in found if code.startswith(begins)):
            kind = "warning" if code in WARNINGS else "error"
            lines.append(f"| {_link(code)} | {kind} | {_cell(found[code])} | {_cell(_what(code))} |")
    return "\n".join(lines) + "\n"


def _link(code: str) -> str:
    return f"[{code}]({_PAGES}/{code}.md)" if code in codes.codes() else code


def _what(code: str) -> str:
    """The first sentence of the page's own account."""
    if code not in codes.codes():
        return ""
    said = re.search(r"^## What\n\n(.+)$", codes.page(code), re.MULTILINE)
    return re.split(r"(?<=[.])\s", said[1], maxsplit=1)[0] if said else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

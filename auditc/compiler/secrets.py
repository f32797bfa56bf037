"""Finds what looks like a key or a token in the text of a spec: what is in git is no secret any more."""

from __future__ import annotations

import re
from typing import Final

from auditc.diagnostics import Sink, Source, Span

from .mistakes import report

_SHAPES: Final = re.compile(
    r"""
      (?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}
    | (?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}
    | (?<![A-Za-z0-9])(?:ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{36,}
    | (?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{40,}
    | (?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}
    | (?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![A-Za-z0-9])
    | (?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}
    | (?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{10,}
    | -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----
    | (?<=Bearer\ )[A-Za-z0-9._~+/-]{20,}
    """,
    re.VERBOSE,
)


def look_for_secrets(source: Source, sink: Sink) -> None:
    """Report each, in strings and in comments. What is shown of the line has the secret struck out."""
    found = list(_SHAPES.finditer(source.text))
    if not found:
        return
    text = _SHAPES.sub(lambda match: "*" * len(match[0]), source.text)
    struck = Source(source.name, text)
    for match in found:
        remedy = "Take it out of the file and of its history, and have it revoked."
        label = "this looks like a key or a token"
        report(sink, "AC412", Span(struck, match.start(), match.end()), label, remedy=remedy)

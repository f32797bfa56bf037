"""Finds what looks like a key or a token in the text of a spec: what is in git is no secret any more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from auditc.diagnostics import Label, Sink, Source, Span

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


def starred(secret: str) -> str:
    """Stars in the place of a secret, in as many lines."""
    return re.sub(r"[^\n]", "*", secret)


def look_for_secrets(source: Source, sink: Sink) -> None:
    """Report each, in strings and in comments. What is shown of the line has the secret struck out."""
    known = [
        d.primary.span for d in sink.diagnostics if d.code == "AC412" and d.primary.span.source.name == source.name
    ]
    found = [
        match
        for match in _SHAPES.finditer(source.text)
        if not any(span.start <= match.start() and match.end() <= span.end for span in known)
    ]
    if not found:
        return
    text = _SHAPES.sub(lambda match: starred(match[0]), source.text)
    struck = Source(source.name, text)
    for match in found:
        remedy = "Take it out of the file and of its history, and have it revoked."
        label = "this looks like a key or a token"
        report(sink, "AC412", Span(struck, match.start(), match.end()), label, remedy=remedy)


def strike_secrets(sink: Sink) -> None:
    """Strike secrets out of whatever diagnostics show: a line with a key in it may have other mistakes, too."""
    keys: dict[str, list[tuple[int, int]]] = {}
    for found in sink.diagnostics:
        span = found.primary.span
        stretches = keys.setdefault(span.source.name, [])
        stretches += [match.span() for match in _SHAPES.finditer(span.source.text)]
        stretches += [(span.start, span.end)] if found.code == "AC412" else []
    sink.diagnostics[:] = [
        replace(found, primary=_struck(found.primary, keys), related=tuple(_struck(r, keys) for r in found.related))
        for found in sink.diagnostics
    ]


def _struck(label: Label, keys: dict[str, list[tuple[int, int]]]) -> Label:
    """The label, at a source in which each of these stretches is made of stars."""
    span = label.span
    text = span.source.text
    for start, end in keys.get(span.source.name, ()):
        text = text[:start] + starred(text[start:end]) + text[end:]
    return Label(Span(Source(span.source.name, text), span.start, span.end), _SHAPES.sub("***", label.text))

"""Finds what looks like a key or a token in the text of a spec: what is in git is no secret any more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from auditc.diagnostics import Diagnostic, Label, Sink, Source, Span

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
    written = {label.span.source.name: label.span.source for found in sink.diagnostics for label in _labels(found)}
    keys = {name: [match.span() for match in _SHAPES.finditer(source.text)] for name, source in written.items()}
    for found in sink.diagnostics:
        if found.code == "AC412":
            keys[found.primary.span.source.name].append((found.primary.span.start, found.primary.span.end))
    struck = {name: Source(name, _starred(source.text, keys[name])) for name, source in written.items() if keys[name]}
    sink.diagnostics[:] = [
        replace(found, primary=_struck(found.primary, struck), related=tuple(_struck(r, struck) for r in found.related))
        for found in sink.diagnostics
    ]


def _labels(found: Diagnostic) -> tuple[Label, ...]:
    return (found.primary, *found.related)


def _starred(text: str, stretches: list[tuple[int, int]]) -> str:
    """The text with each of these stretches made of stars."""
    characters = list(text)
    for start, end in stretches:
        characters[start:end] = starred(text[start:end])
    return "".join(characters)


def _struck(label: Label, struck: dict[str, Source]) -> Label:
    """The label, at a source in which secrets are struck out."""
    span = label.span
    source = struck.get(span.source.name, span.source)
    return Label(Span(source, span.start, span.end), _SHAPES.sub("***", label.text))

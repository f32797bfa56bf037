"""Finds what looks like a key or a token in a spec and its data: what is in git is no secret any more.

What is found is never shown, nor is what stands where a secret stands: `key = "…"`, the password of an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Final

from auditc.diagnostics import Diagnostic, Label, Sink, Source, Span
from auditc.spec.notes import excerpt
from auditc.spec.strings import string_value
from auditc.spec.syntax import File, Text

from .mistakes import report
from .tables import MANY, Grid

_SHAPES: Final = re.compile(
    r"""
      (?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}
    | (?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{10,}
    | (?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}
    | (?<![A-Za-z0-9])(?:ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{36,}
    | (?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{40,}
    | (?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}
    | (?<![A-Za-z0-9])AKIA[0-9A-Z]{16}(?![A-Za-z0-9])
    | (?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}
    | (?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{10,}
    | (?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}
    | (?<![A-Za-z0-9])[0-9a-f]{32}\.[A-Za-z0-9]{16}(?![A-Za-z0-9])
    | -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----(?:[A-Za-z0-9+/=\s\\#]*-----END[ A-Z]*PRIVATE[ ]KEY-----)?
    | (?<=Bearer\ )[A-Za-z0-9._~+/-]{20,}
    """,
    re.VERBOSE,
)
_MARKS: Final = (
    *("sk-", "k_live_", "k_test_", "hf_", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-"),
    *("AKIA", "AIza", "xox", "eyJ", "PRIVATE KEY-----", "Bearer "),
)
"""Of these every shape has one, but for the one below. To look for them is quick, and a data file may be large."""
_DOTTED: Final = re.compile(r"(?<=[0-9a-f]{32})\.[A-Za-z0-9]{16}")
_PASSWORDS: Final = re.compile(r"""(?<=://)[^\s"'/@]+(?=@)""")
"""Before the `@` of an address."""
_KEPT_SECRET: Final = re.compile(
    r"""
    (?<!\w)(?:key|api_?key|token|password|secret) (?: \s*[:=]{1,2}\s* | [ \t]+ ) [\[(]?
    (?: \"{3} (.*?) (?: \"{3} | \Z) | "((?:[^"\\\n]|\\.)*) | ['“”„«»‘’＂＇]([^\n'“”»’＂＇]*) )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""The text that is given for a key, in whatever quotes and closed or not."""
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_FEWEST: Final = 4
"""Characters of a text that is struck wherever it is said again; a shorter one is part of many words."""


def starred(secret: str) -> str:
    """Stars in the place of a secret, in as many lines."""
    return re.sub(r"[^\n]", "*", secret)


def look_for_secrets(file: File, sink: Sink) -> None:
    """Report each, in texts, as they are written or as they are meant, and in comments. None is shown."""
    source = file.source
    found = [match.span() for match in _SHAPES.finditer(source.text)]
    if "\\" in source.text:
        found += [
            (text.span.start, text.span.end)
            for text in _texts(file.statements)
            if _SHAPES.search(text.value) and not _SHAPES.search(text.span.text)
        ]
    known = [
        d.primary.span for d in sink.diagnostics if d.code == "AC412" and d.primary.span.source.name == source.name
    ]
    for start, end in found:
        if not any(span.start <= start and end <= span.end for span in known):
            _report(sink, Span(source, start, end))


def look_into_data(grid: Grid, sink: Sink) -> None:
    """Report each row of a data file in which a secret stands: its cells enter the plan."""
    whole = "\n".join(map("\t".join, grid.rows))
    if not any(mark in whole for mark in _MARKS) and not _DOTTED.search(whole):
        return
    rows = [index for index, row in enumerate(grid.rows) if _SHAPES.search("\t".join(row))]
    for index in rows[:MANY]:
        _report(sink, grid.row(index))


def _report(sink: Sink, at: Span) -> None:
    struck = Source(at.source.name, _starred(at.source.text, [(at.start, at.end)]))
    remedy = "Take it out of the file and of its history, and have it revoked."
    report(sink, "AC412", Span(struck, at.start, at.end), "this looks like a key or a token", remedy=remedy)


def _texts(node: object) -> Iterator[Text]:
    """Every text of a tree."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Text):
            yield part
        elif isinstance(part, tuple):
            waiting += part
        elif is_dataclass(part) and not isinstance(part, Span):
            waiting += [getattr(part, field.name) for field in fields(part)]


def without_secrets(said: str, written: str = "") -> str:
    """What is said, without secrets: those that it shows by itself, and those of the text it was written about."""
    pieces = {piece for start, end in _secrets(written) for piece in _ways_to_say(written[start:end])}
    for piece in sorted(pieces, key=len, reverse=True):
        said = said.replace(piece, "***")
    for start, end in sorted(_secrets(said), reverse=True):
        said = said[:start] + "***" + said[end:]
    return said


def strike_secrets(sink: Sink) -> None:
    """Strike secrets out of whatever diagnostics show: a line with a key in it may have other mistakes, too."""
    written = {label.span.source.name: label.span.source for found in sink.diagnostics for label in _labels(found)}
    keys = {name: _secrets(source.text) for name, source in written.items()}
    for found in sink.diagnostics:
        if found.code == "AC412":
            keys[found.primary.span.source.name].append((found.primary.span.start, found.primary.span.end))
    struck = {name: Source(name, _starred(source.text, keys[name])) for name, source in written.items() if keys[name]}
    pieces = {
        piece
        for name, stretches in keys.items()
        for start, end in stretches
        for piece in _ways_to_say(written[name].text[start:end])
    }
    known = sorted(pieces, key=len, reverse=True)
    sink.diagnostics[:] = [_struck(found, struck, known) for found in sink.diagnostics]


def _labels(found: Diagnostic) -> tuple[Label, ...]:
    return (found.primary, *found.related)


def _secrets(text: str) -> list[tuple[int, int]]:
    """Where in a text a secret stands, or what is in the place of one."""
    found = [match.span() for shape in (_SHAPES, _PASSWORDS) for match in shape.finditer(text)]
    found += [match.span(match.lastindex or 0) for match in _KEPT_SECRET.finditer(text)]
    if "\\" in text:
        strings = _STRING.finditer(text)
        found += [m.span() for m in strings if "\\" in m[0] and _SHAPES.search(string_value(m[0]))]
    return [(start, end) for start, end in found if start < end and text[start:end].strip("*")]


def _ways_to_say(secret: str) -> Iterable[str]:
    """A secret as a label or a remedy may repeat it, whole or cut."""
    whole = secret.strip()
    return (way for way in (whole, excerpt(whole), excerpt(whole, 60)) if len(way) >= _FEWEST and way.strip("*"))


def _starred(text: str, stretches: list[tuple[int, int]]) -> str:
    """The text with each of these stretches made of stars."""
    characters = list(text)
    for start, end in stretches:
        characters[start:end] = starred(text[start:end])
    return "".join(characters)


def _struck(found: Diagnostic, struck: dict[str, Source], known: list[str]) -> Diagnostic:
    """The diagnostic at a source in which secrets are struck out, and without them in what it says."""

    def said(text: str) -> str:
        for piece in known:
            text = text.replace(piece, "***")
        return without_secrets(text)

    def placed(label: Label) -> Label:
        span = label.span
        source = struck.get(span.source.name, span.source)
        return Label(Span(source, span.start, span.end), said(label.text))

    related = tuple(placed(label) for label in found.related)
    return replace(
        found, message=said(found.message), primary=placed(found.primary), help=said(found.help), related=related
    )

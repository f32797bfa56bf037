"""Diagnostics for people (snippets with carets) and for programs (one flat object each)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from .cells import cells, clean, columns
from .diagnostic import MOST, Diagnostic, Label, Severity
from .span import Source, Span

SHOWN = 100
_WINDOW = 120  # columns of source shown of a long line
_FAR = 1_000  # characters of a line past which only those near its first mark are looked at
_LEAD = 30  # of these, columns kept before the caret when a line is cut

_RESET, _BOLD, _RED, _YELLOW, _BLUE, _CYAN = "\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[36m"


@dataclass(frozen=True, slots=True)
class _Paint:
    """Puts colours round text, or does not."""

    on: bool

    def __call__(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self.on and text else text


@dataclass(frozen=True, slots=True)
class _Mark:
    """What to underline on one line: characters `start` to `end`, 0-based, and what to say about them."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


def render(diagnostics: Sequence[Diagnostic], *, colour: bool) -> str:
    """All diagnostics in the order given, at most SHOWN of them, then how many there are; empty for none."""
    if not diagnostics:
        return ""
    paint = _Paint(colour)
    blocks = ["\n".join(_block(diagnostic, paint)) for diagnostic in diagnostics[:SHOWN]]
    return "\n\n".join([*blocks, paint(_count(diagnostics), _BOLD)]) + "\n"


def to_json(diagnostic: Diagnostic) -> dict[str, str | int]:
    """One diagnostic as the flat object that `--json` prints."""
    span = diagnostic.primary.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": clean(diagnostic.message),
        "file": clean(span.source.name),
        "line": span.line,
        "column": span.column,
        "help": clean(diagnostic.help),
    }


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    errors = sum(1 for d in diagnostics if d.severity is Severity.ERROR)
    amounts = ((errors, "error"), (len(diagnostics) - errors, "warning"))
    parts = ", ".join(f"{n}{' or more' * (n >= MOST)} {word}{'' if n == 1 else 's'}" for n, word in amounts if n)
    left_out = len(diagnostics) - SHOWN
    return f"{parts} (the first {SHOWN} are shown, {left_out} left out)" if left_out > 0 else parts


def _block(diagnostic: Diagnostic, paint: _Paint) -> Iterator[str]:
    tone = _RED if diagnostic.severity is Severity.ERROR else _YELLOW
    head = paint(f"{diagnostic.severity.value}[{clean(diagnostic.code)}]", tone)
    yield f"{head}{paint(': ' + clean(diagnostic.message), _BOLD)}"
    primary = diagnostic.primary.span
    here = [label for label in diagnostic.related if label.span.source is primary.source or _same(label.span, primary)]
    elsewhere = [label for label in diagnostic.related if label not in here]
    marks = [*_marks(diagnostic.primary, True), *(mark for label in here for mark in _marks(label, False))]
    far = [(label, list(_marks(label, False))) for label in elsewhere]
    gutter = len(str(max(mark.line for mark in [*marks, *(m for _, ms in far for m in ms)])))
    yield f"{' ' * gutter}{paint('-->', _BLUE)} {_place(primary)}"
    yield from _snippet(primary.source, marks, gutter, tone, paint)
    for label, its_marks in far:
        yield f"{' ' * gutter}{paint(':::', _BLUE)} {_place(label.span)}"
        yield from _snippet(label.span.source, its_marks, gutter, tone, paint)
    if diagnostic.help:
        yield f"{' ' * gutter} {paint('=', _BLUE)} {paint('help', _CYAN)}: {clean(diagnostic.help)}"


def _same(a: Span, b: Span) -> bool:
    return a.source.name == b.source.name


def _place(span: Span) -> str:
    return f"{clean(span.source.name)}:{span.line}:{span.column}"


def _marks(label: Label, primary: bool) -> Iterator[_Mark]:
    """One mark for a label on one line; two, on its first and last line, for one that spans several."""
    span = label.span
    text = clean(label.text)
    line, start = span.line, span.column - 1
    last = span.source.line_of(max(span.start, span.end - 1))
    if last == line:
        yield _Mark(line, start, start + max(1, span.end - span.start), text, primary)
        return
    yield _Mark(line, start, max(start + 1, len(span.source.line_text(line))), "from here", primary)
    content = span.source.line_text(last)
    end = span.source.column_of(max(span.start, span.end - 1))
    yield _Mark(last, min(len(content) - len(content.lstrip()), max(0, end - 1)), end, text or "to here", primary)


def _snippet(source: Source, marks: Sequence[_Mark], gutter: int, tone: str, paint: _Paint) -> Iterator[str]:
    bar = paint("|", _BLUE)
    yield f"{' ' * gutter} {bar}"
    before: int | None = None
    for line in sorted({mark.line for mark in marks}):
        if before is not None and line == before + 2:
            between = _window(source.line_text(line - 1), ())[0]
            yield f"{paint(f'{line - 1:>{gutter}}', _BLUE)} {bar}{_spaced(between)}"
        elif before is not None and line > before + 2:
            yield paint("...", _BLUE)
        on_line = sorted((m for m in marks if m.line == line), key=lambda m: (not m.primary, m.start))
        shown, rows = _window(source.line_text(line), on_line)
        yield f"{paint(f'{line:>{gutter}}', _BLUE)} {bar}{_spaced(shown)}"
        for mark, (indent, length) in zip(on_line, rows, strict=True):
            sign = ("^" if mark.primary else "-") * length
            said = f"{sign} {mark.text}" if mark.text else sign
            yield f"{' ' * gutter} {bar} {' ' * indent}{paint(said, tone if mark.primary else _BLUE)}"
        before = line


def _spaced(shown: str) -> str:
    return f" {shown}" if shown.strip() else ""


def _window(line: str, marks: Sequence[_Mark]) -> tuple[str, list[tuple[int, int]]]:
    """The line, cut round its first mark if it is long, and where and how wide each mark is in what is shown."""
    if len(line) > _FAR:
        return _distant(line, marks)
    shown = cells(line)
    starts = [0, *accumulate(columns(cell) for cell in shown)]

    def column(character: int) -> int:
        past = max(0, character - len(shown))  # a mark may stand just past the end of its line
        return starts[min(character, len(shown))] + past

    first, last = 0, len(shown)
    if starts[-1] > _WINDOW:
        wanted = column(marks[0].start) if marks else 0
        left = max(0, min(wanted - _LEAD, starts[-1] - _WINDOW))
        first = bisect_left(starts, left)
        last = bisect_right(starts, starts[first] + _WINDOW) - 1
    head, tail = "…" if first else "", "…" if last < len(shown) else ""
    text = head + "".join(shown[first:last]) + tail
    widest = columns(text)
    rows = []
    for mark in marks:
        start = max(0, column(mark.start) - starts[first]) + columns(head)
        end = column(mark.end) - starts[first] + columns(head)
        if tail:  # what lies beyond the cut is marked at the cut
            start, end = min(start, widest - 1), min(end, widest)
        rows.append((start, max(1, end - start)))
    return text.rstrip(), rows


def _distant(line: str, marks: Sequence[_Mark]) -> tuple[str, list[tuple[int, int]]]:
    """The window of a very long line, out of the characters near its first mark alone."""
    first = marks[0].start if marks else 0
    begin = max(0, min(first, len(line)) - _FAR // 2)
    end = min(len(line), begin + _FAR)
    size = end - begin
    near = [replace(m, start=min(max(0, m.start - begin), size), end=min(max(1, m.end - begin), size)) for m in marks]
    return _window(line[begin:end], near)

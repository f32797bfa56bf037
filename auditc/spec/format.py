"""Syntax tree to canonical text: two blanks of indentation, aligned `=`, comments where the author put them.

A body that the author wrote on one line stays on one line if it fits; every other has one entry a line. Formatting
twice changes nothing, and the tree of the formatted text equals the tree it was made from, but for places.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from auditc.diagnostics import Span
from auditc.diagnostics.cells import columns

from .notation import ATOM, level, operand_levels, spelled
from .strings import write_heredoc, write_string
from .syntax import (
    Argument,
    Attribute,
    Binary,
    Block,
    Call,
    Comment,
    Expression,
    File,
    Import,
    Index,
    Items,
    Member,
    Name,
    Text,
    Typed,
    Unary,
)

WIDTH: Final = 100
_INDENT: Final = "  "
_GAP: Final = "   "
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_TO_BRACE = re.compile(r"(?:\s|#[^\n]*)*\{")

_Body = Sequence[Attribute | Block]


def format_file(file: File) -> str:
    """The canonical text of a file that parsed without mistakes."""
    return _Writer(file.source.text, file.comments).file(file)


@dataclass(frozen=True, slots=True)
class _Gap:
    """The comments between two nodes: one at the end of the line before, and those on their own lines."""

    trailing: Comment | None
    own: tuple[Comment, ...]


@dataclass(slots=True)
class _Writer:
    text: str
    comments: Sequence[Comment]
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [comment.span.start for comment in self.comments]

    # Comments and blank lines

    def _within(self, start: int, end: int) -> Sequence[Comment]:
        return self.comments[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def _commented(self, span: Span) -> bool:
        return bool(self._within(span.start, span.end))

    def _gaps(self, spans: Sequence[Span], start: int, end: int) -> list[_Gap] | None:
        """The comments before each span and after the last; None if one gap holds two that trail."""
        edges = [start, *(edge for span in spans for edge in (span.start, span.end)), end]
        gaps = []
        for low, high in zip(edges[::2], edges[1::2], strict=True):
            found = self._within(low, high)
            trailing = found[0] if found and found[0].trailing else None
            own = tuple(found[1:] if trailing else found)
            if any(comment.trailing for comment in own):
                return None
            gaps.append(_Gap(trailing, own))
        return gaps

    def _blank_between(self, end: int, start: int) -> bool:
        return _BLANK_LINE.search(self.text, end, start) is not None

    def _as_written(self, start: int, end: int) -> str:
        """A piece of the author's text, for comments in places that the canonical form has no line for."""
        return self.text[start:end].replace("\r\n", "\n").replace("\r", "\n")

    # Statements and bodies

    def file(self, file: File) -> str:
        gaps = self._gaps([s.span for s in file.statements], 0, len(self.text)) or []
        written: list[str] = []
        before: Comment | Import | Block | None = None
        for index, gap in enumerate(gaps):
            if gap.trailing is not None and written:
                written[-1] += _after(gap)
            following = file.statements[index : index + 1]
            for item in (*gap.own, *following):
                if before is not None and (
                    not isinstance(before, Comment) or self._blank_between(before.span.end, item.span.start)
                ):
                    written.append("")
                written.append(item.text if isinstance(item, Comment) else self._statement(item))
                before = item
        return "\n".join(written) + "\n" if written else ""

    def _statement(self, node: Import | Block) -> str:
        if isinstance(node, Block):
            return self._block(node, "")
        if self._commented(node.span):
            return self._as_written(node.span.start, node.span.end)
        return f"import {write_string(node.path.value)} as {node.alias.text}"

    def _block(self, block: Block, indent: str) -> str:
        head = _head(block)
        if _on_one_line(block.span):
            flat = self._flat_body(block.body)
            if flat is not None and _fits(indent + head + " " + flat):
                return f"{head} {flat}"
        header = block.label.span if block.label else block.kind.span
        return self._braced(block.span, header, head, block.body, indent)

    def _braced(self, span: Span, header: Span, head: str, body: _Body, indent: str) -> str:
        """`head { … }` with an entry a line; as written if a comment stands before the brace."""
        gaps = [_Gap(None, ())] * (len(body) + 1)
        if self._commented(span):
            brace = _TO_BRACE.match(self.text, header.end)
            opening = brace.end() if brace else span.end
            found = self._gaps([node.span for node in body], opening, span.end)
            if found is None or self._within(span.start, opening):
                return self._as_written(span.start, span.end)
            gaps = found
        elif not body:
            return f"{head} {{ }}"
        lines = self._entries(body, gaps, indent + _INDENT)
        return "\n".join([f"{head} {{{_after(gaps[0])}", *lines, f"{indent}}}"])

    def _entries(self, body: _Body, gaps: Sequence[_Gap], indent: str) -> list[str]:
        """The lines of a body: entries with the comments round them, `=` aligned in runs of one-line attributes."""
        written = [self._entry(node, indent) for node in body]
        lines: list[str] = []
        run: list[tuple[str, str]] = []
        before: Span | None = None

        def close_run() -> None:
            widest = max((columns(name) for name, _ in run), default=0)
            lines.extend(f"{indent}{name}{' ' * (widest - columns(name))} = {value}" for name, value in run)
            run.clear()

        for index, gap in enumerate(gaps):
            for item in (*gap.own, *body[index : index + 1]):
                if before is not None and self._blank_between(before.end, item.span.start):
                    close_run()
                    lines.append("")
                before = item.span
                if isinstance(item, Comment):
                    close_run()
                    lines.append(indent + item.text)
                    continue
                name, value = written[index]
                value += _after(gaps[index + 1])
                if name and "\n" not in value:
                    run.append((name, value))
                    continue
                close_run()
                lines.append(f"{indent}{name} = {value}" if name else indent + value)
        close_run()
        return lines

    def _entry(self, node: Attribute | Block, indent: str) -> tuple[str, str]:
        """The name and the value of an attribute, or nothing and a block."""
        if isinstance(node, Block):
            return "", self._block(node, indent)
        value = node.value
        inside = self._within(node.span.start, node.span.end)
        if inside and (
            not isinstance(value, Typed | Items) or len(inside) != len(self._within(value.span.start, value.span.end))
        ):
            return "", self._as_written(node.span.start, node.span.end)
        name = node.name.text
        return name, self._full(value, indent, columns(indent) + columns(name) + 3)

    # Expressions on one line

    def _flat_body(self, body: _Body) -> str | None:
        parts = []
        for node in body:
            if isinstance(node, Attribute):
                flat = self._flat(node.value)
                part = f"{node.name.text} = {flat}" if flat is not None else None
            else:
                flat = self._flat_body(node.body) if not self._commented(node.span) else None
                part = f"{_head(node)} {flat}" if flat is not None else None
            if part is None:
                return None
            parts.append(part)
        return f"{{ {_GAP.join(parts)} }}" if parts else "{ }"

    def _flat(self, value: Expression, least: int = 0) -> str | None:
        """One line, in parentheses if it binds less than `least`; None where several lines are needed or wanted."""
        if isinstance(value, Typed):
            if self._commented(value.span) or (value.body and not _on_one_line(value.span)):
                return None
            body = self._flat_body(value.body)
            return f"{value.kind.text} {body}" if body is not None else None
        if isinstance(value, Text) and value.heredoc:
            return None
        parts: list[str] = []
        for part in spelled(value):
            if isinstance(part, str):
                parts.append(part)
                continue
            child, binding = part
            flat = self._flat(child, binding)
            if flat is None:
                return None
            parts.append(flat)
        written = "".join(parts)
        return f"({written})" if level(value) < least else written

    # Expressions on several lines

    def _full(self, value: Expression, indent: str, column: int, least: int = 0) -> str:
        """A value that begins at a column of a line with this indentation."""
        commented = self._commented(value.span)
        if not commented:
            flat = self._flat(value, least)
            if flat is not None and (column + columns(flat) <= WIDTH or not _breaks(value)):
                return flat
        if level(value) < least:
            return f"({self._full(value, indent, column + 1)})"
        if isinstance(value, Typed):
            return self._braced(value.span, value.kind.span, value.kind.text, value.body, indent)
        if isinstance(value, Items):
            return self._items(value, indent)
        if commented:
            return self._as_written(value.span.start, value.span.end)
        if isinstance(value, Text):
            return write_heredoc(value.value, indent + _INDENT)
        if isinstance(value, Call | Index):
            opening, closing = ("(", ")") if isinstance(value, Call) else ("[", "]")
            of = self._full(value.of, indent, column, ATOM - 1)
            lines = [f"{indent}{_INDENT}{self._argument(a, indent + _INDENT)}," for a in value.arguments]
            return "\n".join([f"{of}{opening}", *lines, f"{indent}{closing}"]) if lines else f"{of}{opening}{closing}"
        return self._operation(value, indent, column)

    def _operation(self, value: Expression, indent: str, column: int) -> str:
        """An operator or a member of something that takes several lines."""
        if isinstance(value, Binary):
            left, right = operand_levels(value)
            first = self._full(value.left, indent, column, left)
            begin = f"{first} {value.operator} "
            return begin + self._full(value.right, indent, columns(begin.rpartition("\n")[2]), right)
        if isinstance(value, Unary):
            sign = "not " if value.operator == "not" else value.operator
            return sign + self._full(value.operand, indent, column + len(sign), level(value))
        if isinstance(value, Member):
            return f"{self._full(value.of, indent, column, ATOM - 1)}.{value.name.text}"
        return self._flat(value) or ""

    def _argument(self, argument: Argument, indent: str) -> str:
        start = f"{argument.name.text} = " if argument.name else ""
        return start + self._full(argument.value, indent, columns(indent) + columns(start) + 1)

    def _items(self, items: Items, indent: str) -> str:
        """A list with a value a line."""
        gaps = self._gaps([value.span for value in items.values], items.span.start, items.span.end)
        if gaps is None:
            return self._as_written(items.span.start, items.span.end)
        inner = indent + _INDENT
        lines = [f"[{_after(gaps[0])}"]
        lines += [inner + comment.text for comment in gaps[0].own]
        for value, gap in zip(items.values, gaps[1:], strict=True):
            lines.append(f"{inner}{self._full(value, inner, columns(inner) + 1)},{_after(gap)}")
            lines += [inner + comment.text for comment in gap.own]
        return "\n".join([*lines, f"{indent}]"])


def _head(block: Block) -> str:
    label = block.label
    if label is None:
        return block.kind.text
    if isinstance(label, Name):
        return f"{block.kind.text} {label.text}"
    if isinstance(label, Text):
        return f"{block.kind.text} {write_string(label.value)}"
    low, high = ("".join(p for p in spelled(end) if isinstance(p, str)) for end in (label.low, label.high))
    return f"{block.kind.text} {low}..{high}"


def _after(gap: _Gap) -> str:
    return f"{_GAP}{gap.trailing.text}" if gap.trailing else ""


def _fits(line: str) -> bool:
    return columns(line) <= WIDTH


def _on_one_line(span: Span) -> bool:
    """Whether the author wrote it so; a node that was never written has no text, and counts as short."""
    return "\n" not in span.text


def _breaks(value: Expression) -> bool:
    """Whether a value can be written on several lines if it is too long for one."""
    if isinstance(value, Items):
        return bool(value.values)
    if isinstance(value, Typed):
        return bool(value.body)
    return isinstance(value, Call | Index) and bool(value.arguments)

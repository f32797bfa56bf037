"""The syntax tree: what the author wrote, before any name means anything. Data only; every node knows its place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from auditc.diagnostics import Source, Span


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, in Unicode NFC."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `heredoc` for one in triple quotes, its common indentation removed."""

    value: str
    heredoc: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its unit as written: `20M` is 20 and `M`, `1%` is 1 and `%`, `0.5` is 0.5 and the empty unit."""

    value: Decimal
    unit: str
    span: Span


@dataclass(frozen=True, slots=True)
class Switch:
    """`on` or `off`."""

    on: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """A bare name in an expression; the declared type of the attribute decides what it refers to."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`."""

    of: Expression
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument, or a named one."""

    name: Name | None
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`of[arguments]`."""

    of: Expression
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`of(arguments)`; only the language's own functions can be called."""

    of: Expression
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Typed:
    """`kind { … }` as a value: `simulated { tilt = 0.2 }`."""

    kind: Name
    body: tuple[Attribute | Block, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`."""

    values: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x` or `-x`; `operator` is `not` or `-`."""

    operator: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right` with an operator out of `or and < <= > >= == != + - * /`, or `..` for a range."""

    operator: str
    left: Expression
    right: Expression
    span: Span


Expression = Text | Number | Switch | Word | Member | Index | Call | Typed | Items | Unary | Binary


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `#`. `trailing` when code stands before it on its line."""

    text: str
    trailing: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class RangeLabel:
    """The label of `step 1..5 { … }`; both ends included."""

    low: Number
    high: Number
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """`kind label { … }`; the label is a name, a text, a range, or missing."""

    kind: Name
    label: Name | Text | RangeLabel | None
    body: tuple[Attribute | Block, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    """`import "path" as alias`."""

    path: Text
    alias: Name
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """One source file: its statements and all its comments, both in the order written."""

    source: Source
    statements: tuple[Import | Block, ...]
    comments: tuple[Comment, ...]

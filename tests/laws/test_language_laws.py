"""Laws of the language: whatever the text, parsing ends and keeps its places; formatting keeps what was said."""

from __future__ import annotations

import dataclasses
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditc.diagnostics import Sink, Source, Span
from auditc.diagnostics.render import render, to_json
from auditc.spec import format_file, parse
from auditc.spec.strings import heredoc_value
from auditc.spec.syntax import (
    Argument,
    Attribute,
    Binary,
    Block,
    Call,
    Expression,
    File,
    Import,
    Index,
    Items,
    Member,
    Name,
    Number,
    RangeLabel,
    Switch,
    Text,
    Typed,
    Unary,
    Word,
)
from auditc.spec.tokens import RESERVED

SPECS = [
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent.parent / "spec" / "valid").glob("*.audit"))
]
NOWHERE = Span(Source("generated", ""), 0, 0)
AVOIDED = RESERVED | {"true", "false", "null", "none", "nil", "undefined", "yes", "no"}

relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def without_places(node: Any) -> Any:
    """A tree as nested tuples of what was said, whatever stands where."""
    if isinstance(node, tuple):
        return tuple(without_places(part) for part in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, Source | Span):
        fields = (f.name for f in dataclasses.fields(node) if f.name not in ("span", "source"))
        return (type(node).__name__, *(without_places(getattr(node, name)) for name in fields))
    return node


def spans_of(node: Any) -> list[Span]:
    if isinstance(node, Span):
        return [node]
    if isinstance(node, tuple):
        return [span for part in node for span in spans_of(part)]
    if dataclasses.is_dataclass(node) and not isinstance(node, Source):
        return [span for f in dataclasses.fields(node) for span in spans_of(getattr(node, f.name))]
    return []


def parsed(text: str) -> tuple[File, Sink]:
    sink = Sink()
    return parse(Source("a.audit", text), sink), sink


words = st.one_of(
    st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True),
    st.sampled_from(["as", "中国", "größe", "данные", "Alpha", "_x", "step", "e5", "हिन्दी"]),
).filter(lambda word: word.lower() not in AVOIDED)
names = words.map(lambda word: Name(word, NOWHERE))
CONTROLS = "".join(map(chr, (*range(9), *range(11, 32), *range(127, 160))))
HIDING = CONTROLS + "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
prose = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS), max_size=30)
texts = prose.map(lambda value: Text(value, False, NOWHERE))
# What a heredoc can say: no closing quotes, no indentation shared by all lines; its own reading settles the rest.
heredocs = (
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters='"\n' + HIDING), max_size=30), max_size=5)
    .map("\n".join)
    .map(lambda value: heredoc_value(f'"""{value}"""'))
    .map(lambda value: Text(value, True, NOWHERE))
)
numbers = st.builds(
    lambda value, unit: Number(value, unit, NOWHERE),
    st.decimals(0, 10**12, places=3).map(lambda d: Decimal(f"{d:f}")) | st.integers(0, 10**15).map(Decimal),
    st.sampled_from(["", "", "%", "M", "min", "GB", "e"]),
)


def _arguments(inner: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    one = st.builds(lambda name, value: Argument(name, value, NOWHERE), st.none() | names, inner)
    return st.lists(one, min_size=least, max_size=4).map(tuple)


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    operators = st.sampled_from(["or", "and", "<", "<=", ">", ">=", "==", "!=", "..", "+", "-", "*", "/"])
    attributes = st.builds(lambda name, value: Attribute(name, value, NOWHERE), names, inner)
    blocks = st.builds(
        lambda kind, body: Block(kind, None, tuple(body), NOWHERE), names, st.lists(attributes, max_size=2)
    )
    return st.one_of(
        st.builds(lambda of, name: Member(of, name, NOWHERE), inner, names),
        st.builds(lambda of, arguments: Call(of, arguments, NOWHERE), inner, _arguments(inner)),
        st.builds(lambda of, arguments: Index(of, arguments, NOWHERE), inner, _arguments(inner, 1)),
        st.builds(lambda values: Items(tuple(values), NOWHERE), st.lists(inner, max_size=6)),
        st.builds(lambda sign, value: Unary(sign, value, NOWHERE), st.sampled_from(["not", "-"]), inner),
        st.builds(lambda sign, a, b: Binary(sign, a, b, NOWHERE), operators, inner, inner),
        st.builds(
            lambda kind, body: Typed(kind, tuple(body), NOWHERE), names, st.lists(attributes | blocks, max_size=4)
        ),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        names.map(lambda name: Word(name, NOWHERE)),
        texts,
        heredocs,
        numbers,
        st.booleans().map(lambda on: Switch(on, NOWHERE)),
    ),
    _larger,
    max_leaves=12,
)
attributes = st.builds(lambda name, value: Attribute(name, value, NOWHERE), names, expressions)
integers = st.integers(0, 99).map(lambda n: Number(Decimal(n), "", NOWHERE))
labels = st.one_of(
    st.none(), names, texts, st.builds(lambda low, high: RangeLabel(low, high, NOWHERE), integers, integers)
)
blocks = st.recursive(
    st.builds(lambda k, n, body: Block(k, n, tuple(body), NOWHERE), names, labels, st.lists(attributes, max_size=4)),
    lambda inner: st.builds(
        lambda k, n, body: Block(k, n, tuple(body), NOWHERE), names, labels, st.lists(attributes | inner, max_size=4)
    ),
    max_leaves=4,
)
imports = st.builds(lambda path, alias: Import(path, alias, NOWHERE), texts, names)
trees = st.lists(imports | blocks, max_size=4).map(lambda nodes: File(NOWHERE.source, tuple(nodes), ()))


@relaxed
@given(trees)
def test_a_formatted_tree_parses_to_itself(tree: File) -> None:
    text = format_file(tree)
    again, sink = parsed(text)
    assert not sink.diagnostics, render(sink.sorted(), colour=False)
    assert without_places(again) == without_places(tree)
    assert format_file(again) == text


ODDMENTS = [
    *'{}[]()="#,.:;%\'\n\t\r\\', '"""', "..", "<", "==", "/*", "*/", "//", "“", "”", "，", "＝", "｛", "\ufeff", "\x00",
    "\x1b[31m", "import", "as", "not", "-", "1e5", "20 M", "e\u0301", "\u200b", "中", "model x {", "\nmodel y { }\n",
    " ", "\u2028",
]  # fmt: skip
oddities = st.lists(st.sampled_from(ODDMENTS) | st.text(max_size=4), max_size=40).map("".join)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A real spec with a few pieces removed, doubled, or replaced by something odd."""
    text = draw(st.sampled_from(SPECS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2, *ODDMENTS])) + text[end:]
    return text


def check_any_text(text: str) -> None:
    started = time.process_time()
    file, sink = parsed(text)
    assert time.process_time() - started < 5
    places = [label.span for d in sink.diagnostics for label in (d.primary, *d.related)]
    for span in (*spans_of((file.statements, file.comments)), *places):
        assert 0 <= span.start <= span.end <= len(text)
    starts = [d.primary.span.start for d in sink.diagnostics]
    assert len(set(starts)) == len(starts), "two diagnostics at one place"
    assert all(d.help and d.message for d in sink.diagnostics)
    assert "\x1b" not in render(sink.sorted(), colour=False)
    assert all(isinstance(to_json(d)["line"], int) for d in sink.diagnostics)
    if not sink.diagnostics:
        formatted = format_file(file)
        again, second = parsed(formatted)
        assert not second.diagnostics, render(second.sorted(), colour=False)
        assert without_places(again) == without_places(file)
        assert format_file(again) == formatted


@relaxed
@given(st.text(max_size=200) | oddities)
def test_any_text_ends_in_a_tree_and_diagnostics(text: str) -> None:
    check_any_text(text)


@relaxed
@given(mutations())
def test_a_damaged_spec_ends_in_a_tree_and_diagnostics(text: str) -> None:
    check_any_text(text)


@st.composite
def commented(draw: st.DrawFn) -> str:
    """A real spec with comments put in where it had a line break, and line breaks where it had a blank."""
    text = draw(st.sampled_from(SPECS))
    for _ in range(draw(st.integers(1, 6))):
        places = [i for i, c in enumerate(text) if c in " \n"]
        place = draw(st.sampled_from(places))
        text = (
            text[:place]
            + draw(st.sampled_from(["\n", "\n\n", " # why\n", "\n  # own\n", "\n# far\n\n"]))
            + text[place:]
        )
    return text


@relaxed
@given(commented())
def test_comments_survive_wherever_they_stand(text: str) -> None:
    check_any_text(text)

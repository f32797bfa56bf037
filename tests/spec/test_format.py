"""Canonical text: what stays on a line, where comments stay, what texts keep."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from auditc.diagnostics import Sink, Source, Span
from auditc.diagnostics.render import render
from auditc.spec import format_file, parse
from auditc.spec.format import WIDTH
from auditc.spec.syntax import Attribute, Binary, Block, File, Name, Number, Text, Unary, Word

VALID = sorted((Path(__file__).parent / "valid").glob("*.audit"))


def formatted(text: str) -> str:
    sink = Sink()
    file = parse(Source("a.audit", text), sink)
    assert not sink.diagnostics, render(sink.sorted(), colour=False)
    return format_file(file)


def inside(expression: str) -> str:
    """What an expression becomes, as an attribute of a block on several lines."""
    text = formatted(f"b {{\n  x = {expression}\n}}")
    return text.removeprefix("b {\n  x = ").removesuffix("\n}\n")


@pytest.mark.parametrize("path", VALID, ids=[path.stem for path in VALID])
def test_formatting_twice_changes_nothing(path: Path) -> None:
    once = formatted(path.read_bytes().decode())
    assert formatted(once) == once


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        ("\n\n  # only\n\n", "# only\n"),
        ("model m{}", "model m { }\n"),
        ("model m {\n\n}", "model m { }\n"),
        ("a { x=1 y=[ 1,2, ] }", "a { x = 1   y = [1, 2] }\n"),
        ("a {\nx=1\nlonger=2 }", "a {\n  x      = 1\n  longer = 2\n}\n"),
        ("a {\n x = 1\n k { }\n yy = 2\n z = 3\n}", "a {\n  x = 1\n  k { }\n  yy = 2\n  z  = 3\n}\n"),
        ("a {\n\n\n x = 1\n\n\n yy = 2\n\n}", "a {\n  x = 1\n\n  yy = 2\n}\n"),
        ("a { }\nb { }\n\n\n\nc { }", "a { }\n\nb { }\n\nc { }\n"),
        ("a { } b { k { } }", "a { }\n\nb { k { } }\n"),
        ("a {\n k { x=1   y=2 } }", "a {\n  k { x = 1   y = 2 }\n}\n"),
        ("a {\n k { x=1\n y=2 } }", "a {\n  k {\n    x = 1\n    y = 2\n  }\n}\n"),
        ("a {\n x = lora{rank=8} }", "a {\n  x = lora { rank = 8 }\n}\n"),
        ('import"a.audit"as b', 'import "a.audit" as b\n'),
        ("step 01 .. 5 { }", "step 1..5 { }\n"),
        ("a {\r\n  x = 1 # c\r\n}\r\n", "a {\n  x = 1   # c\n}\n"),
        ("a {\n 中国 = 1\n us = 2\n}", "a {\n  中国 = 1\n  us   = 2\n}\n"),
    ],
)
def test_layout(written: str, canonical: str) -> None:
    assert formatted(written) == canonical
    assert formatted(canonical) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("((1))", "1"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("(a - b) - c", "a - b - c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(-a) * b", "-a * b"),
        ("-(a * b)", "-(a * b)"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("(a < b) < c", "(a < b) < c"),
        ("1 .. 5", "1..5"),
        ("(1..5)..6", "(1..5) .. 6"),
        ("(a + b).c", "(a + b).c"),
        ("(-a)[1]", "(-a)[1]"),
        ("f( x=1 , y )", "f(x = 1, y)"),
        ("- - 1", "--1"),
        ("1.50", "1.50"),
        ("007M", "7M"),
    ],
)
def test_expressions(written: str, canonical: str) -> None:
    assert inside(written) == canonical


def test_what_does_not_fit_is_broken() -> None:
    names = ", ".join(f"a_rather_long_name_{i}" for i in range(8))
    listed = "\n".join(f"    a_rather_long_name_{i}," for i in range(8))
    assert inside(f"[{names}]") == f"[\n{listed}\n  ]"
    assert inside(f"mean({names})") == f"mean(\n{listed}\n  )"
    assert inside(f"kl[{names}] < 1") == f"kl[{names}] < 1"
    block = formatted(f"a {{ x = [{names}] }}")
    assert block == f"a {{\n  x = [\n{listed}\n  ]\n}}\n"
    typed = formatted(f"a {{ x = lora {{ first = [{names[:80]}]   second = 1 }} }}")
    assert typed.startswith("a {\n  x = lora {\n    first  = [")
    for text in (block, typed):
        assert formatted(text) == text


def test_what_just_fits_stays() -> None:
    filler = "x" * (WIDTH - len('a { x = "" }'))
    assert "\n" not in formatted(f'a {{ x = "{filler}" }}').strip()
    assert "\n" in formatted(f'a {{ x = "{filler}x" }}').strip()
    wide = "中" * (len(filler) // 2)
    assert "\n" not in formatted(f'a {{ x = "{wide}" }}').strip()
    assert "\n" in formatted(f'a {{ x = "{wide}中" }}').strip()


def test_comments_stay() -> None:
    text = (Path(__file__).parent / "valid" / "comments.audit").read_text(encoding="utf-8")
    written = formatted(text)
    assert [line.strip() for line in text.split("\n") if "#" in line and line.strip().startswith("#")] == [
        line.strip() for line in written.split("\n") if line.strip().startswith("#")
    ]
    for trailing in (
        "model a {   # after the brace",
        "x = 1   # after x",
        "y = [   # after the bracket",
        "1,   # after 1",
    ):
        assert f"{trailing}\n" in written
    assert "model b # in the head\n{ x = 1 }\n" in written  # no place of its own, so left as it is
    assert "x = 1 + # in the sum\n" in written


@pytest.mark.parametrize("value", ['a "b"\n\tc\\', "\r\x00\x1b\u2028\u202e\u200b", "e\u0301 \u200d 中\U0001f600", ""])
def test_texts_keep_every_character(value: str) -> None:
    nowhere = Span(Source("generated", ""), 0, 0)
    block = Block(Name("a", nowhere), Text(value, False, nowhere), (), nowhere)
    written = format_file(File(nowhere.source, (block,), ()))
    again = parse(Source("a", written), Sink()).statements[0]
    assert isinstance(again, Block) and isinstance(again.label, Text)
    assert again.label.value == value
    assert not set("\r\x00\x1b\u2028\u202e\u200b") & set(written)


def test_heredocs_are_indented_and_keep_their_content() -> None:
    written = formatted('a {\n p = """\n one\n   two\n\n three "x"\n"""\n}')
    assert written == 'a {\n  p = """\n    one\n      two\n\n    three "x"\n    """\n}\n'
    assert formatted('a { p = """one line""" }') == 'a {\n  p = """one line"""\n}\n'
    assert formatted('a {\n p = """first\n   second"""\n}') == 'a {\n  p = """\n    first\n    second\n    """\n}\n'


def test_a_tree_that_was_never_written_can_be_formatted() -> None:
    nowhere = Span(Source("generated", ""), 0, 0)
    one = Number(Decimal("1E+2"), "M", nowhere)
    total = Unary("-", Binary("+", one, Word(Name("x", nowhere), nowhere), nowhere), nowhere)
    block = Block(Name("a", nowhere), None, (Attribute(Name("y", nowhere), total, nowhere),), nowhere)
    assert format_file(File(nowhere.source, (block,), ())) == "a { y = -(100M + x) }\n"

"""Invalid specs, each mistake marked where it stands; and what every diagnostic of syntax has to be like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditc.diagnostics import Sink, Source
from auditc.diagnostics.render import render
from auditc.spec import parse
from auditc.spec.mend import mend
from auditc.spec.notes import MESSAGES, MOST, Notes
from auditc.spec.tokens import tokens_of
from tests.expectations import differences, expected

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.audit"))
TOKENS = re.compile(r"\b[A-Z]{3,}\b|__ANON|\$END|Token\(")
SHOUTED = {"ASCII", "NUL", "UTF"}


def diagnosed(text: str) -> Sink:
    sink = Sink()
    parse(Source("a.audit", text), sink)
    return sink


@pytest.mark.parametrize("path", INVALID, ids=[path.stem for path in INVALID])
def test_invalid_specs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    sink = diagnosed(text)
    wrong = differences(text, sink.sorted())
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", INVALID, ids=[path.stem for path in INVALID])
def test_manners(path: Path) -> None:
    """A remedy each, no names of the author's in the message, no words of the parser's anywhere."""
    for diagnostic in diagnosed(path.read_text(encoding="utf-8")).diagnostics:
        assert diagnostic.message == MESSAGES[diagnostic.code]
        assert diagnostic.help.endswith((".", "`"))
        ours = re.sub(r"`[^`]*`", "", "\n".join([diagnostic.primary.text, diagnostic.help]))
        assert not set(TOKENS.findall(ours)) - SHOUTED, ours


def test_every_code_of_syntax_is_in_an_invalid_spec() -> None:
    marked = {code for path in INVALID for _, code, _ in expected(path.read_text(encoding="utf-8"))}
    assert {code for code in MESSAGES if code.startswith("AC1")} - marked <= {"AC127"}  # it needs a hundred brackets


def test_messages() -> None:
    for message in MESSAGES.values():
        assert message[0].isupper() and not message.endswith(".")
        assert not re.search(r"\b(you|your|invalid|illegal|wrong|bad|please|sorry)\b", message, re.IGNORECASE)


def test_an_empty_text_is_an_empty_file() -> None:
    for text in ("", "\n", "  \r\n", "# only this", "\ufeff"):
        assert not diagnosed(text).diagnostics


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u202a", "\u2069", "\x1b", "\x07", "\x9b"])
@pytest.mark.parametrize("text", ["# a {} b\n", 'a {{ x = "b {} c" }}\n', 'a {{ x = """\n b {} c\n""" }}\n'])
def test_what_makes_a_line_look_other_than_it_is_is_reported_where_it_stands(sign: str, text: str) -> None:
    (found,) = diagnosed(text.format(sign)).diagnostics
    assert (found.code, found.primary.span.text) == ("AC135", sign)
    assert f"U+{ord(sign):04X}" in found.primary.text and sign not in found.primary.text + found.help


def test_a_mark_of_direction_may_be_written_as_an_escape() -> None:
    """And joiners and the marks that change no order stand as they are: words of many languages need them."""
    for text in (r'a { x = "b \u{202e} c" }', 'a { x = "می\u200cخواهم \u200f" }', 'a { x = "b\\tc\td" } # e\tf'):
        assert not diagnosed(text).diagnostics, text


def test_a_flood_of_mistakes_is_cut_short() -> None:
    sink = diagnosed("model m { x = 1; }\n" * 2_000)
    assert len(sink.diagnostics) == MOST
    assert render(sink.sorted(), colour=False).endswith(f"{MOST} errors (the first 100 are shown, 400 left out)\n")


def test_a_typed_value_of_one_mistake_says_one_thing() -> None:
    for text in ("a { x = 1", "a {", "a { x = [1, 2", 'a { x = "', 'a { x = """', "a", "}", "a { x = ("):
        assert len(diagnosed(text).diagnostics) == 1, text


def test_a_lost_word_is_reported_once_and_on_its_line() -> None:
    """Each word and sign of a real spec left out in turn: nearly always one diagnostic, at the right line."""
    text = (Path(__file__).parent / "valid" / "vocabulary.audit").read_text(encoding="utf-8")
    once = on_line = total = 0
    for token in tokens_of(mend(text, Notes(Source("a.audit", text))).text):
        found = diagnosed(text[: token.start] + text[token.end :]).diagnostics
        if not found:
            continue  # what is left is a spec too
        line = text.count("\n", 0, token.start) + 1
        lines = {label.span.line for d in found for label in (d.primary, *d.related)}
        total += 1
        once += len(found) == 1
        on_line += line in lines
    assert total > 300
    assert once / total > 0.97
    assert on_line / total > 0.95

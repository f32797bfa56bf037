"""Characters to positions of the protocol and back: a law over any text, in every encoding that can be agreed on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from auditc.editor.positions import Encoding, Lines

from .client import units

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(alphabet=st.sampled_from("ab{=\n\r\té美😀\u2028\x0c\u0301"), max_size=60)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_a_position_is_the_line_and_the_units_before_a_character(encoding: Encoding, text: str) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        before = re.split(r"\r\n|\n|\r", text[:offset])
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # between the two halves of a line break is no place
        assert lines.position(offset) == Position(len(before) - 1, units(before[-1], encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_the_way_back_leads_to_the_same_character(encoding: Encoding, text: str) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert lines.offset(lines.position(offset)) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, line=st.integers(0, 9), character=st.integers(0, 99))
def test_a_position_outside_the_text_is_brought_into_it(
    encoding: Encoding, text: str, line: int, character: int
) -> None:
    assert 0 <= Lines(text, encoding).offset(Position(line, character)) <= len(text)

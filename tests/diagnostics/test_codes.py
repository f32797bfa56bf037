"""Every code has a page, every page a code, and the examples of the pages on files and syntax do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import auditc
from auditc.diagnostics import Sink
from auditc.diagnostics.codes import codes, page
from auditc.spec import parse, read
from auditc.spec.notes import MESSAGES
from tests.expectations import differences, examples, expected

_SOURCES = Path(auditc.__file__).parent
_BYTE = re.compile(rb"<([0-9A-F]{2})>")


def used() -> set[str]:
    """All codes that the compiler's source names."""
    return {code for path in _SOURCES.rglob("*.py") for code in re.findall(r"\bAC\d{3}\b", path.read_text("utf-8"))}


def file_of(example: str) -> bytes:
    """An example as a file: `<E9>` stands for that byte, `<1 MB>` for a text of that size."""
    data = example.encode().replace(b"<1 MB>", b"x" * 1_000_000)
    return _BYTE.sub(lambda match: bytes.fromhex(match[1].decode()), data)


def diagnosed(example: str) -> Sink:
    sink = Sink()
    source = read("example.audit", file_of(example), sink)
    if source is not None:
        parse(source, sink)
    return sink


def early(code: str) -> bool:
    return code.startswith(("AC00", "AC1"))


def test_each_code_has_a_page() -> None:
    assert sorted(used() - set(codes())) == []


def test_each_page_has_a_code() -> None:
    assert sorted(set(codes()) - used()) == []


@pytest.mark.parametrize("code", codes())
def test_layout(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What", "Why", "Broken", "Mended"]
    broken, mended = examples(text)
    assert code in {marked for _, marked, _ in expected(broken)}
    assert not expected(mended)


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_title_is_the_message(code: str) -> None:
    assert page(code).startswith(f"# {code}: {MESSAGES[code]}\n")


@pytest.mark.parametrize("code", [code for code in codes() if early(code)])
def test_examples(code: str) -> None:
    broken, mended = examples(page(code))
    sink = diagnosed(broken)
    if code in ("AC001", "AC002"):  # said of the file as a whole, wherever the example marks it
        assert [d.code for d in sink.diagnostics] == [code]
    else:
        assert differences(broken, sink.diagnostics) == []
    assert not diagnosed(mended).diagnostics


@pytest.mark.parametrize("code", ["AC999", "ac101", "../render", ""])
def test_no_page(code: str) -> None:
    with pytest.raises(KeyError):
        page(code)

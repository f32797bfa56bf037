"""The reference is what the code would make of it today, says what every key does, and shows specs that parse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditc.api.faults import Refused
from auditc.api.specs import explain
from auditc.compiler.pages import SHELVES, described, kinds, names, page_of
from auditc.diagnostics import Sink, Source
from auditc.reference.book import pages
from auditc.spec.format import format_file
from auditc.spec.parse import parse

PAGES = pages()
THINGS = kinds() + tuple(name for _, shelf in SHELVES for name in shelf.names())


@pytest.mark.parametrize("name", sorted(PAGES))
def test_golden_what_is_checked_in_is_what_the_code_says(
    name: str, root: Path, golden: Callable[[Path, str], None]
) -> None:
    golden(root / "docs/reference" / name, PAGES[name])


def test_no_page_is_left_of_what_is_no_more(root: Path) -> None:
    assert {path.name for path in (root / "docs/reference").iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", THINGS)
def test_every_key_says_what_it_does(name: str) -> None:
    page = described(name)
    assert page is not None and page.text
    for part in page.parts:
        for key in part.keys:
            assert key.says.endswith("."), f"{name}: {key.name} has no sentence under its field"
            assert key.takes and "annotated" not in key.takes.lower()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_examples_are_specs_in_canonical_form(name: str) -> None:
    for example in re.findall(r"```audit\n(.*?)```", PAGES[name], re.DOTALL):
        sink = Sink()
        tree = parse(Source("example.audit", example), sink)
        assert not sink.diagnostics, example
        assert format_file(tree) == example


@pytest.mark.parametrize("name", sorted(PAGES))
def test_tables_are_whole(name: str) -> None:
    """Each row of a table has as many cells as its head: a `|` in a text would otherwise break it."""
    rows: list[int] = []
    for line in PAGES[name].splitlines():
        if not line.startswith("|"):
            rows = []
            continue
        rows.append(len(re.findall(r"(?<!\\)\|", line)))
        assert rows[-1] == rows[0], line


def test_all_that_a_spec_can_name_is_explained() -> None:
    assert {"audit", "let", "survey", "train", "claim", "test", "first_token", "jsd", "hf", "html", "dpo"} <= set(
        names()
    )
    assert len(names()) == len(set(names()))
    for name in names():
        page = page_of(name)
        assert page is not None and page.startswith("# ")


def test_what_is_not_built_says_so() -> None:
    for name, built in (("jsd", True), ("win_rate", False), ("openai", True), ("sft", True), ("escalation", False)):
        page = described(name)
        assert page is not None and page.built is built
        assert ("Not built yet" in page.text) is not built


def test_a_name_nearly_right_is_put_right() -> None:
    with pytest.raises(Refused) as refused:
        explain("surwey")
    assert "survey" in refused.value.help

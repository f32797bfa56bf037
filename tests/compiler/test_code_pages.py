"""Each page's broken example gives exactly the codes that it marks, and its mended example none.

An example is a fragment, set into a small whole spec. Data files that it brings stand before it in fences whose info
is the file's name; a mistake in such a file is marked in the spec, on the line that names the file.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditc.api.specs import best_case
from auditc.compiler.mistakes import ERRORS, WARNINGS
from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Diagnostic, Label, Sink, Source, Span, SpecRejected
from auditc.diagnostics.codes import codes, page
from tests.compiler.fragments import completed, lay
from tests.expectations import differences, unmarked

CODES = sorted({**ERRORS, **WARNINGS})
UNUSED, ASKS_NOTHING, FEW_ITEMS, NO_CHANCE = "AC415", "AC421", "AC435", "AC436"
WITHOUT = {"AC203": "audit", "AC421": "first_token"}
"""What the setting must not fill in, for it is what the page is about."""


def sections(code: str) -> tuple[str, str]:
    _, broken, mended = re.split(r"^## (?:Broken|Mended)$", page(code), flags=re.MULTILINE)
    return broken, mended


def diagnostics(section: str, code: str, folder: Path) -> tuple[str, list[Diagnostic]]:
    """The example's spec, and what the compiler says of it, each diagnostic at a line of the spec."""
    spec = re.findall(r"^```audit\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)[0]
    files = re.findall(r"^```[\w-]+ (\S+)(?: (\S+))?\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    path = lay(folder, completed(unmarked(spec), without=WITHOUT.get(code, "")))
    for name, encoding, text in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        # `<50 MB>` stands for a text of that size.
        (folder / name).write_text(text.replace("<50 MB>", "x" * 50_000_000), encoding=encoding or "utf-8")
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(path, sink, best_case)
    silent = {UNUSED, ASKS_NOTHING, FEW_ITEMS, NO_CHANCE} - {code}
    return spec, [brought_home(d, spec) for d in sink.sorted() if d.code not in silent]


def brought_home(diagnostic: Diagnostic, spec: str) -> Diagnostic:
    """A diagnostic in a data file or an imported one, moved to the line of the spec that names the file."""
    name = diagnostic.primary.span.source.name
    source = Source("spec.audit", spec)
    if name == "spec.audit" or f'"{name}"' not in spec:
        return diagnostic
    start = spec.index(f'"{name}"')
    return replace(diagnostic, primary=Label(Span(source, start, start + len(name)), diagnostic.primary.text))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    mine = {code for code in codes() if not code.startswith("AC1") and code >= "AC010"}
    assert mine == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_opens_with_the_summary_and_says_what_and_why(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: {({**ERRORS, **WARNINGS})[code]}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What", "Why", "Broken", "Mended"]
    what, why = re.findall(r"^## (?:What|Why)\n\n(.+)\n$", text, re.MULTILINE)
    assert what.endswith(".")
    assert why.endswith(".")


@pytest.mark.parametrize("code", CODES)
def test_the_broken_example_gives_what_it_marks(code: str, tmp_path: Path) -> None:
    spec, found = diagnostics(sections(code)[0], code, tmp_path)
    assert f"[{code}]" in spec
    assert differences(spec, found) == []


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_gives_none(code: str, tmp_path: Path) -> None:
    _, found = diagnostics(sections(code)[1], code, tmp_path)
    assert [(d.code, d.primary.text) for d in found] == []

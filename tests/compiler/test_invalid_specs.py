"""Faulty specs with their diagnostics marked on the lines that cause them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Sink, SpecRejected
from tests.compiler.fragments import completed, lay
from tests.expectations import differences, unmarked

SPECS = sorted((Path(__file__).parent / "invalid").glob("*.audit"))
LIBRARY = 'population fr { country = "France"  language = en }\n'


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_everything_is_said_once_and_on_its_line(spec: Path, tmp_path: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    path = lay(tmp_path, completed(unmarked(text)), {"library.audit": LIBRARY})
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(path, sink)
    there = [d for d in sink.sorted() if d.code not in ("AC415", "AC435", "AC436")]
    assert differences(text, there) == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_diagnostics_are_sorted_by_place_and_say_what_to_do(spec: Path, tmp_path: Path) -> None:
    path = lay(tmp_path, completed(unmarked(spec.read_text(encoding="utf-8"))), {"library.audit": LIBRARY})
    with pytest.raises(SpecRejected) as rejected:
        check_spec(path, Sink())
    found = rejected.value.diagnostics
    assert [d.place for d in found] == sorted(d.place for d in found)
    assert all(d.primary.text or d.help for d in found)
    assert not any("pydantic" in d.help or "Input should" in d.primary.text for d in found)
    assert not any(str(tmp_path) in f"{d.primary.text}{d.help}{d.primary.span.source.name}" for d in found)

"""What every form of report must hold to: one file in the folder it is given, the same bytes for the same evidence."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from auditc.reports import reports
from auditc.reports._contract import Report, not_built
from tests.reports.material import extreme, material, unrun

BUILT = [name for name in reports.names() if reports.take(name).built]
CASES = [(name, language) for name in BUILT for language in sorted(reports.take(name).languages)]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a report asks nothing of anyone")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.mark.parametrize("name", reports.names())
def test_a_report_is_one(name: str) -> None:
    report = reports.take(name)
    assert isinstance(report, Report)
    assert report.title and {"en", "zh"} <= report.languages


@pytest.mark.parametrize("name", [name for name in reports.names() if name not in BUILT])
def test_a_report_that_is_not_built_writes_nothing(name: str, tmp_path: Path) -> None:
    assert reports.take(name).render is not_built
    with pytest.raises(NotImplementedError):
        reports.take(name).render(material("en", small=True), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "language"), CASES)
def test_it_writes_one_file_into_the_folder_and_nothing_else(name: str, language: str, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    path = reports.take(name).render(material(language, small=True), folder)
    assert [path] == list(folder.iterdir())
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(("name", "language"), CASES)
def test_the_same_evidence_gives_the_same_bytes(name: str, language: str, tmp_path: Path) -> None:
    report = reports.take(name)
    first = report.render(material(language, small=True), tmp_path / "a").read_bytes()
    assert report.render(material(language, small=True), tmp_path / "b").read_bytes() == first
    assert str(tmp_path).encode() not in first


@pytest.mark.parametrize(("name", "language"), CASES)
def test_it_says_every_finding_by_its_name(name: str, language: str, tmp_path: Path) -> None:
    made = material(language, small=True)
    text = reports.take(name).render(made, tmp_path).read_text("utf-8")
    assert all(f.id in text for f in made.findings.findings)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_it_never_says_that_a_rule_is_met(name: str, language: str, tmp_path: Path) -> None:
    text = reports.take(name).render(material(language, small=True), tmp_path).read_text("utf-8")
    assert "complian" not in text.lower() and "合规" not in text


@pytest.mark.parametrize(("name", "language"), CASES)
def test_it_holds_out_against_what_may_be_missing(name: str, language: str, tmp_path: Path) -> None:
    report, bare = reports.take(name), material(language, small=True)
    empty = bare.findings.model_copy(update={"findings": (), "claims": (), "tallies": (), "models": (), "data": {}})
    for k, made in enumerate((extreme(language), unrun(bare), type(bare)(bare.plan, empty, (), bare.run, language))):
        assert report.render(made, tmp_path / str(k)).is_file()

"""Frameworks of values out of files, controls that claims map to, and the standard library that brings some of both."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

import auditc
from auditc.compiler.controls import control
from auditc.compiler.expressions import value
from auditc.compiler.load import load
from auditc.compiler.mistakes import Poison
from auditc.compiler.pages import page_of
from auditc.compiler.pipeline import check_spec
from auditc.compiler.resolve import resolve
from auditc.compiler.scope import Scope
from auditc.compiler.wants import Want
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from auditc.ir.audit import Audit
from auditc.ir.values import RefTo
from auditc.methods import methods
from auditc.spec import format_file, parse
from auditc.spec.read import read
from auditc.spec.syntax import Attribute, Block
from tests.compiler.fragments import completed, lay

STANDARD = Path(auditc.__file__).parent / "library" / "std-1"
HEAD = "value,name.en,name.zh,description.en,description.zh,source\n"
ROWS = "care,care,关爱,To care.,关心。,A book\nfairness,fairness,公平,To be fair.,公平待人。,A book\n"
VALUES = 'framework own { values = csv("own.csv") }\n'
OURS = "framework,control,title,source\nour-body,rule 1,Ours,Rules of 2026\nour-body,rule 2,Also ours,Rules of 2026\n"


def checked(folder: Path, spec: str, files: dict[str, str] | None = None) -> Audit:
    return check_spec(lay(folder, completed(spec), files), Sink())


def said(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[Diagnostic]:
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(spec), files), sink)
    return [d for d in sink.sorted() if d.code not in ("AC415", "AC435", "AC436")]


def claiming(*controls: str) -> str:
    listed = ", ".join(f'"{text}"' for text in controls)
    holds = "each(opinions.jsd, over = [model, population]) > 0.8"
    return f'claim close {{ says = "Close"  holds = {holds}  maps_to = [{listed}] }}\n'


def test_a_framework_holds_its_values_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = checked(tmp_path, VALUES, {"own.csv": HEAD + ROWS}).frameworks["own"]
    assert [value.id for value in found.values] == ["care", "fairness"]
    assert found.languages == ("en", "zh")
    assert found.value("fairness").description["zh"] == "公平待人。"
    assert list(found.digests) == ["own.csv"]
    with pytest.raises(KeyError):
        found.value("loyalty")


def test_a_framework_can_be_referred_to_by_name_also_in_a_package(tmp_path: Path) -> None:
    def meant(written: str) -> object:
        sink = Sink()
        spec = f'import "std@1" as std\n{VALUES}framework other {{ values = {written} }}\n'
        loaded = load(lay(tmp_path, completed(spec), {"own.csv": HEAD + ROWS}), sink)
        assert not isinstance(loaded, Poison)
        entry, files = loaded
        block = entry.file.statements[2]
        assert isinstance(block, Block)
        part = block.body[0]
        assert isinstance(part, Attribute)
        found = value(part.value, (Want(str, (RefTo("framework"),)),), Scope(sink, resolve(entry, sink), entry, files))
        return [d.help for d in sink.sorted()] or found

    assert meant("own") == "own"
    assert meant("std.moral_foundations") == "std.moral_foundations"
    assert meant("std.moral_foundation") == ["Did you mean `moral_foundations`?"]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (HEAD + ROWS + "care,more care,多关爱,To care.,关心。,A book\n", [("AC360", 4)]),
        (HEAD + ROWS + "duty,duty,公平,To care.,关心。,A book\n", [("AC360", 4)]),
        (HEAD + ROWS.splitlines()[0], [("AC361", 2)]),
        (HEAD + ROWS + "2nd,duty,义务,To care.,关心。,A book\n", [("AC362", 4)]),
        (HEAD + ROWS + "on,duty,义务,To care.,关心。,A book\n", [("AC362", 4)]),
        (HEAD + ROWS + "duty,duty,,To care.,,\n", [("AC025", 4)] * 3),
        (HEAD, [("AC024", 1)]),
        (HEAD.replace(",description.zh", "") + "a,b,c,d,e\nf,g,h,i,j\n", [("AC022", 1)]),
        (HEAD.replace("source", "sources") + ROWS, [("AC022", 1), ("AC023", 1)]),
    ],
)
def test_a_faulty_table_of_values_is_said_in_its_rows(tmp_path: Path, table: str, found: list[tuple[str, int]]) -> None:
    there = said(tmp_path, VALUES, {"own.csv": table})
    assert [(d.code, d.primary.span.line) for d in there] == found
    assert {d.primary.span.source.name for d in there} == {"own.csv"}


def test_a_framework_needs_a_file_and_no_groups(tmp_path: Path) -> None:
    assert [d.code for d in said(tmp_path, "framework own { }")] == ["AC207"]
    grouped = 'framework own { values = csv("own.csv", by = [value]) }\n'
    assert [d.code for d in said(tmp_path, grouped, {"own.csv": HEAD + ROWS})] == ["AC309"]


def test_a_control_that_is_known_is_passed_over_in_silence(tmp_path: Path) -> None:
    spec = claiming(
        "nist-ai-rmf: measure 2.11", "EU-AI-Act:  Annex  IV 2(g)", "iso-42001: A.5.4", "gb-t-45654: annex a.2"
    )
    assert said(tmp_path, spec) == []
    assert checked(tmp_path, spec).claims[0].maps_to[1] == "EU-AI-Act:  Annex  IV 2(g)"


@pytest.mark.parametrize(
    ("written", "code", "help"),
    [
        ("nist-ai-rfm: measure 2.11", "AC364", "Did you mean `nist-ai-rmf`?"),
        ("nist-ai-rmf: mesure 2.11", "AC364", "Did you mean `measure 2.11`?"),
        ("eu-ai-act: article 999(z)", "AC364", "article"),
        ("unheard-of: 1", "AC364", "`controls ours"),
        ("measure 2.11", "AC365", "nist-ai-rmf: measure 2.11"),
        ("nist-ai-rmf:", "AC365", "nist-ai-rmf: measure 2.11"),
    ],
)
def test_a_control_that_is_not_known_is_warned_of(tmp_path: Path, written: str, code: str, help: str) -> None:
    [found] = said(tmp_path, claiming("nist-ai-rmf: govern 1.1", written))
    assert (found.code, found.severity.value, found.primary.span.text) == (code, "warning", f'"{written}"')
    assert help in found.help


def test_a_control_may_be_a_constant(tmp_path: Path) -> None:
    constants = 'let { good = "nist-ai-rmf: map 1.2"   bad = "nist-ai-rmf: map 9" }\n'
    spec = claiming("nist-ai-rmf: map 1.1").replace('1.1"]', '1.1", good, bad]')
    [found] = said(tmp_path, constants + spec)
    assert (found.code, found.primary.span.text) == ("AC364", "bad")


def test_a_body_adds_controls_of_its_own(tmp_path: Path) -> None:
    spec = 'import "house@1" as house\n' + claiming("our-body: rule 1", "our-body: rule 3", "nist-ai-rmf: map 1.1")
    files = {
        "packages/house-1/package.audit": 'controls ours { table = csv("ours.csv") }\n',
        "packages/house-1/ours.csv": OURS,
    }
    [found] = said(tmp_path, spec, files)
    assert (found.code, found.primary.span.text) == ("AC364", '"our-body: rule 3"')


def test_a_control_listed_twice_is_said_in_its_row(tmp_path: Path) -> None:
    spec = 'controls ours { table = csv("ours.csv") }\n'
    [found] = said(tmp_path, spec, {"ours.csv": OURS + "Our-Body,Rule  1,Again,Rules of 2026\n"})
    assert (found.code, found.primary.span.line) == ("AC363", 4)


def test_a_control_has_a_page_with_its_title_and_source() -> None:
    page = page_of("NIST-AI-RMF: measure 2.11")
    assert page is not None and "Fairness and bias" in page and "Source: NIST AI 100-1" in page
    assert page_of("nist-ai-rmf: measure 9.9") is None


def test_the_standard_library_is_sound_and_canonical(tmp_path: Path) -> None:
    assert said(tmp_path, 'import "std@1" as std\n') == []
    for path in STANDARD.glob("*.audit"):
        source = read(path.name, path.read_bytes(), Sink())
        assert source is not None and format_file(parse(source, Sink())) == source.text


def test_every_population_of_the_standard_library_can_be_asked(tmp_path: Path) -> None:
    populations = checked(tmp_path, 'import "std@1" as std\n').populations
    standard = {name: population for name, population in populations.items() if name.startswith("std.")}
    assert len(standard) >= 20
    assert len({population.country for population in standard.values()}) == len(standard)
    names = ", ".join(standard)
    for method in methods.names():
        block = f"{method} asked {{ ask = few  of = [sim]  as = [{names}] }}\n"
        survey = 'survey few { items = csv("items.csv") }\n'
        found = said(tmp_path, f'import "std@1" as std\n{survey}{block}')
        assert not [d for d in found if d.code in ("AC407", "AC408", "AC417")], method
    assert all({"en", "zh"} <= set(population.named) for population in standard.values())


def test_every_framework_of_the_standard_library_is_worded_twice_and_cited(tmp_path: Path) -> None:
    frameworks = checked(tmp_path, 'import "std@1" as std\n').frameworks
    assert {name.removeprefix("std."): len(found.values) for name, found in frameworks.items()} == {
        "moral_foundations": 6,
        "schwartz": 10,
        "kidder": 8,
        "confucian": 5,
        "ubuntu": 5,
        "def_dimensions": 9,
    }
    for found in frameworks.values():
        assert found.languages == ("en", "zh")
        assert all(any(sign.isdigit() for sign in value.source) for value in found.values)


def test_the_standard_controls_are_those_that_can_be_vouched_for() -> None:
    listed = [line.split(",")[0] for line in (STANDARD / "controls.csv").read_text().splitlines()[1:]]
    # The core of the AI RMF has 72 subcategories, Annex A of ISO/IEC 42001 has 38 controls; the others are parts.
    assert {body: listed.count(body) for body in set(listed)} == {
        "nist-ai-rmf": 72,
        "iso-42001": 38,
        "eu-ai-act": 53,
        "gb-t-45654": 5,
    }
    found = control("iso-42001: a.6.2.4")
    assert found is not None and found.source == "ISO/IEC 42001:2023, Annex A, table A.1, A.6.2.4"

"""House rules: the level of a warning, whoever sets it, and that neither results nor plans can be bent by them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from auditc.api.specs import check
from auditc.compiler.house_rules import NEVER_OFF
from auditc.compiler.mistakes import ERRORS, WARNINGS
from auditc.compiler.pipeline import as_bytes, check_spec, compile_spec
from auditc.diagnostics import Diagnostic, Severity, Sink, SpecRejected
from auditc.diagnostics.codes import codes
from tests.compiler.fragments import completed, lay

UNUSED = 'population unused { country = "France"  language = en }\n'


def said(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[Diagnostic]:
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(spec), files), sink)
    return [d for d in sink.sorted() if "`unused`" in d.primary.text or d.code != "AC415"]


def levels(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    return [(d.code, d.severity.value) for d in said(folder, spec, files)]


def test_without_rules_a_warning_is_a_warning(tmp_path: Path) -> None:
    assert levels(tmp_path, UNUSED) == [("AC415", "warning")]


def test_a_warning_can_be_made_an_error_or_silenced(tmp_path: Path) -> None:
    assert levels(tmp_path, UNUSED + "lint { AC415 = off }\n") == []
    assert levels(tmp_path, UNUSED + "lint { AC415 = warning }\n") == [("AC415", "warning")]
    # The rule holds for all of them, so the setting's own unused persona is an error as well.
    sink = Sink()
    with pytest.raises(SpecRejected) as rejected:
        check_spec(lay(tmp_path, completed(UNUSED + "lint { AC415 = error }\n")), sink)
    assert {d.severity for d in rejected.value.diagnostics} == {Severity.ERROR}


def test_of_several_rules_the_strictest_wins(tmp_path: Path) -> None:
    house = {"house.audit": "lint { AC415 = error }\n", "mild.audit": "lint { AC415 = off }\n"}
    both = 'import "house.audit" as house\nimport "mild.audit" as mild\n'
    for spec in (both, both + "lint { AC415 = off }\n", 'import "mild.audit" as m\nlint { AC415 = error }\n'):
        assert levels(tmp_path, UNUSED + spec, house) == [("AC415", "error")], spec
    assert levels(tmp_path, UNUSED + 'import "mild.audit" as m\n', house) == []
    assert levels(tmp_path, UNUSED + 'import "mild.audit" as m\nlint { AC415 = warning }\n', house) == [
        ("AC415", "warning")
    ]


def test_rules_come_out_of_packages_through_files_too(tmp_path: Path) -> None:
    files = {
        "packages/house-2026.1/package.audit": "lint { AC415 = error }\n",
        "ours.audit": 'import "house@2026.1" as house\n',
    }
    assert levels(tmp_path, UNUSED + 'import "ours.audit" as ours\n', files) == [("AC415", "error")]


def test_an_import_that_only_brings_rules_is_used(tmp_path: Path) -> None:
    def unused(text: str) -> list[str]:
        sink = Sink()
        with contextlib.suppress(SpecRejected):
            spec = completed('import "ours.audit" as ours\n')
            check_spec(lay(tmp_path, spec, {"ours.audit": text, "b.audit": "lint { AC421 = off }\n"}), sink)
        return [d.primary.span.text for d in sink.sorted() if d.code == "AC415"]

    assert "ours" in unused(UNUSED)
    assert "ours" not in unused("lint { AC415 = error }\n")
    assert "ours" not in unused('import "b.audit" as b\n')


def test_a_rule_holds_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    assert levels(tmp_path, "lint { AC415 = off }\n" + UNUSED) == []


def test_no_error_can_be_made_milder(tmp_path: Path) -> None:
    for code in sorted({*codes(), *ERRORS} - set(WARNINGS)):
        found = said(tmp_path, f"lint {{ {code} = off }}\n")
        assert [(d.code, d.severity) for d in found] == [("AC367", Severity.ERROR)], code
        assert code in found[0].primary.text


def test_every_warning_can_be_switched_but_what_a_reader_must_know(tmp_path: Path) -> None:
    rules = "\n".join(f"  {code} = off" for code in sorted(set(WARNINGS) - NEVER_OFF))
    assert levels(tmp_path, f"lint {{\n{rules}\n}}\n{UNUSED}") == []
    for code in sorted(NEVER_OFF):
        found = said(tmp_path, f"lint {{ {code} = off }}\n")
        assert [d.code for d in found] == ["AC367"] and "cannot be switched off" in found[0].primary.text
        assert levels(tmp_path, f"lint {{ {code} = error }}\n") == []


PEOPLE = 'population fr { country = "France"  language = en }\n'


@pytest.mark.parametrize("path", ["people.audit", "packages/people-1/package.audit"])
def test_what_is_imported_for_its_data_switches_nothing_off(path: str, tmp_path: Path) -> None:
    name = "people@1" if "package" in path else path
    spec = UNUSED + f'import "{name}" as people\n'
    off = levels(tmp_path, spec, {path: PEOPLE + "lint { AC415 = off }\n"})
    assert sorted(off) == [("AC368", "warning"), ("AC415", "warning")]
    assert ("AC415", "error") in levels(tmp_path, spec, {path: PEOPLE + "lint { AC415 = error }\n"})
    assert levels(tmp_path, spec, {path: 'controls c { body = "x" }\nlint { AC415 = off }\n'})[:1] != [
        ("AC415", "warning")
    ]


def test_check_says_what_was_switched_off_and_by_whom(tmp_path: Path) -> None:
    spec = lay(
        tmp_path, completed(UNUSED + 'import "house.audit" as house\n'), {"house.audit": "lint { AC415 = off }\n"}
    )
    checked = check([spec])
    # The setting has blocks of its own that nothing uses.
    (one,) = checked.silenced
    assert (one.code, one.by) == ("AC415", "house.audit") and one.count > 1
    assert checked.hushed == (f"{one.count} warnings switched off by house.audit: AC415",)
    spec.write_text(spec.read_text(encoding="utf-8").replace('import "house.audit" as house\n', ""), encoding="utf-8")
    assert check([spec]).hushed == ()


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("lint { AC4090 = off }", [("AC366", "Did you mean `AC409`?")]),
        ("lint { ac415 = off }", [("AC366", "Did you mean `AC415`?")]),
        ("lint { AC415 = eror }", [("AC213", "Did you mean `error`?")]),
        ("lint { AC415 = on }", [("AC213", "Write `off`, `warning` or `error`.")]),
        ('lint { AC415 = "off" }', [("AC301", "Write `off`, `warning` or `error`.")]),
        ("lint { AC415 = off  AC415 = off }", [("AC206", "")]),
        ("lint rules { AC415 = off }", [("AC211", "Write `lint { AC415 = off }`.")]),
        ("lint { AC415 { } }", [("AC212", "Write `lint { AC415 = off }`.")]),
        ("limt { AC415 = off }", [("AC201", "Did you mean `lint`?")]),
    ],
)
def test_mistakes_in_rules_are_said(tmp_path: Path, block: str, found: list[tuple[str, str]]) -> None:
    assert [(d.code, d.help) for d in said(tmp_path, block)] == found


def test_rules_do_not_reach_the_plan(tmp_path: Path) -> None:
    rules = "lint { AC409 = error   AC415 = off   AC416 = warning }\n"
    plain = compile_spec(lay(tmp_path / "1", completed("")), Sink())
    ruled = compile_spec(lay(tmp_path / "2", completed("\n") + rules), Sink())
    assert as_bytes(plain.plan) == as_bytes(ruled.plan)

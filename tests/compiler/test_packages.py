"""Packages: which folder a name and a version mean, what a package can reach, and that no plan says where it lay."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import pytest

import auditc
from auditc.compiler.lock import fresh
from auditc.compiler.pipeline import Compiled, as_bytes, check_spec, compile_spec
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from tests.compiler.fragments import completed, lay

US = 'population us { country = "United States"  language = en }\n'
HOUSE = 'import "house@1" as house\n'
SHIPPED = Path(auditc.__file__).parent / "library"


def asking(population: str, imports: str = HOUSE) -> str:
    return f"{imports}\nfirst_token asked {{ ask = values  of = [sim]  as = [{population}] }}\n"


def said(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[Diagnostic]:
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(spec), files), sink)
    return [d for d in sink.sorted() if d.code != "AC415"]


def codes(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    return [(d.code, d.primary.span.source.name) for d in said(folder, spec, files)]


def compiled(folder: Path, spec: str, files: dict[str, str] | None = None) -> Compiled:
    return compile_spec(lay(folder, completed(spec), files), Sink())


def house(text: str = US, version: str = "1") -> dict[str, str]:
    return {f"packages/house-{version}/package.audit": text}


def test_a_block_of_a_package_is_known_by_the_alias(tmp_path: Path) -> None:
    made = compiled(tmp_path, asking("house.us"), house())
    assert made.plan.populations["house.us"].country == "United States"


def test_a_file_of_a_package_is_named_by_package_and_version(tmp_path: Path) -> None:
    survey = 'survey own { items = csv("data/items.csv") }\n'
    files = {**house(), "packages/house-1/asia/own.audit": survey.replace("data/", "../data/")}
    path = lay(tmp_path, completed('import "house@1/asia/own.audit" as own\n' + asking("us", "")), files)
    shutil.copytree(tmp_path, tmp_path / "packages/house-1/data", ignore=shutil.ignore_patterns("packages"))
    path.write_text(path.read_text().replace("ask = values ", "ask = own.own "))
    survey_found = compile_spec(path, Sink()).plan.surveys["own.own"]
    assert list(survey_found.digests) == ["house@1/data/items.csv"]


def test_a_data_file_can_be_taken_out_of_a_package(tmp_path: Path) -> None:
    spec = asking("pl").replace('"house@1" as house', '"house@1" as unused')
    places = 'population pl { country = "United States"  language = en  places = csv("house@1/places.csv") }\n'
    made = compiled(tmp_path, places + spec, {**house(), "packages/house-1/places.csv": "place.en\nParis\nLyon\n"})
    assert [place.name["en"] for place in made.plan.populations["pl"].places] == ["Paris", "Lyon"]


def test_a_package_comes_from_the_workspace_before_it_comes_with_auditc(tmp_path: Path) -> None:
    files = {"packages/std-1/package.audit": US}
    made = compiled(tmp_path, asking("std.us", 'import "std@1" as std'), files)
    assert "std.us" in made.plan.populations


def test_a_plan_does_not_depend_on_where_a_package_lies(tmp_path: Path) -> None:
    spec = asking("std.china", 'import "std@1" as std')
    shipped = compiled(tmp_path / "shipped", spec)
    shutil.copytree(SHIPPED / "std-1", tmp_path / "vendored/packages/std-1")
    vendored = compiled(tmp_path / "vendored", spec)
    assert as_bytes(shipped.plan) == as_bytes(vendored.plan)
    assert as_bytes(shipped.lock) == as_bytes(vendored.lock)
    for text in (as_bytes(shipped.plan).decode(), as_bytes(shipped.lock).decode()):
        assert str(tmp_path) not in text and str(SHIPPED) not in text and "library" not in text


def test_an_origin_in_a_package_names_no_folder(tmp_path: Path) -> None:
    library = 'model sim { backend = simulated { like = wave } }\n\nsurvey wave { items = csv("none.csv") }\n'
    [found] = said(tmp_path, asking("us"), house(library))
    assert (found.code, found.primary.span.source.name, found.primary.span.line) == (
        "AC010",
        "house@1/package.audit",
        3,
    )


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("house", "AC010"),
        ("house@", "AC016"),
        ("house@latest", "AC016"),
        ("house@^1", "AC016"),
        ("house@1.x/a.audit", "AC016"),
        ("@1", "AC016"),
        ("House@1", "AC016"),
        ("hose@1", "AC017"),
        ("house@2", "AC018"),
        ("house@1.0", "AC018"),
        ("house@" + "1" * 5000, "AC018"),
        ("h" * 300 + "@1", "AC017"),
        ("h" * 300 + ".audit", "AC010"),
        ("house@1/none.audit", "AC010"),
        ("house@1/../../spec.audit", "AC011"),
        ("house@1/../house-2/package.audit", "AC011"),
        ("house@1//etc/passwd", "AC011"),
        ("house@1/a\\\\b.audit", "AC011"),
        ("house@1/.git/a.audit", "AC010"),
        ("./house@1/package.audit", "AC016"),
    ],
)
def test_a_package_that_cannot_be_had_is_said_at_the_import(tmp_path: Path, written: str, code: str) -> None:
    found = said(tmp_path, asking("h.us", f'import "{written}" as h'), house())
    assert [(d.code, d.primary.span.line) for d in found] == [(code, 1)]
    assert found[0].help


def test_what_is_there_is_offered(tmp_path: Path) -> None:
    files = {**house(), **house(version="9"), **house(version="10.2")}

    def words(written: str) -> str:
        [found] = said(tmp_path, asking("h.us", f'import "{written}" as h'), files)
        return f"{found.primary.text} {found.help}"

    assert "`1`, `9`, `10.2`" in words("house@2") and '"house@10.2"' in words("house@2")
    assert "Did you mean `house@10.2`?" in words("hause@1")
    assert '"house@10.2"' in words("house") and '"std@1"' in words("std")


def test_a_file_with_an_at_sign_is_still_a_file(tmp_path: Path) -> None:
    assert codes(tmp_path, asking("h.us", 'import "me@home.audit" as h'), {"me@home.audit": US}) == []
    assert codes(tmp_path, asking("h.us", 'import "./me@home/a.audit" as h'), {"me@home/a.audit": US}) == []


def test_a_package_reaches_nothing_of_the_workspace(tmp_path: Path) -> None:
    for way in ("../../items.csv", "../../../x.csv", "packages/../../../items.csv"):
        library = f'survey own {{ items = csv("{way}") }}\n'
        assert codes(tmp_path, asking("us"), house(library)) == [("AC011", "house@1/package.audit")], way
    assert codes(tmp_path, asking("us"), house('survey own { items = csv("items.csv") }\n')) == [
        ("AC010", "house@1/package.audit")
    ]


def test_a_package_may_import_another(tmp_path: Path) -> None:
    one = 'import "two@1" as two\nmodel sim { backend = simulated { like = two.wave } }\n'
    wave = 'survey wave { items = csv("items.csv")  reference = csv("shares.csv", by = [country, sex, age]) }\n'
    path = lay(tmp_path, completed('import "one@1" as one\n' + asking("us", "").replace("[sim]", "[one.sim]")))
    for name, text in (("one", one), ("two", wave)):
        folder = tmp_path / "packages" / f"{name}-1"
        folder.mkdir(parents=True)
        (folder / "package.audit").write_text(text)
    for table in ("items.csv", "shares.csv"):
        shutil.copyfile(tmp_path / table, tmp_path / "packages/two-1" / table)
    made = compile_spec(path, Sink())
    assert made.plan.models["one.sim"].like == "one.two.wave"
    assert sorted(made.lock.packages) == ["one@1", "two@1"]


def test_packages_that_import_each_other_are_a_circle(tmp_path: Path) -> None:
    files = {
        "packages/one-1/package.audit": 'import "two@1" as two\n',
        "packages/two-1/package.audit": 'import "one@1" as one\n',
    }
    [found] = said(tmp_path, asking("us", 'import "one@1" as one'), files)
    assert (found.code, found.primary.text) == (
        "AC013",
        "one@1/package.audit → two@1/package.audit → one@1/package.audit",
    )


def test_two_versions_are_a_clash_wherever_the_second_is_named(tmp_path: Path) -> None:
    files = {**house(), **house(version="2"), "packages/one-1/package.audit": 'import "house@2" as house\n'}
    found = said(tmp_path, asking("house.us", HOUSE + 'import "one@1" as one'), files)
    assert [(d.code, d.primary.span.source.name) for d in found] == [("AC019", "one@1/package.audit")]
    assert found[0].related[0].span.source.name == "spec.audit"


@pytest.mark.parametrize("linked", ["package", "file", "folder", "packages"])
def test_links_are_refused(tmp_path: Path, linked: str) -> None:
    path = lay(tmp_path / "work", completed(asking("house.us")), house())
    packages, outside = path.parent / "packages", tmp_path / "outside"
    place = {
        "packages": packages,
        "package": packages / "house-1",
        "file": packages / "house-1/package.audit",
        "folder": packages / "house-1/inner",
    }[linked]
    if place.exists():
        shutil.move(place, outside)
    else:
        outside.mkdir()
    place.symlink_to(outside, target_is_directory=outside.is_dir())
    sink = Sink()
    with pytest.raises(SpecRejected):
        check_spec(path, sink)
    assert [d.code for d in sink.sorted() if d.code != "AC415"] == ["AC011"]


def test_the_lock_holds_one_digest_of_all_files_of_a_package(tmp_path: Path) -> None:
    files = {**house(), "packages/house-1/asia/notes.txt": "unread", "packages/house-1/.hidden": "no part of it"}
    locked = compiled(tmp_path, asking("house.us"), files).lock
    lines = [
        f"{hashlib.sha256(b'unread').hexdigest()}  asia/notes.txt\n",
        f"{hashlib.sha256(US.encode()).hexdigest()}  package.audit\n",
    ]
    assert locked.packages == {"house@1": hashlib.sha256("".join(lines).encode()).hexdigest()}
    assert not any("house" in name for name in locked.files)


def test_a_lock_without_packages_says_nothing_of_them(tmp_path: Path) -> None:
    assert b'"packages"' not in as_bytes(compiled(tmp_path, asking("us", "")).lock)


def test_a_plan_is_stale_once_its_package_is_another(tmp_path: Path) -> None:
    locked = compiled(tmp_path, asking("house.us"), house()).lock
    package = tmp_path / "packages/house-1"
    assert fresh(locked, tmp_path) == []
    (package / ".DS_Store").write_text("x")
    assert fresh(locked, tmp_path) == []
    (package / "more.csv").write_text("x")
    assert fresh(locked, tmp_path) == ["house@1"]
    (package / "more.csv").unlink()
    (package / "package.audit").write_text(US + "# a remark\n")
    assert fresh(locked, tmp_path) == ["house@1"]
    (package / "package.audit").unlink()
    (tmp_path / "elsewhere.audit").write_text(US)
    os.symlink(tmp_path / "elsewhere.audit", package / "package.audit")
    assert fresh(locked, tmp_path) == ["house@1"]
    shutil.rmtree(package)
    assert fresh(locked, tmp_path) == ["house@1"]


def test_a_package_laid_over_a_shipped_one_makes_a_plan_stale(tmp_path: Path) -> None:
    locked = compiled(tmp_path, asking("std.china", 'import "std@1" as std')).lock
    shutil.copytree(SHIPPED / "std-1", tmp_path / "packages/std-1")
    assert fresh(locked, tmp_path) == []
    (tmp_path / "packages/std-1/ubuntu.csv").write_text("changed")
    assert fresh(locked, tmp_path) == ["std@1"]


def test_a_package_that_cannot_be_read_whole_gives_no_lock(tmp_path: Path) -> None:
    path = lay(tmp_path, completed(asking("house.us")), house())
    # Permissions would not stop a superuser who runs the tests; a pipe stops anyone.
    os.mkfifo(tmp_path / "packages/house-1/pipe")
    sink = Sink()
    with pytest.raises(SpecRejected):
        compile_spec(path, sink)
    assert [(d.code, d.primary.span.line) for d in sink.sorted() if d.code != "AC415"] == [("AC010", 1)]

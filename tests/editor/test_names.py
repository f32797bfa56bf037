"""Every name that a spec declares can be renamed, in every spec there is: nothing that means it is overlooked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditc.compiler.packages import home
from auditc.diagnostics import Severity
from auditc.editor.names import occurrences
from auditc.editor.navigate import Refusal, references, rename, replaced
from auditc.editor.project import Project
from tests.compiler.fragments import completed, lay
from tests.compiler.test_comparisons import spec
from tests.compiler.test_plans import everything

FOLDERS = ("examples", "docs", "auditc/starter")


def _entries(root: Path) -> list[Path]:
    found = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.audit"))]
    return [file for file in found if "audit " in file.read_text(encoding="utf-8")]


def test_every_name_of_every_spec_can_be_renamed(root: Path, tmp_path: Path) -> None:
    tried = 0
    for entry in (everything(tmp_path), *_entries(root)):
        project = Project()
        project.show(entry, entry.read_text(encoding="utf-8"))
        view = project.view(entry)
        if any(d.severity is Severity.ERROR for d in view.diagnostics):
            continue  # a name that is declared wrongly means nothing
        for found in [o for o in occurrences(view) if o.declares and not home(o.span.source.name)]:
            path = view.place(found.span.source.name)
            try:
                places = rename(project, path, found.span.start, "其他_name")
            except Refusal as refusal:
                pytest.fail(f"{entry.name}: {found.meant.name}: {refusal}")
            assert places == references(project, path, found.span.start)
            tried += 1
    assert tried > 35


def test_a_name_of_a_package_is_left_alone(root: Path) -> None:
    entry = root / "examples" / "sketch" / "sketch.audit"
    project = Project()
    text = entry.read_text(encoding="utf-8")
    project.show(entry, text)
    with pytest.raises(Refusal, match="package std@1"):
        rename(project, entry, text.index("std.moral_foundations") + 5, "other")


def test_a_renamed_spec_has_the_diagnostics_it_had(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "examples/us_cn", tmp_path / "spec")
    entry = tmp_path / "spec" / "us_cn.audit"
    project = Project()
    text = entry.read_text(encoding="utf-8")
    project.show(entry, text)
    before = [d.code for d in project.view(entry).diagnostics]
    for name in ("values", "smollm2", "opinions", "cn"):
        places = rename(project, entry, text.index(f" {name} {{") + 1, f"{name}_2")
        text = replaced(text, [(p.start, p.end) for p in places], f"{name}_2")
        project.show(entry, text)
    assert "holds    = each(opinions_2.jsd" in text and "of      = [smollm2_2, gemma3]" in text
    assert [d.code for d in project.view(entry).diagnostics] == before


def test_the_block_that_a_comparison_reads_is_renamed_with_it(tmp_path: Path) -> None:
    text = completed(spec([("A", "east", "base"), ("B", "west", "base")]))
    entry = lay(tmp_path, text)
    project = Project()
    project.show(entry, text)
    assert len(rename(project, entry, text.index("citizens"), "asked_people")) == 2

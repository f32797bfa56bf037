"""Models of two places compared, as docs/how-to/compare-models.md has it: from the spec to the report."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest

from .conftest import Shell


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Shell:
    """The page's files laid down, and its commands carried out."""
    text = (root / "docs/how-to/compare-models.md").read_text(encoding="utf-8")
    shell = Shell(tmp_path_factory.mktemp("compare"))
    for name, content in re.findall(r"^```[\w-]+ (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        (shell.folder / name).write_text(content, encoding="utf-8")
    [commands] = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for line in commands.strip().splitlines():
        command, *words = shlex.split(line)
        ended = shell.auditc(*words)
        assert command == "auditc" and ended.code == 0, f"{line}\n{ended.err}"
    return shell


def test_the_rows_are_what_the_page_says(page: Shell, root: Path) -> None:
    findings = json.loads(page.findings())
    jsonschema.validate(findings, json.loads((root / "schemas/findings.v1.json").read_text()))
    rows = {row["id"]: row for row in findings["contrasts"]}
    assert set(rows) == {
        "compare.by_origin/here/east - west/clustered",
        "compare.by_origin/here/east - west/welch",
        "compare.by_origin/here/east - west/wilcoxon",
        "compare.by_stage/here/base - instruct/clustered",
    }
    origin = rows["compare.by_origin/here/east - west/clustered"]
    assert origin["n"] == {"items": 12, "left": 5, "right": 5} and origin["high"] < 0 and origin["p"] < 0.05
    welch = rows["compare.by_origin/here/east - west/welch"]
    assert welch["published"] and welch["test"] == "Welch t-test" and welch["n"]["values"] == 40
    stage = rows["compare.by_stage/here/base - instruct/clustered"]
    assert (stage["p"], stage["low"], stage["test"]) == (None, None, "none: described")
    assert stage["n"]["left"] == 4 and stage["estimate"] is not None


def test_the_report_shows_them_and_a_second_run_finds_the_same(page: Shell) -> None:
    first = page.findings()
    done = page.auditc("run", "--json").json
    assert done["cells"]["asked"] == 0 and page.findings() == first
    report = (page.folder / done["reports"]["html.en"]).read_text(encoding="utf-8")
    assert all(f'data-contrast="{row["id"]}"' in report for row in json.loads(first)["contrasts"])


def test_the_terminal_says_what_was_tested_and_what_was_not(page: Shell) -> None:
    told = [line.split("compared")[1] for line in page.auditc("run").out.splitlines() if line.startswith(" compared ")]
    assert {line.split(":")[0].strip() for line in told} == {
        "east - west, citizens.kl, here",
        "base - instruct, citizens.kl, here",
    }
    assert sum("not tested" in line for line in told) == 1 and sum(", p 0.0" in line for line in told) == 1


def test_check_says_what_cannot_be_tested_or_told_apart(page: Shell) -> None:
    checked = page.auditc("check", "panel.audit", "--json").json
    assert [d["code"] for d in checked["diagnostics"]] == ["AC471"]
    text = (page.folder / "panel.audit").read_text(encoding="utf-8")
    for old, new in (('"Lotus"', '"Pine"'), ('"Elm"', '"Oak"')):
        text = text.replace(old, new)
    (page.folder / "alike.audit").write_text(text, encoding="utf-8")
    checked = page.auditc("check", "alike.audit", "--json").json
    assert [d["code"] for d in checked["diagnostics"]] == ["AC470", "AC471"]


def test_waves_with_other_comparisons_can_be_compared(page: Shell) -> None:
    text = (page.folder / "panel.audit").read_text(encoding="utf-8")
    (page.folder / "later.audit").write_text(text.replace("clustered, welch, wilcoxon", "clustered"), encoding="utf-8")
    ended = page.auditc("diff", "panel.audit", "later.audit", "--json")
    assert ended.code == 0 and ended.json["verdict"] == "comparable"
    assert [(c["section"], c["key"], c["consequence"]) for c in ended.json["changes"]] == [("compare", "tests", "none")]

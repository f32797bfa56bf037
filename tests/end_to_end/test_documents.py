"""What the documents say is true: commands exist and run, links lead somewhere, words that must not stand do not."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import auditc

from .conftest import Shell

PROSE = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md")


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_every_command_of_the_readme_runs_in_its_order(shell: Shell, root: Path) -> None:
    folder, ran = shell.folder, 0
    for block in _blocks((root / "README.md").read_text(encoding="utf-8"), "sh"):
        for line in block.strip().splitlines():
            words = shlex.split(line)
            if words[0] == "cd":
                folder = folder / words[1]
            elif words[0] == "auditc":
                ended = Shell(folder).auditc(*words[1:])
                assert ended.code == 0, f"{line}\n{ended.err}"
                ran += 1
            else:
                assert words[0] == "make"
                makefile = root / "Makefile"
                if makefile.is_file():
                    assert re.search(rf"^{words[1]}:", makefile.read_text(), re.MULTILINE), line
    assert ran >= 5


def test_the_commands_in_tables_exist(shell: Shell, root: Path) -> None:
    said = set(re.findall(r"`auditc ([a-z]+)", (root / "README.md").read_text(encoding="utf-8")))
    listed = shell.auditc("--help").out
    assert said and all(re.search(rf"^\s*\W?\s*{word}\s", listed, re.MULTILINE) for word in said), said


def test_ci_calls_the_readmes_test_command(root: Path) -> None:
    script = root / ".ci" / "run"
    if not script.is_file():
        pytest.skip("not part of the installed files")
    assert re.search(r"^make test$", script.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", PROSE)
def test_links_lead_to_files(root: Path, name: str) -> None:
    if not (root / name).is_file():
        pytest.skip("not part of the installed files")
    for target in re.findall(r"\]\(([^)#:]+)\)", (root / name).read_text(encoding="utf-8")):
        assert (root / target).exists(), target


def test_no_machine_says_compliant(root: Path) -> None:
    package = Path(auditc.__file__).parent
    files = [*package.rglob("*"), *(root / "examples").rglob("*"), *(root / "tests/golden").rglob("*")]
    for file in files:
        if file.suffix in {".py", ".toml", ".html", ".md", ".audit", ".csv", ".json"} and ".auditc" not in file.parts:
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"\bcompliant\b|符合规定|合规", text, re.IGNORECASE), file

"""What the documents say is true: commands exist and run, links lead somewhere, words that must not stand do not."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import auditc
from auditc.compiler.mistakes import ERRORS, WARNINGS
from auditc.compiler.pages import described

from .conftest import Shell

PROSE = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md")
ROOT = Path(__file__).parents[2]
DOCUMENTS = tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))
PACKAGED = "../../auditc/"
"""How documents name what lies in the package, which an installed copy has elsewhere."""


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


@pytest.mark.parametrize("name", (*PROSE, *DOCUMENTS))
def test_links_lead_to_files(root: Path, name: str) -> None:
    """To a file of the repository or of the package, and where a link names a heading, to a heading of the file."""
    if not (root / name).is_file():
        pytest.skip("not part of the installed files")
    for target, heading in re.findall(
        r"\]\((?!\w+:)([^)#]*)(?:#([^)]+))?\)", (root / name).read_text(encoding="utf-8")
    ):
        path = (root / name).parent / target if target else root / name
        if PACKAGED in target:
            path = Path(auditc.__file__).parent / target.partition(PACKAGED)[2]
        assert path.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_no_machine_says_compliant(root: Path) -> None:
    package = Path(auditc.__file__).parent
    files = [*package.rglob("*"), *(root / "examples").rglob("*"), *(root / "tests/golden").rglob("*")]
    for file in files:
        if file.suffix in {".py", ".toml", ".html", ".md", ".audit", ".csv", ".json"} and ".auditc" not in file.parts:
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"\bcompliant\b|符合规定|合规", text, re.IGNORECASE), file


def test_the_page_of_the_language_quotes_the_sketch(root: Path) -> None:
    page = (root / "docs/language.md").read_text(encoding="utf-8")
    sketch = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "examples/sketch").glob("*.audit")))
    quoted = [piece.strip("\n") for quote in _blocks(page, "audit") for piece in quote.split("\n\n")]
    assert len(quoted) > 12 and [piece for piece in quoted if piece not in sketch] == []


def test_what_the_page_of_the_language_says_of_codes(root: Path) -> None:
    """Each code is refused or warned of as the table says, and is there at all."""
    page = (root / "docs/language.md").read_text(encoding="utf-8")
    said: dict[str, str] = {}
    for then, codes in re.findall(r"^\| .* \| (.*) \| (AC.*) \|$", page, re.MULTILINE):
        for words, several in zip(then.split("; "), codes.split("; "), strict=True):
            said |= dict.fromkeys(several.split(", "), words)
    known = {code: "it is refused" for code in ERRORS} | {code: "you are warned" for code in WARNINGS}
    assert {code: known[code] for code in said} == said


def test_not_built_is_said_where_it_is_so(root: Path) -> None:
    """The page of the language names what cannot be run; whoever builds one of them finds the sentence here."""
    page = (root / "docs/language.md").read_text(encoding="utf-8")
    for name in ("escalation", "pdf", "oscal"):
        described_as = described(name)
        assert f"`{name}`" in page or name in page
        assert described_as is not None and not described_as.built

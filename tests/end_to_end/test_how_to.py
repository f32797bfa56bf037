"""The pages of docs/how-to say what is true: their files are laid down, and their commands run in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Shell

OWN = {"adapters", "compare-models", "compare-waves", "hosted-models", "judge", "test-a-spec", "trained-models", "vllm"}
"""Pages whose commands another test runs: they edit files in between, or need a model or a server."""
PAGES = sorted((Path(__file__).parent.parent.parent / "docs" / "how-to").glob("*.md"))
RUN = [page for page in PAGES if page.stem not in OWN]
_FILE = re.compile(r"^```[\w-]+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_every_command_of_a_page_runs_in_its_order(shell: Shell, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        (shell.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (shell.folder / name).write_text(content, encoding="utf-8")
    lines = [line for block in _COMMANDS.findall(text) for line in block.strip().splitlines()]
    assert lines, "a page that shows how to do something shows a command"
    for line in lines:
        command, *words = shlex.split(line)
        if command == "cd":
            shell = Shell(shell.folder / words[0])
            continue
        assert command == "auditc", line
        ended = shell.auditc(*words)
        assert ended.code == 0, f"{line}\n{ended.err}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_specs_of_a_page_are_in_canonical_form_and_its_links_lead_somewhere(shell: Shell, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        if name.endswith(".audit"):
            (shell.folder / "page.audit").write_text(content, encoding="utf-8")
            assert shell.auditc("fmt", "--check", "page.audit").code == 0, name
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target

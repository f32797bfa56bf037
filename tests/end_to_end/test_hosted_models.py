"""The page on hosted models, as a user follows it, with a provider on this machine in the place of those it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers import Provider, Wrong, provider

from .conftest import Shell

KEY = "sk-live-0123456789abcdef"
_FILE = re.compile(r"^```[\w-]+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def page(shell: Shell, server: Provider, root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Shell, list[list[str]]]:
    """The page's files, and its commands."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    text = (root / "docs/how-to/hosted-models.md").read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        (shell.folder / name).write_text(content.replace("http://localhost:8000", server.url), encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    return shell, [shlex.split(line)[1:] for line in lines]


def test_the_page_is_true(page: tuple[Shell, list[list[str]]], server: Provider) -> None:
    shell, commands = page
    server.fault = lambda seen: (
        Wrong(503, None, {"Retry-After": "0.01"}) if seen.time == 1 and seen.number % 5 == 0 else None
    )
    for words in commands:
        ended = shell.auditc(*words)
        assert ended.code == 0, ended.err
    everything = "".join(
        path.read_bytes().decode(errors="replace") for path in shell.folder.rglob("*") if path.is_file()
    )
    assert KEY not in everything and "ANTHROPIC_API_KEY" in everything and f"{server.url}/v1" in everything
    # `claude` may be used again for a day, `local` in its own run alone.
    server.seen.clear()
    again = shell.auditc("run", "--json").json["cells"]
    assert again["reused"] > 0 and again["asked"] > 0
    assert again["asked"] == again["answered"] + again["refused"] + again["unparsable"] + again["failed"]
    assert {seen.path for seen in server.asked} == {"/v1/chat/completions"}
    shown = shell.auditc("plan")
    assert "engine window" in shown.out + shown.err


def test_what_stops_a_run_is_said_with_what_to_do(page: tuple[Shell, list[list[str]]], server: Provider) -> None:
    shell, _ = page
    assert shell.auditc("compile", "hosted.audit").code == 0
    server.fault = lambda seen: (
        Wrong(401, {"error": {"message": f"bad key {KEY}"}}) if "claude" in seen.body["model"] else None
    )
    ended = shell.auditc("run")
    assert ended.code == 3 and "`claude`" in ended.err and "ANTHROPIC_API_KEY" in ended.err and KEY not in ended.err
    assert "internal" not in ended.err.lower()
    shell.edit("hosted.audit", "    logprobs = 20\n", "")
    assert shell.auditc("compile", "hosted.audit").code == 0
    server.seen.clear()
    ended = shell.auditc("run")
    assert ended.code == 3 and "`logprobs`" in ended.err and "hosted.audit:" in ended.err and not server.seen

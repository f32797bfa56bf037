"""Runs the command line as a user does: another process, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 900.0
"""Seconds after which a command is taken to hang; none says how long one may take."""


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line, which `--json` promises to be one object."""
        return dict(json.loads(self.out.splitlines()[-1]))


@dataclass(frozen=True)
class Shell:
    """A folder to work in."""

    folder: Path

    def start(self, *words: str, **changes: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "NO_COLOR": "1", **changes}
        command = [sys.executable, "-m", "auditc", *words]
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def auditc(self, *words: str, **changes: str) -> Ended:
        process = self.start(*words, **changes)
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in out + err, err
        return Ended(process.returncode, out, err)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def findings(self) -> bytes:
        """findings.json of the newest run."""
        newest = max((self.folder / ".auditc/runs").glob("*/findings.json"))
        return newest.read_bytes()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def starter(tmp_path: Path) -> Shell:
    """A folder with the starter spec, compiled."""
    shell = Shell(tmp_path / "audit")
    assert Shell(tmp_path).auditc("init", "audit").code == 0
    assert shell.auditc("compile", "starter.audit").code == 0
    return shell

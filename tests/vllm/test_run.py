"""A whole run on vLLM as docs/how-to/vllm.md has it: killed in the middle, it leaves no process behind, and goes on."""

from __future__ import annotations

import os
import re
import shlex
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Shell

pytestmark = [pytest.mark.vllm, pytest.mark.models]


def _marked(mark: str) -> list[int]:
    """The processes that have `mark` in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def test_the_page_runs_and_a_killed_run_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    page = (root / "docs/how-to/vllm.md").read_text(encoding="utf-8")
    [(name, spec)] = re.findall(r"^```audit (\S+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        for line in block.split("\n")
    ]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("auditc")]
    assert Shell(tmp_path).auditc(*commands[0]).code == 0
    (tmp_path / name).write_text(spec, encoding="utf-8")
    shell = Shell((tmp_path / name).parent)
    for words in commands[1:-1]:
        ended = shell.auditc(*words)
        assert ended.code == 0 and "not yet possible" not in ended.out + ended.err, ended
    assert commands[-1] == ["run"]

    mark = f"run-{os.getpid()}-{time.time_ns()}"
    process = shell.start("run", AUDITC_TEST_MARK=mark)
    end = time.monotonic() + 300
    while time.monotonic() < end and not list((shell.folder / ".auditc").glob("**/*.parquet")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    assert len(_marked(mark)) > 1
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    end = time.monotonic() + 20
    while time.monotonic() < end and _marked(mark):
        time.sleep(0.1)
    assert _marked(mark) == []

    ended = shell.auditc("run", "--json")
    assert ended.code == 0, ended.err
    cells = ended.json["cells"]
    assert cells["reused"] >= 24 and cells["failed"] == 0 and cells["not_run"] == 0

"""docs/how-to/adapters.md: its spec and its commands, on a tiny model and an adapter for it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.backends import tiny

from .conftest import Shell

pytest.importorskip("peft")


@pytest.mark.models
def test_the_page_on_adapters_is_true(shell: Shell, root: Path) -> None:
    text = (root / "docs/how-to/adapters.md").read_text(encoding="utf-8")
    folder = shell.folder / "models"
    tiny.adapter(tiny.base(folder / "base"), folder / "tuned", 1)
    (spec,) = re.findall(r"^```audit tuned.audit\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (shell.folder / "tuned.audit").write_text(spec, encoding="utf-8")
    home = {"AUDITC_HOME": str(shell.folder / "home")}
    for line in commands.strip().splitlines():
        ended = shell.auditc(*shlex.split(line)[1:], **home)
        for wrong in ("1" * 64, "2" * 64):
            if "fetch" in line and wrong in ended.err:  # as the page says: the message has the digest to write
                assert ended.code == 3
                (digest,) = re.findall(r"have the digest\s+([0-9a-f]{64})", ended.err)
                shell.edit("tuned.audit", wrong, digest)
                assert shell.auditc("compile", "tuned.audit").code == 0
                ended = shell.auditc(*shlex.split(line)[1:], **home)
        assert ended.code == 0, f"{line}\n{ended.out}{ended.err}"
    assert ended.err.count("opening") == 2, "once for the weights alone, once for all their adapters"

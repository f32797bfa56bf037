"""The page on the DEF paper shows what its program prints, and the program computes what was printed in the paper."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from auditc.evidence.published import Sample, pooled_t, welch_t


def test_the_page_shows_what_its_command_prints(root: Path) -> None:
    page = (root / "docs/def-paper.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)\n```", page, re.DOTALL)
    program, *words = shlex.split(command)
    assert program == "python"
    ended = subprocess.run([sys.executable, *words], cwd=root, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert re.findall(r"```text\n(.*?)```", page, re.DOTALL) == [ended.stdout]


@pytest.mark.parametrize(
    ("left", "right", "t", "p"),
    [
        (Sample(1.28, 0.50, 27), Sample(0.93, 0.34, 27), 3.01, 0.004),
        (Sample(1.35, 0.74, 27), Sample(0.92, 0.33, 27), 2.76, 0.008),
    ],
    ids=["U.S.", "China"],
)
def test_the_t_tests_of_the_paper(left: Sample, right: Sample, t: float, p: float) -> None:
    """Liu et al. (2025), Table 3: t 3.01 and 2.77 (2.76 from the rounded means), 52 degrees of freedom."""
    pooled, welch = pooled_t(left, right), welch_t(left, right)
    assert pooled.statistic == pytest.approx(t, abs=0.005) and welch.statistic == pytest.approx(pooled.statistic)
    assert pooled.p == pytest.approx(p, abs=0.0005) and pooled.freedom == 52
    assert welch.freedom is not None and welch.freedom < 50

"""What fuzzing begins from, and what is replayed at each test: the corpus, the examples and the tests' own specs."""

from __future__ import annotations

import re
from pathlib import Path

import auditc

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def specs() -> list[Path]:
    """The examples and the starter, but for files that are there to be imported."""
    folders = (ROOT / "examples", Path(auditc.__file__).parent)
    found = [path for folder in folders for path in sorted(folder.rglob("*.audit"))]
    return [path for path in found if re.search(r"^audit ", path.read_text(encoding="utf-8"), re.MULTILINE)]


def seeds(law: str) -> list[bytes]:
    """The inputs for a law, in a fixed order: `text` and `spec` take specs, `table` data files under their names."""
    kept = [path.read_bytes() for path in sorted((HERE / "corpus" / law).iterdir())]
    if law == "table":
        setting = ROOT / "tests" / "compiler" / "setting"
        return [*kept, *(path.name.encode() + b"\n" + path.read_bytes() for path in sorted(setting.glob("*.csv")))]
    folders = ("spec/valid", "spec/invalid", "compiler/valid", "compiler/invalid")
    tests = [path for folder in folders for path in sorted((ROOT / "tests" / folder).glob("*.audit"))]
    return [*kept, *(path.read_bytes() for path in [*specs(), *tests])]


def statements() -> list[bytes]:
    """The same specs a block at a time: small inputs are tried many times as often."""
    return [block for spec in seeds("text") for block in spec.split(b"\n\n") if 0 < len(block) < 600]

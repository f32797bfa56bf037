"""A few lines of a spec, set into a small whole one: what a test or a page is about stands alone in it.

The blocks of `setting/setting.audit` that the fragment does not declare itself are appended to it, so that its lines
keep their numbers, and the setting's data files are laid beside it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

SETTING = Path(__file__).parent / "setting"
_HEAD = re.compile(r"^([^\W\d]\w*) (\w+) *\{", re.MULTILINE)


def completed(fragment: str, *, without: str = "") -> str:
    """The fragment and the blocks that it lacks, but for those of the kind `without`."""
    setting = (SETTING / "setting.audit").read_text(encoding="utf-8")
    there = {("audit", "") if kind == "audit" else ("", name) for kind, name in _HEAD.findall(fragment)}
    parts = [fragment.rstrip("\n")]
    for block in setting.rstrip("\n").split("\n\n"):
        kind, name = _HEAD.findall(block)[0]
        if kind != without and (("audit", "") if kind == "audit" else ("", name)) not in there:
            parts.append(block)
    return "\n\n".join(parts) + "\n"


def lay(folder: Path, spec: str, files: dict[str, str] | None = None, name: str = "spec.audit") -> Path:
    """Write a spec into a folder with the setting's data files, some of them replaced; gives the spec's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in SETTING.glob("*.csv"):
        shutil.copyfile(path, folder / path.name)
    for file, text in (files or {}).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    (folder / name).write_text(spec, encoding="utf-8")
    return folder / name

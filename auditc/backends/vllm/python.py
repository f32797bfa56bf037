"""The Python that vLLM is installed for, and what is installed there: told from files, nothing of it is run."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from auditc.backends._contract import BackendUnavailable

VARIABLE = "AUDITC_VLLM_PYTHON"


def interpreter() -> str:
    """The Python that AUDITC_VLLM_PYTHON names, or this one where vLLM is installed for it."""
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        file = Path(named).expanduser()
        if not file.is_absolute() or not os.access(file, os.X_OK) or file.is_dir():
            raise BackendUnavailable(
                f"{VARIABLE} does not name a Python: let it be the whole path of the one that vLLM is installed for"
            )
        return str(file)  # links are not followed: the Python of a virtual environment is one
    if importlib.util.find_spec("vllm") is None:
        raise BackendUnavailable(
            "vLLM is not installed for this Python: install it in an environment of its own, and let"
            f" {VARIABLE} be the path of the Python there"
        )
    return sys.executable


def versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """The installed version of each of `packages` that is there. Packages of other names do not matter."""
    wanted, found = {_same(name) for name in packages}, dict[str, str]()
    path = sys.path if python == sys.executable else _path(Path(python))
    for installed in metadata.distributions(path=list(path)):
        name = _same(installed.name or "")
        if name in wanted:
            found.setdefault(name, installed.version)
    return found


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _path(python: Path) -> list[str]:
    """Where the packages of another Python lie: in its virtual environment, or beside a Python that has none."""
    home = python.parent.parent
    settings = _settings(home / "pyvenv.cfg")
    folders = sorted(home.glob("lib/python3*/site-packages")) + sorted(home.glob("Lib/site-packages"))
    if settings is None or settings.get("include-system-site-packages", "").lower() == "true":
        real = python.resolve()
        number = re.search(r"3\.\d+$", real.name)
        for prefix in (real.parent.parent, Path("/usr/local") if real.parent.parent == Path("/usr") else real.parent):
            folders += sorted(prefix.glob(f"lib/python{number[0] if number else '3*'}/*-packages"))
    return [str(folder) for folder in folders]


def _settings(file: Path) -> dict[str, str] | None:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key.strip().lower(): value.strip() for key, value in pairs}

"""The same spec gives the same bytes: in another folder, under another locale and hash seed, in another interpreter.

What takes environments of their own runs with `-m "slow and network"`. Interpreters are looked for on the path, and
under the paths in AUDITC_PYTHONS, with colons between them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import auditc
from auditc.compiler.pipeline import as_bytes, check_spec, compile_spec
from auditc.diagnostics import Sink, SpecRejected
from tests.compiler.mutants import copied
from tests.compiler.test_plans import GOLDEN, everything
from tests.fuzz.seeds import specs

PROGRAM = Path(__file__).parent / "bytes_of_specs.py"
PACKAGES = ("annotated-types", "jinja2", "networkx", "platformdirs", "pydantic")
"""What the compiler imports beside lark."""

SETTINGS = [
    {"LC_ALL": "C", "PYTHONHASHSEED": "0", "PYTHONUTF8": "0"},
    {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai"},
    {"LC_ALL": "tr_TR.ISO-8859-9", "PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "0"},
    {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "random", "TZ": "America/St_Johns"},
]


def is_sound(spec: Path) -> bool:
    """Not so the tutorial's spec of mistakes."""
    try:
        check_spec(spec, Sink())
    except SpecRejected:
        return False
    return True


def laid(folder: Path) -> list[Path]:
    """Every sound example, the starter, and the spec that holds every construct, each in a folder of its own."""
    found = [copied(spec, folder / str(number)) for number, spec in enumerate(specs()) if is_sound(spec)]
    return [*found, everything(folder / "everything")]


def printed(python: str, paths: list[Path], settings: dict[str, str]) -> str:
    """What an interpreter prints of specs, which it is given by paths from the folder that holds them all."""
    folder = paths[0].parent.parent
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(Path(auditc.__file__).parent.parent), **settings}
    names = [os.path.relpath(path, folder) for path in paths]
    done = subprocess.run(
        [python, str(PROGRAM), *names], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bytes_do_not_depend_on_folder_locale_or_hash_seed(tmp_path: Path) -> None:
    paths = laid(tmp_path / "here")
    here = printed(sys.executable, paths, {})
    assert here.count("\n") == len(paths) > 10
    shutil.move(tmp_path / "here", tmp_path / "elsewhere, in a länger path")
    moved = [tmp_path / "elsewhere, in a länger path" / path.relative_to(tmp_path / "here") for path in paths]
    for settings in SETTINGS:
        assert printed(sys.executable, moved, settings) == here, settings


def test_examples_are_locked_as_they_are_compiled() -> None:
    locked = [spec for spec in specs() if spec.with_suffix(".lock").is_file()]
    assert locked
    for spec in locked:
        assert as_bytes(compile_spec(spec, Sink()).lock) == spec.with_suffix(".lock").read_bytes()


def interpreters() -> list[str]:
    """Interpreters that auditc is for and that are here, each version once."""
    named = os.environ.get("AUDITC_PYTHONS", "").split(os.pathsep)
    candidates = [*named, *(shutil.which(f"python3.{minor}") or "" for minor in range(11, 20)), sys.executable]
    found: dict[str, str] = {}
    for candidate in filter(None, candidates):
        asked = [candidate, "-c", "import sys; print(*sys.version_info[:2])"]
        version = subprocess.run(asked, capture_output=True, text=True, check=False)
        if version.returncode == 0 and tuple(map(int, version.stdout.split())) >= (3, 11):
            found.setdefault(version.stdout.strip(), candidate)
    return list(found.values())


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("lark", ["lark==1.2.2", "lark>=1.2.2,<2"])
def test_bytes_do_not_depend_on_the_interpreter_or_lark(lark: str, tmp_path: Path) -> None:
    paths = laid(tmp_path / "specs")
    here = printed(sys.executable, paths, {})
    golden = [GOLDEN / "everything.json", GOLDEN / "everything.lock"]
    assert here.splitlines()[-1].split()[1:] == [sha256(path) for path in golden]
    for number, python in enumerate(interpreters()):
        place = tmp_path / str(number)
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        own = str(place / "bin" / "python")
        install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES, lark]
        subprocess.run(install, check=True)
        said = "import sys, lark, pydantic; print(sys.version.split()[0], lark.__version__, pydantic.VERSION)"
        print(subprocess.run([own, "-c", said], capture_output=True, text=True, check=True).stdout.strip())
        for settings in SETTINGS:
            assert printed(own, paths, settings) == here, (python, lark, settings)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

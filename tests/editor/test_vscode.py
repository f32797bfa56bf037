"""The extension for VS Code: what it names exists; where a package index can be reached, it packages cleanly."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

import auditc


@pytest.fixture
def extension(root: Path) -> Path:
    folder = root / "editors" / "vscode"
    if not folder.is_dir():
        pytest.skip("not part of the installed files")
    return folder


def _json(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def test_the_manifest_names_what_is_there(extension: Path, root: Path) -> None:
    manifest = _json(extension / "package.json")
    assert manifest["version"] == auditc.__version__ and manifest["license"] == "Apache-2.0"
    [language] = manifest["contributes"]["languages"]
    [grammar] = manifest["contributes"]["grammars"]
    assert (extension / language["configuration"]).is_file() and language["extensions"] == [".audit"]
    assert _json(extension / grammar["path"])["scopeName"] == grammar["scopeName"]
    assert (extension / "LICENSE").read_bytes() == (root / "LICENSE").read_bytes()
    source = (extension / "extension.js").read_text(encoding="utf-8")
    for command in manifest["contributes"]["commands"]:
        assert f'"{command["command"]}"' in source
    setting = manifest["contributes"]["configuration"]["properties"]["auditc.command"]
    assert setting["default"] == ["auditc", "lsp"] and 'get("command")' in source


def test_brackets_and_words_are_those_of_the_language(extension: Path) -> None:
    regex = pytest.importorskip("regex")
    settings = _json(extension / "language-configuration.json")
    from auditc.spec.tokens import OPENERS

    assert dict(settings["brackets"]) == OPENERS and settings["comments"] == {"lineComment": "#"}
    for name in ("values", "küche", "问卷_2", "_x"):
        assert regex.fullmatch(settings["wordPattern"], name), name


def test_no_address_of_a_package_index_is_kept(extension: Path) -> None:
    lock = (extension / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock and not re.search(r"https?://(registry|npm)", lock)
    assert not (extension / ".npmrc").exists()
    assert _json(extension / "package-lock.json")["version"] == auditc.__version__


@pytest.mark.network
def test_the_commands_of_its_readme_package_it_without_a_warning(extension: Path, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    copy = tmp_path / "vscode"
    shutil.copytree(extension, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    said = []
    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "package"]):
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout + done.stderr)
    assert "WARNING" not in said[1], said[1]
    [package] = copy.glob("*.vsix")
    names = {name.removeprefix("extension/") for name in zipfile.ZipFile(package).namelist()}
    assert {"dist/extension.js", "dist/NOTICES.txt", "syntaxes/audit.tmLanguage.json", "LICENSE.txt"} <= names
    assert not [name for name in names if "node_modules" in name]

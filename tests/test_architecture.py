"""The house rules that can be read off the source: sizes, cycles, state, and what checking a spec may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import auditc

PACKAGE = Path(auditc.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(m.relative_to(PACKAGE)) for m in MODULES]


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_a_module_is_small_and_says_what_it_is(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    tree = ast.parse(text)
    limit = 30 if module.name == "__init__.py" and len(list(module.parent.glob("*.py"))) > 2 else 500
    thing = module.parent.parent.name in {"methods", "metrics", "backends", "reports", "weights", "sources"}
    assert len(text.splitlines()) <= (500 if thing else limit)
    assert ast.get_docstring(tree), "a module opens with a sentence that says what it is"


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_no_function_is_longer_than_80_lines(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 80
    }
    assert not long


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_no_global_mutable_state(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    mutable = [
        ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.List | ast.Set)
        and not all(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    ]
    assert not mutable
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]


def test_no_module_is_named_after_nothing() -> None:
    empty = {"utils", "helpers", "common", "misc", "base", "core", "manager", "handler"}
    assert not [name for name in NAMES if empty & set(Path(name).with_suffix("").parts)]


def test_nothing_unpickles_or_trusts_remote_code() -> None:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "dill", "cloudpickle", "joblib"}, module
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                assert isinstance(node.value, ast.Constant) and node.value.value is False, module


def test_checking_a_spec_imports_no_model_library(root: Path) -> None:
    code = (
        "import sys\n"
        "from auditc.cli import main\n"
        "try:\n"
        f"    main(['check', {str(root / 'examples/us_cn/us_cn.audit')!r}])\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'torch', 'transformers', 'numpy', 'scipy', 'pyarrow', 'networkx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

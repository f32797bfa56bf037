"""What every test may rely on: which machinery this machine has, and a closing line that says what could not run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import auditc

if "PYTEST_XDIST_WORKER" in os.environ:  # before anything loads torch: tests that run side by side share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    expected = os.environ.get("AUDITC_EXPECT_AT")
    if expected and not Path(auditc.__file__).is_relative_to(expected):
        raise pytest.UsageError(f"these tests must see the wheel at {expected}, and see {auditc.__file__}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser = shutil.which("chromium") and shutil.which("chromedriver")
    required = os.environ.get("AUDITC_REQUIRE_BROWSER")
    for item in items:
        if item.get_closest_marker("browser") and not browser and not required:
            item.add_marker(pytest.mark.skip(reason="no chromium and chromedriver here"))
        for name in ("slow", "gpu", "network"):
            if item.get_closest_marker(name) and name not in config.option.markexpr:
                item.add_marker(pytest.mark.skip(reason=f"run with -m {name}"))
        if item.get_closest_marker("vllm") and "vllm" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="run by make test-vllm"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    browser = [report for report in skipped if "no chromium" in str(report.longrepr)]
    if browser:
        terminalreporter.write_line(f"browser tests not run, for want of chromium and chromedriver: {len(browser)}")
    reasons = {str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if "not asked of" in reason):
        terminalreporter.write_line(reason.removeprefix("Skipped: "))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds tests, examples and schemas; the package may lie elsewhere."""
    return ROOT


@pytest.fixture(scope="session")
def vllm_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """vLLM with SmolLM2 in fp32, loaded once for all tests of a session."""
    from tests.vllm.apart import Apart, settings

    engine = Apart(settings(), tmp_path_factory.mktemp("vllm") / "worker.log")
    yield engine
    engine.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> object:
    """`golden(path, text)` compares with a checked-in file; AUDITC_REWRITE_GOLDENS=1 writes it instead."""

    def compare(path: Path, text: str) -> None:
        if os.environ.get("AUDITC_REWRITE_GOLDENS"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden at {path.relative_to(ROOT)}; `make golden` writes it"
        assert path.read_text(encoding="utf-8") == text

    return compare

"""From when to when answers of a hosted model may be used again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditc.runtime.faults import WorldFailed
from auditc.runtime.windows import Windows

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WHO = {"engine": "openai", "model": "m"}


def later(folder: Path, seconds: float) -> Windows:
    return Windows.read(folder, NOON + timedelta(seconds=seconds))


def ran(folder: Path, seconds: float, ended: bool, reuse: float = 0) -> str:
    """The window of a run that began then."""
    windows = later(folder, seconds)
    window = windows.of(WHO, reuse)
    windows.begin()
    if ended:
        windows.end()
    return window


def test_a_run_that_ended_is_over_and_one_that_did_not_goes_on(tmp_path: Path) -> None:
    first = ran(tmp_path, 0, ended=False)
    assert ran(tmp_path, 10, ended=False) == first
    assert ran(tmp_path, 80_000, ended=True) == first, "it never ended: nothing is paid for twice"
    second = ran(tmp_path, 80_001, ended=True)
    assert second > first and ran(tmp_path, 80_001.5, ended=True) > second


def test_a_run_that_did_not_end_is_gone_on_with_for_a_day_or_for_as_long_as_the_author_says(tmp_path: Path) -> None:
    first = ran(tmp_path, 0, ended=False)
    assert ran(tmp_path, 86_399, ended=False) == first
    second = ran(tmp_path, 86_401, ended=False)
    assert second > first, "an answer of another month is another model's"
    assert ran(tmp_path, 86_401 + 90_000, ended=False, reuse=100_000) == second
    assert later(tmp_path, 200_000).of(WHO, 100_000) > second


def test_answers_are_used_again_for_as_long_as_the_author_says_and_from_the_first_of_them(tmp_path: Path) -> None:
    first = ran(tmp_path, 0, ended=True, reuse=100)
    assert ran(tmp_path, 60, ended=True, reuse=100) == first
    assert ran(tmp_path, 99, ended=True, reuse=100) == first
    assert ran(tmp_path, 101, ended=True, reuse=100) > first


def test_a_run_that_ended_meanwhile_is_not_gone_on_with(tmp_path: Path) -> None:
    first, second = later(tmp_path, 0), later(tmp_path, 1)
    first.of(WHO, 0), first.begin(), first.end()
    second.of(WHO, 0)
    with pytest.raises(WorldFailed, match="has just ended"):
        second.begin()
    assert ran(tmp_path, 2, ended=True).startswith("2026-11-21T12:00:02")


def test_another_model_has_another_window_and_looking_writes_nothing(tmp_path: Path) -> None:
    windows = later(tmp_path, 0)
    windows.of(WHO, 0)
    assert not list(tmp_path.iterdir())
    first = ran(tmp_path, 0, ended=False)
    windows = later(tmp_path, 5)
    assert windows.of(WHO, 0) == first != windows.of(WHO | {"model": "n"}, 0)


def test_a_clock_that_was_set_back_begins_a_new_window(tmp_path: Path) -> None:
    ran(tmp_path, 5000, ended=False)
    assert ran(tmp_path, 0, ended=False, reuse=1e6) == NOON.isoformat(timespec="microseconds")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'{"format": "auditc.windows.v1", "models": {"x": {"began": 5}, "y": 3, "z": {"began": "2026"}}}',
        b'{"format": "auditc.windows.v2", "models": {}}',
    ],
)
def test_a_file_that_is_none_is_no_window(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "windows.json").write_bytes(content)
    assert ran(tmp_path, 7, ended=True, reuse=1e6).startswith("2026-11-21T12:00:07")
    assert ran(tmp_path, 8, ended=True, reuse=1e6).startswith("2026-11-21T12:00:07")

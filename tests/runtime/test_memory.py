"""Memory told before a model is opened: what it needs, what there is, and a run that is refused in time."""

from __future__ import annotations

import dataclasses
import json
import struct
from pathlib import Path

import pytest

from auditc import screen
from auditc.api.plans import forecast_summary
from auditc.backends import backends, simulated
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.runtime.faults import CannotBind
from auditc.runtime.forecast import forecast
from auditc.runtime.memory import available
from tests.runtime.plans import ORIGIN, plan
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]
GB = 10**9


def _needing(monkeypatch: pytest.MonkeyPatch, size: int, identity: dict[str, str] | None = None) -> None:
    """The simulated model says that it takes so many bytes."""
    real = simulated.simulated
    identify = lambda source, params: {**real.identify(source, params), **(identity or {})}  # noqa: E731
    opens = lambda source, params: _opened(real.open(source, params), identify(source, params))  # noqa: E731
    large = dataclasses.replace(real, memory=lambda source, params: size, identify=identify, open=opens)
    monkeypatch.setattr(simulated, "simulated", large)


def _opened(engine: object, identity: object) -> object:
    engine.identity = identity  # type: ignore[attr-defined]
    return engine


def test_a_run_whose_model_does_not_fit_is_refused_before_anything_is_asked(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    _needing(monkeypatch, 10**15)
    with pytest.raises(
        CannotBind, match=r"model `sim` needs about 1,000,000\.0 GB of memory, and .* are free"
    ) as refused:
        ask(plan(), tmp_path)
    (problem,) = refused.value.problems
    assert problem.origin == ORIGIN and "a larger machine" in problem.help and "AUDITC_MEMORY" in problem.help
    assert not asked


def test_whoever_knows_better_can_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITC_MEMORY", "unchecked")
    _needing(monkeypatch, 10**15)
    assert ask(plan(), tmp_path).cells["failed"] == 0


def test_a_model_that_need_not_be_opened_may_be_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ask(plan(), tmp_path)
    _needing(monkeypatch, 10**15)
    again = ask(plan(), tmp_path)
    assert again.cells["reused"] == before.cells["planned"]


def test_a_cuda_device_is_not_the_systems_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needing(monkeypatch, 10**15)
    there = forecast(plan(), tmp_path, {}).rooms[0].available
    _needing(monkeypatch, 10**15, {"device": "cuda"})
    (room,) = forecast(plan(), tmp_path, {}).rooms
    assert there is not None and room.available is None and room.fits


def test_the_forecast_says_what_each_model_needs_and_that_it_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _needing(monkeypatch, 10**15)
    foreseen = forecast(plan(), tmp_path, {})
    summary = forecast_summary(foreseen)
    (model,) = summary["models"]
    assert (model["name"], model["memory"], model["fits"]) == ("sim", 10**15, False) and model["available"] > 0
    assert "needs about" in summary["problems"][0]
    screen.forecast(foreseen)
    shown = " ".join(capsys.readouterr().out.split())
    assert "model sim: about 1,000,000.0 GB of memory" in shown and "not yet possible: model `sim` needs" in shown
    json.dumps(summary)


def test_a_model_that_fits_is_a_line_and_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forecast(plan(), tmp_path, {}).rooms[0].needed == 0
    _needing(monkeypatch, 10**6)
    foreseen = forecast(plan(), tmp_path, {})
    assert foreseen.rooms[0].fits and not foreseen.problems


def _system(folder: Path, free: int, cgroup: str) -> tuple[Path, Path]:
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/meminfo").write_text(f"MemTotal: {9 * free} kB\nMemAvailable:    {free // 1000} kB\n")
    (folder / "proc/self/cgroup").write_text(cgroup)
    return folder / "proc", folder / "groups"


def _group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_free_memory_is_the_systems_without_a_limit(tmp_path: Path) -> None:
    proc, groups = _system(tmp_path, 8_000_000, "0::/a/b\n")
    _group(groups / "a", memory__max="max", memory__current=5, memory__stat="inactive_file 3")
    assert available(proc, groups) == 8000 * 1024
    assert available(tmp_path / "no proc", groups) is None


def test_free_memory_is_what_the_tightest_control_group_leaves(tmp_path: Path) -> None:
    proc, groups = _system(tmp_path, 8_000_000_000, "0::/a/b\n")
    _group(groups / "a/b", memory__max=4 * GB, memory__current=3 * GB, memory__stat=f"anon 1\ninactive_file {GB}")
    assert available(proc, groups) == 2 * GB
    _group(groups / "a", memory__max=GB, memory__current=GB, memory__stat="anon 1")
    assert available(proc, groups) == 0


def test_the_older_control_groups_count_as_well(tmp_path: Path) -> None:
    proc, groups = _system(tmp_path, 8_000_000_000, "5:cpu,memory:/x\n4:cpu:/\n0::/\n")
    limits = {"memory__limit_in_bytes": 3 * GB, "memory__usage_in_bytes": 2 * GB}
    _group(groups / "memory", **limits, memory__stat="total_inactive_file 7")
    assert available(proc, groups) == GB + 7


# --- what a model of transformers takes, from its files ---------------------------------------------------------------


def _files(folder: Path, tensors: dict[str, list[int]], **config: int) -> ModelSource:
    folder.mkdir()
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "vocab_size": 10, **config}
    (folder / "config.json").write_text(json.dumps(sizes))
    header = json.dumps({name: {"dtype": "F32", "shape": shape} for name, shape in tensors.items()}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    return ModelSource("m", str(folder), "digest")


def test_an_estimate_goes_by_parameters_numbers_and_batches(tmp_path: Path) -> None:
    backend = backends.take("transformers")
    assert backend.memory is not None

    def estimate(source: ModelSource, **params: object) -> int:
        assert backend.memory is not None
        return backend.memory(source, backend.params(device="cpu", **params))

    small = _files(tmp_path / "small", {"a": [1000, 1000]})
    large = _files(tmp_path / "large", {"a": [1000, 1000], "b": [500, 1000], "c": [1000, 500]})
    assert estimate(large) - estimate(small) == 4 * 10**6
    wide = _files(tmp_path / "wide", {"a": [1000, 10**6]})
    assert estimate(wide, dtype="bfloat16") == pytest.approx(6 * 10**9, rel=0.1), "while loading, what is converted"
    assert estimate(small, batch_tokens=10**6) > estimate(small)
    assert estimate(_files(tmp_path / "words", {"a": [1000, 1000]}, vocab_size=10**5)) > estimate(small) + 10**8
    assert 10**8 < estimate(small) < GB


def test_files_that_do_not_say_how_large_a_model_is(tmp_path: Path) -> None:
    backend = backends.take("transformers")
    assert backend.memory is not None
    source = _files(tmp_path / "m", {"a": [1]})
    (tmp_path / "m/model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(BackendUnavailable, match="do not say how large"):
        backend.memory(source, backend.params())

"""Models that are one set of weights with different adapters: bound apart, asked side by side, loaded once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import simulated as module
from auditc.backends._contract import Adapter as AdapterHere
from auditc.backends._contract import BackendUnavailable, Identity, ModelSource
from auditc.ir.plan import Adapter, Model, Thing
from auditc.runtime.bind import bind
from auditc.runtime.execute import run
from auditc.runtime.faults import CannotBind, WorkerFailed
from auditc.runtime.models import Ready
from auditc.runtime.schedule import stages
from auditc.runtime.workers.wire import from_source, pack, split, to_source, unpack
from auditc.weights._adapter import adapter_digest
from auditc.weights._contract import Fetched, WeightsUnavailable
from tests.runtime.plans import model, plan, score
from tests.runtime.workspace import ask

BASE = Thing(kind="folder", params={"path": "base"})


def adapted(name: str = "", base: Thing = BASE) -> Model:
    """A simulated model that is said to have weights, and an adapter."""
    adapter = Adapter(kind="folder", params={"path": name}) if name else None
    return model().model_copy(update={"weights": base, "adapter": adapter})


MODELS = {"plain": adapted(), "other": adapted(base=Thing(kind="folder", params={"path": "other"}))}
MODELS |= {"a": adapted("a"), "b": adapted("b")}
HERE = {
    name: Ready(
        Path("base"),
        "v" if name == "other" else "w",
        "mit",
        Ready(Path(name), f"digest of {name}", "apache-2.0") if each.adapter else None,
    )
    for name, each in MODELS.items()
}
INTERLEAVED = [
    score(f"{block}/{name}", name, items=2) for block in ("one", "two") for name in ("a", "other", "plain", "b")
]


class _Engine:
    """A simulated engine, and a note of what became of it."""

    def __init__(self, source: ModelSource, params: Any, log: list[str]) -> None:
        self._inner, self._params, self._log = _OPEN(source, params), params, log
        self.source = source

    @property
    def identity(self) -> Identity:
        return identify(self.source, self._params)

    def score(self, requests: Any) -> Any:
        self._log.append(f"ask {self.source.name}")
        return self._inner.score(requests)

    def generate(self, requests: Any) -> Any:
        return self._inner.generate(requests)

    def close(self) -> None:
        self._log.append(f"close {self.source.name}")


class _Reluctant(_Engine):
    def become(self, source: ModelSource) -> bool:
        return False


class _Switching(_Engine):
    def become(self, source: ModelSource) -> bool:
        if source.adapter and source.adapter.digest == "digest of b" and "bad" in self._log:
            raise BackendUnavailable("the adapter was trained on other weights: name those")
        self._log.append(f"become {source.name}")
        self.source = source
        return True


def identify(source: ModelSource, params: Any) -> Identity:
    adapter = {"adapter": source.adapter.digest} if source.adapter else {}
    return {**_IDENTIFY(source, params), "weights": source.weights_digest, **adapter}


_IDENTIFY, _OPEN = module.simulated.identify, module.simulated.open


@pytest.fixture(params=[_Switching, _Engine])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What engines were opened, what they became and what they were asked."""
    seen: list[str] = []

    def open_engine(source: ModelSource, params: Any) -> Any:
        seen.append(f"open {source.name}")
        return request.param(source, params, seen)

    fake = dataclasses.replace(module.simulated, identify=identify, open=open_engine, adapters=True)
    monkeypatch.setattr(module, "simulated", fake)
    return seen


def test_stages_of_models_that_share_weights_stand_together() -> None:
    ordered = stages(plan(*INTERLEAVED, models=MODELS))
    assert [stage.model for stage in ordered] == ["a", "a", "plain", "plain", "b", "b", "other", "other"]


def test_models_that_are_not_weights_share_nothing() -> None:
    assert adapted("a").shares(adapted("b")) and adapted("a").shares(adapted())
    assert not adapted("a").shares(MODELS["other"]) and not model().shares(model())
    assert not adapted("a").shares(adapted("a").model_copy(update={"pin": "x"}))
    assert not adapted("a").shares(adapted("a").model_copy(update={"backend": Thing(kind="transformers")}))


@pytest.mark.parametrize("log", [_Switching], indirect=True)
def test_weights_are_loaded_once_where_the_engine_can_switch(log: list[str], tmp_path: Path) -> None:
    done = run(plan(*INTERLEAVED, models=MODELS), tmp_path, HERE)
    assert [said for said in log if not said.startswith("ask")] == [
        *("open a", "become plain", "become b", "close b", "open other", "close other")
    ]
    assert done.cells["failed"] == done.cells["not_run"] == 0
    assert {row.name: row.identity.get("adapter") for row in done.models} == {
        "plain": None,
        "other": None,
        "a": "digest of a",
        "b": "digest of b",
    }
    assert {row.licence for row in done.models if row.name in "ab"} == {"mit; adapter: apache-2.0"}
    again = run(plan(*INTERLEAVED, models=MODELS), tmp_path, HERE)
    assert again.cells["reused"] == again.cells["planned"], "each model finds its own answers again"


@pytest.mark.parametrize("log", [_Engine, _Reluctant], indirect=True)
def test_an_engine_that_cannot_switch_is_opened_anew(log: list[str], tmp_path: Path) -> None:
    done = run(plan(*INTERLEAVED, models=MODELS), tmp_path, HERE)
    assert [said for said in log if said.startswith("open")] == ["open a", "open plain", "open b", "open other"]
    assert done.cells["failed"] == done.cells["not_run"] == 0


@pytest.mark.parametrize("log", [_Switching], indirect=True)
def test_an_adapter_that_does_not_fit_ends_the_run_with_a_remedy(log: list[str], tmp_path: Path) -> None:
    log.append("bad")
    with pytest.raises(WorkerFailed, match="model `b` cannot be opened: the adapter was trained on other weights"):
        run(plan(*INTERLEAVED, models=MODELS), tmp_path, HERE)


def test_a_backend_that_takes_no_adapter_is_refused_by_name() -> None:
    with pytest.raises(CannotBind) as refused:
        bind(plan(score(model="a"), models=MODELS), HERE)
    (problem,) = refused.value.problems
    assert problem.message == "model `a` has an adapter, and `simulated` puts none on its weights"


def test_an_adapter_that_is_not_here_is_named(log: list[str]) -> None:
    lacking = {**HERE, "a": dataclasses.replace(HERE["a"], adapter=None)}
    with pytest.raises(CannotBind, match="the adapter of model `a` is not here") as refused:
        bind(plan(score(model="a"), models=MODELS), lacking)
    assert "auditc models fetch" in refused.value.help


@pytest.mark.parametrize("adapter", [None, AdapterHere("folder of a", "d")])
def test_a_source_survives_the_wire(adapter: AdapterHere | None) -> None:
    source = ModelSource("a", "folder", "w", {"USA": {"q0": (0.25, 0.75)}}, adapter)
    assert to_source(unpack(split(bytearray(pack(from_source(source)))) or b"")) == source


def test_a_plan_without_adapters_is_written_as_before(tmp_path: Path) -> None:
    assert '"adapter"' not in plan().model_dump_json()
    assert ask(plan(), tmp_path).cells["failed"] == 0


def test_the_digest_of_an_adapter_holds_what_its_config_means(tmp_path: Path) -> None:
    def digest(**config: Any) -> str:
        (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8, **config}))
        return adapter_digest(Fetched(tmp_path, "safetensors", "t", "mit"))

    (tmp_path / "adapter_model.safetensors").touch()
    first = digest(base_model_name_or_path="/home/someone/base", inference_mode=True)
    assert first == digest(base_model_name_or_path="elsewhere", inference_mode=False, lora_dropout=0.1)
    assert first != digest(lora_alpha=16)
    assert first != adapter_digest(Fetched(tmp_path, "safetensors", "other tensors", "mit"))
    for broken in ("[1]", "{", '{"r": NaN}', '"\\ud800"'):
        (tmp_path / "adapter_config.json").write_text(broken)
        with pytest.raises(WeightsUnavailable, match=r"adapter_config\.json"):
            adapter_digest(Fetched(tmp_path, "safetensors", "t", "mit"))

"""Adapters on shared weights: each answers as if it were merged, none leaks into another, weights stay loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.ir.exchange import GenerateRequest, Hint, Prompt, Sampling, ScoreRequest, Turn
from auditc.ir.plan import Adapter, Model, Thing
from auditc.runtime import models
from auditc.runtime.bind import bind, located
from auditc.runtime.execute import run
from auditc.runtime.faults import CannotBind
from auditc.runtime.lane import Lane
from tests.backends import tiny
from tests.runtime.plans import plan, score

pytest.importorskip("peft")
pytestmark = pytest.mark.models

NONE = Hint("", "", ())
PROMPTS = [Prompt((Turn("user", f"How important is {topic}?"),), "Answer: (") for topic in ("work", "家", "a" * 90)]
SCORES = [ScoreRequest(prompt, (("A",), ("B",), ("C",)), NONE) for prompt in PROMPTS]
TEXTS = [GenerateRequest(prompt, Sampling(sample=True, max_new_tokens=8), n, NONE) for n, prompt in enumerate(PROMPTS)]


def _open(source: ModelSource, **params: Any) -> Any:
    backend = backends.take("transformers")
    return backend.open(source, backend.params(**({"threads": 1} | params)))


def _answers(engine: Any) -> tuple[Any, Any]:
    return engine.score(SCORES), engine.generate(TEXTS)


@dataclass(frozen=True)
class Zoo:
    """The base, and what of it is known by name: the source with an adapter, and the same weights merged."""

    base: ModelSource
    adapted: dict[str, ModelSource]
    merged: dict[str, ModelSource]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    folder = tmp_path_factory.mktemp("zoo")
    base = tiny.base(folder / "base")
    adapted, merged = {}, {}
    wild = {"b": {"target_modules": ["k_proj", "down_proj"], "use_rslora": True, "rank_pattern": {"k_proj": 2}}}
    for seed, name in enumerate(("a", "b"), 1):
        put = tiny.adapter(base, folder / name, seed, folder / f"merged_{name}", **wild.get(name, {}))
        adapted[name] = replace(base, name=name, adapter=put)
        merged[name] = ModelSource(name, str(folder / f"merged_{name}"), f"merged {name}")
    return Zoo(base, adapted, merged)


@pytest.fixture(scope="module")
def alone(zoo: Zoo) -> Iterator[dict[str, Any]]:
    """What each model answers when it is opened for itself; the adapted ones as merged weights."""
    found = {}
    for name, source in {"base": zoo.base, **zoo.merged}.items():
        engine = _open(source)
        found[name] = _answers(engine)
        engine.close()
    yield found


def test_one_engine_answers_as_each_model_in_turn_and_as_no_other(zoo: Zoo, alone: dict[str, Any]) -> None:
    engine = _open(zoo.base, layers="library")
    sources = {"base": zoo.base, **zoo.adapted}
    plain: list[Any] = []
    for turn, name in enumerate(("base", "a", "b", "a", "base")):
        if turn:
            assert engine.become(sources[name])
        scores, texts = _answers(engine)
        for reply, expected in zip(scores, alone[name][0], strict=True):
            assert reply.logprobs == pytest.approx(expected.logprobs, abs=1e-4)
        assert [reply.text for reply in texts] == [reply.text for reply in alone[name][1]]
        assert engine.identity.get("adapter") == (sources[name].adapter and sources[name].adapter.digest)
        if name == "base":
            plain.append(scores)
    assert plain[0] == plain[1], "nothing is left of an adapter that was taken off"
    assert alone["base"][0] != alone["a"][0] != alone["b"][0]


def test_weights_without_an_adapter_are_opened_apart(zoo: Zoo, alone: dict[str, Any]) -> None:
    """They are computed by layers of our own, so an answer must not hang on who was asked before."""
    plain, tuned = _open(zoo.base), _open(zoo.adapted["a"])
    assert (plain.identity["layers"], tuned.identity["layers"]) == ("own", "library")
    assert not plain.become(zoo.adapted["a"]) and not tuned.become(zoo.base)
    assert _answers(plain)[0] == alone["base"][0]


def test_layers_that_come_out_otherwise_are_refused_with_the_way_round(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditc.backends.transformers.decoder import Decoder

    whole = Decoder.hidden
    monkeypatch.setattr(Decoder, "hidden", lambda *given: whole(*given) + 0.01)
    with pytest.raises(BackendUnavailable, match="say layers = library"):
        _open(zoo.base)
    assert _open(zoo.base, layers="library").identity["layers"] == "library"


def test_an_adapter_is_put_on_at_opening_as_later(zoo: Zoo) -> None:
    opened, became = _open(zoo.adapted["a"]), _open(zoo.adapted["b"])
    assert became.become(zoo.adapted["a"])
    assert opened.identity == became.identity and _answers(opened) == _answers(became)


def test_the_identity_holds_the_adapter(zoo: Zoo) -> None:
    backend = backends.take("transformers")
    identities = [dict(backend.identify(source, backend.params())) for source in (zoo.base, *zoo.adapted.values())]
    plain, first, second = identities
    assert "adapter" not in plain and "peft_version" not in plain
    assert {key for key in first if first[key] != second[key]} == {"adapter"}
    assert not any("/" in str(value) for identity in identities for value in identity.values())


def _changed(zoo: Zoo, folder: Path, **config: Any) -> ModelSource:
    adapter = zoo.adapted["a"].adapter
    assert adapter is not None
    shutil.copytree(adapter.folder, folder)
    tiny.change(folder, **config)
    return replace(zoo.adapted["a"], adapter=replace(adapter, folder=str(folder)))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"peft_type": "IA3"}, "'IA3', and only LORA"),
        ({"peft_type": None}, "only LORA"),
        ({"bias": "all"}, "changes the biases"),
        ({"init_lora_weights": "pissa"}, "changes the weights themselves"),
        ({"modules_to_save": ["lm_head"]}, "`modules_to_save`"),
        ({"megatron_config": {"a": 1}, "megatron_core": "os"}, "`megatron_config`"),
        ({"corda_config": {"cache_file": "/tmp/x.pt"}}, "`corda_config`"),
        ({"target_modules": "(a+)+$"}, "pattern in `target_modules`"),
        ({"rank_pattern": {"(a+)+$": 3}}, "pattern in `rank_pattern`"),
        ({"target_modules": None}, "does not say which modules"),
        ({"r": "eight"}, "cannot be read"),
        ({"rank_pattern": [3]}, "cannot be read"),
    ],
)
def test_what_is_put_on_no_weights_is_refused_before_anything_is_loaded(
    zoo: Zoo, tmp_path: Path, config: dict[str, Any], said: str
) -> None:
    backend = backends.take("transformers")
    with pytest.raises(BackendUnavailable) as refused:
        backend.identify(_changed(zoo, tmp_path / "odd", **config), backend.params())
    assert said in str(refused.value) and ("merge it" in str(refused.value) or "save it again" in str(refused.value))
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize(
    "config",
    [{"r": 5}, {"target_modules": ["nothing_proj"]}, {"target_modules": ["q_proj"]}, {"layers_to_transform": [0]}],
)
def test_an_adapter_of_other_weights_is_refused_with_a_remedy(zoo: Zoo, tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(BackendUnavailable, match="does not fit its weights: name those that it was trained on"):
        _open(_changed(zoo, tmp_path / "odd", **config))


def test_weights_that_are_wider_are_not_those_it_was_trained_on(zoo: Zoo, tmp_path: Path) -> None:
    wider = replace(tiny.base(tmp_path / "wider", hidden_size=64), adapter=zoo.adapted["a"].adapter)
    with pytest.raises(BackendUnavailable, match="does not fit its weights"):
        _open(wider)


def test_no_pickle_stands_in_for_missing_tensors(zoo: Zoo, tmp_path: Path) -> None:
    source = _changed(zoo, tmp_path / "pickled")
    (tmp_path / "pickled" / "adapter_model.safetensors").rename(tmp_path / "pickled" / "adapter_model.bin")
    with pytest.raises(BackendUnavailable, match="does not fit"):
        _open(source)


# --- a whole run, in worker processes ---------------------------------------------------------------------------------


def _model(adapter: str = "") -> Model:
    return Model(
        title="Tiny",
        family="tiny",
        origin="nowhere",
        stage="random",
        weights=Thing(kind="folder", params={"path": "base"}),
        adapter=Adapter(kind="folder", params={"path": adapter}) if adapter else None,
        backend=Thing(kind="transformers", params={"threads": 1}),
    )


def test_a_run_loads_the_weights_once_for_all_their_adapters(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, path in (
        ("base", zoo.base.folder),
        *((n, s.adapter.folder) for n, s in zoo.adapted.items() if s.adapter),
    ):
        shutil.copytree(str(path), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "home", lambda: tmp_path / "home")
    opened: list[str] = []
    put = Lane.put

    def noting(lane: Lane, requests: Any) -> Any:
        before = lane._worker
        flight = put(lane, requests)
        if lane._worker is not before:
            opened.append(lane.bound.name)
        return flight

    monkeypatch.setattr(Lane, "put", noting)
    names = {"plain": "", "a": "a", "b": "b"}
    small = {"items": 2, "populations": ("us",), "orders": 2, "language": {"us": "en"}, "low_mass": 0.0}
    asked = plan(
        *(
            score(f"{block}/{name}", name, seed=seed, **small)
            for seed, block in enumerate(("x", "y"))
            for name in names
        ),
        models={name: _model(path) for name, path in names.items()},
    )
    done = run(asked, tmp_path / "workspace")
    assert opened == ["plain", "a"] and done.cells["failed"] == done.cells["not_run"] == 0
    found = {answers.model: str(answers.shares.tolist()) for answers in done.answers if answers.shares is not None}
    assert set(found) == set(names) and len(set(found.values())) == 3, "each model has its own answers"
    again = run(asked, tmp_path / "workspace")
    assert again.cells["asked"] == 0


def test_an_adapter_that_auditc_puts_on_nothing_is_told_when_a_plan_is_bound(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(str(zoo.base.folder), tmp_path / "base")
    _changed(zoo, tmp_path / "odd", peft_type="IA3")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "home", lambda: tmp_path / "home")
    asked = plan(score("x/odd", "odd"), models={"odd": _model("odd")})
    with pytest.raises(CannotBind, match="only LORA is put on weights"):
        bind(asked, located(asked))

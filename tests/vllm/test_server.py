"""vLLM's own server can be asked as any OpenAI-compatible one: what it says is what an engine says."""

from __future__ import annotations

import json
import math
import urllib.request
from typing import Any

import pytest

from auditc.backends import backends
from auditc.ir.exchange import Failure, Hint, Prompt, ScoreRequest, Turn

from .apart import source
from .conftest import Server

pytestmark = [pytest.mark.vllm, pytest.mark.models]

ASKED = "How much do you trust your neighbours?\n(A) A lot\n(B) Some\n(C) Not at all"


def _post(server: Server, path: str, **body: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.url}/{path}",
        data=json.dumps({"model": server.model, **body}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return dict(json.load(answer))


def test_its_first_token_has_the_engines_probabilities(server: Server) -> None:
    messages = [{"role": "user", "content": ASKED}]
    said = _post(
        server, "chat/completions", messages=messages, max_tokens=1, temperature=0, logprobs=True, top_logprobs=20
    )
    [choice] = said["choices"]
    top = {entry["token"]: entry["logprob"] for entry in choice["logprobs"]["content"][0]["top_logprobs"]}
    words = [word for word in top if word.strip() == word and word][:5]
    assert len(words) >= 3 and said["model"] == server.model and choice["finish_reason"] == "length"
    asked = ScoreRequest(Prompt((Turn("user", ASKED),)), tuple((word,) for word in words), Hint("", "", ()))
    transformers = backends.take("transformers")
    engine = transformers.open(source("transformers"), transformers.params(threads=1))
    [reply] = engine.score([asked])
    engine.close()
    assert not isinstance(reply, Failure)
    assert reply.logprobs == pytest.approx([top[word] for word in words], abs=1e-3)
    assert reply.tokens_in == said["usage"]["prompt_tokens"]
    assert sum(map(math.exp, top.values())) <= 1 + 1e-4

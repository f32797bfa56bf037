"""The vLLM backend on a real model: exact probabilities, honest sampling, small faults."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from auditc.backends import backends
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)

from .apart import Apart, source

pytestmark = [pytest.mark.vllm, pytest.mark.models]

NONE = Hint("", "", ())
TOPICS = ("family", "work", "religion", "politics", "leisure", "friends", "neighbours", "science")


@pytest.fixture(scope="module")
def peer() -> Iterator[Any]:
    """The same weights in PyTorch, in this process."""
    backend = backends.take("transformers")
    engine = backend.open(source("transformers"), backend.params(threads=1))
    yield engine
    engine.close()


def _prompts() -> list[Prompt]:
    """12 prompts, short and long, English and Chinese; some share their beginning, as a survey's do."""
    asked = "How important is {} to you?\n(A) Very\n(B) Rather\n(C) Not very\n(D) Not at all"
    prompts = [
        Prompt(
            (Turn("system", "You live in Ohio. " + "Think about it. " * (n % 4) * 5), Turn("user", asked.format(t))),
            "Answer: (",
        )
        for n, t in enumerate(TOPICS)
    ]
    for number in range(4):
        text = "您认为家庭在生活中有多重要？" * (1 + number) + "\nA. 非常重要\nB. 比较重要\nC. 不太重要\nD. 完全不重要"
        prompts.append(Prompt((Turn("user", text),), "回答：("))
    return prompts


def _scores(prompts: list[Prompt]) -> list[ScoreRequest]:
    return [ScoreRequest(prompt, tuple((letter, f" {letter}") for letter in "ABCD"), NONE) for prompt in prompts]


def _texts(count: int, **sampling: Any) -> list[GenerateRequest]:
    told = Sampling(**({"max_new_tokens": 12} | sampling))
    return [GenerateRequest(_prompts()[n % 12], told, (1 << 63) + n, NONE) for n in range(count)]


def _written(replies: list[Any]) -> list[GenerateReply]:
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return replies


def test_probabilities_are_those_of_a_full_softmax_in_the_other_engine(vllm_engine: Apart, peer: Any) -> None:
    requests = _scores(_prompts())
    ours, theirs = vllm_engine.score(requests), peer.score(requests)
    for one, other in zip(ours, theirs, strict=True):
        assert isinstance(one, ScoreReply) and isinstance(other, ScoreReply)
        assert one.tokens_in == other.tokens_in
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_next_tokens_are_as_probable_as_in_the_other_engine(vllm_engine: Apart, peer: Any) -> None:
    words = [chr(code) for code in range(ord("A"), ord("Z") + 1)] + [str(digit) for digit in range(10)]
    requests = [ScoreRequest(_prompts()[n], tuple((word,) for word in words), NONE) for n in (0, 9)]
    for one, other in zip(vllm_engine.score(requests), peer.score(requests), strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
        assert sum(map(math.exp, one.logprobs)) <= 1


def test_texts_are_as_likely_as_in_the_other_engine(vllm_engine: Apart, peer: Any) -> None:
    texts = [f"{topic} matters to many people. " * (n + 1) + "河流很长。" for n, topic in enumerate(TOPICS)]
    requests = [LikelihoodRequest(Prompt((), text), NONE) for text in (*texts, "peace " * 3000)]
    ours, theirs = vllm_engine.likelihoods(requests), peer.likelihoods(requests)
    for one, other in zip(ours[:-1], theirs[:-1], strict=True):
        assert isinstance(one, LikelihoodReply) and isinstance(other, LikelihoodReply)
        assert (one.given, one.tokens_in) == (other.given, other.tokens_in)
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)
    assert isinstance(ours[-1], Failure) and ours[-1].reason == "too_long"


def test_greedy_texts_are_the_other_engines(vllm_engine: Apart, peer: Any) -> None:
    requests = _texts(4, sample=False, max_new_tokens=8)
    ours, theirs = _written(vllm_engine.generate(requests)), _written(peer.generate(requests))
    # One near tie may fall otherwise in another order of sums, and then the text goes on otherwise.
    assert sum(one.text == other.text for one, other in zip(ours, theirs, strict=True)) >= 3


def test_a_cut_leaves_the_most_probable(vllm_engine: Apart) -> None:
    prompt = Prompt((Turn("user", "A or B?"),))
    cut = Sampling(max_new_tokens=1, top_k=2)
    drawn = _written(vllm_engine.generate([GenerateRequest(prompt, cut, n, NONE) for n in range(40)]))
    assert len({reply.text for reply in drawn}) == 2


def test_a_seed_is_a_texts_own_and_batches_repeat(vllm_engine: Apart) -> None:
    first = _written(vllm_engine.generate(_texts(6)))
    assert first == _written(vllm_engine.generate(_texts(6)))
    twice = [GenerateRequest(_prompts()[0], Sampling(max_new_tokens=12), seed, NONE) for seed in (1, 1, 2)]
    one, same, other = _written(vllm_engine.generate(twice))
    assert one.text == same.text != other.text


def test_a_text_ends_at_its_stop_string(vllm_engine: Apart) -> None:
    plain = _written(vllm_engine.generate(_texts(2, sample=False, max_new_tokens=12)))
    word = plain[0].text[6:9]
    [cut, *_] = _written(vllm_engine.generate(_texts(2, sample=False, max_new_tokens=12, stop=(word,))))
    assert cut.finished == "stop" and word not in cut.text and plain[0].text.startswith(cut.text)


def test_a_request_that_cannot_be_answered_fails_alone(vllm_engine: Apart) -> None:
    [good] = _scores(_prompts()[:1])
    endless = ScoreRequest(Prompt((Turn("user", "word " * 2100),), "("), good.spellings, NONE)
    nothing = ScoreRequest(good.prompt, (("A",), ("certainly not at all",)), NONE)
    replies = vllm_engine.score([good, endless, nothing, good])
    assert [getattr(reply, "reason", "") for reply in replies] == ["", "too_long", "spelling", ""]
    assert replies[0] == replies[3]
    text = _texts(1, max_new_tokens=2040)[0]
    replies = vllm_engine.generate([text, *_texts(1)])
    assert [getattr(reply, "reason", "") for reply in replies] == ["too_long", ""]


def test_what_the_engine_prints_is_in_the_log_and_its_log_alone(vllm_engine: Apart) -> None:
    vllm_engine.score(_scores(_prompts()[:1]))
    assert "Initializing a V1 LLM engine" in vllm_engine.log.read_text(encoding="utf-8", errors="replace")

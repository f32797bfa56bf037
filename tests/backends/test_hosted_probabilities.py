"""How probable a first token is, as far as a server of the OpenAI protocol lists it, and no further."""

from __future__ import annotations

import math
from typing import Any

import pytest

from auditc.ir.exchange import Failure, Prompt, ScoreReply, ScoreRequest, Turn
from tests.backends.test_hosted import HINT, changed, opened, server
from tests.providers import Json, Provider

__all__ = ["server"]
SPELLINGS = (("1", " 1"), ("2", " 2"), ("3", " 3"))


def scores(count: int) -> list[ScoreRequest]:
    return [ScoreRequest(Prompt((Turn("user", f"Question {n}?"),), "Answer:"), SPELLINGS, HINT) for n in range(count)]


def test_probabilities_are_told_or_there_are_none(server: Provider) -> None:
    def top(*chances: tuple[str, float]) -> Any:
        listed = [{"token": token, "logprob": logprob} for token, logprob in chances]
        return lambda seen: changed(logprobs={"content": [{"token": "x", "top_logprobs": listed}]})

    engine = opened("openai", server, logprobs=5, retries=0)
    server.fault = top(("1", -0.7), (" 1", -2.3), ("2", -1.2), ("3", -5.0), (" 2", -8.0), ("x", -9999.0))
    (reply,) = engine.score(scores(1))
    assert isinstance(reply, ScoreReply), reply
    assert reply.logprobs == pytest.approx((-0.5162, -1.1989, -5.0), abs=1e-3)
    # " 3" is not listed: it could hold what the others leave over, but no more than the least that is.
    server.fault = top(("1", -1.5), ("2", -2.5), ("x", -3.5))
    (reply,) = engine.score(scores(1))
    assert isinstance(reply, Failure) and reply.reason == "truncated" and "`logprobs`" in reply.detail
    for wrong in (changed(logprobs=None), changed(logprobs={"content": []})):
        server.fault = lambda seen, wrong=wrong: wrong
        (reply,) = engine.score(scores(1))
        assert isinstance(reply, Failure) and reply.reason == "truncated"
    for nonsense in (("1", 3.0), ("1", float("nan"))):
        server.fault = top(nonsense)
        (reply,) = engine.score(scores(1))
        assert isinstance(reply, Failure) and reply.reason == "invalid_reply"
    engine.close()


@pytest.mark.parametrize("drawn", ["foo", "A", None], ids=["outside", "among them", "not said"])
@pytest.mark.parametrize("impossible", [False, True])
@pytest.mark.parametrize("protocol", ["chat", "completions"])
def test_the_token_that_was_drawn_bounds_nothing(
    protocol: str, impossible: bool, drawn: str | None, server: Provider
) -> None:
    """`C` is not listed, and may hold as much as `z`, however little the token holds that happened to be drawn."""
    foo = -9999.0 if impossible else -11.5
    chances = {"A": -1.2, "B": -1.39, "x": -2.3, "y": -2.41, "z": -2.53} | ({"foo": foo} if drawn != "A" else {})
    listed = [{"token": token, "logprob": logprob} for token, logprob in chances.items()]
    said = {"token": drawn} if drawn else {}
    told: Json = {"content": [{**said, "logprob": foo, "top_logprobs": listed}]}
    if protocol == "completions":
        told = {"top_logprobs": [chances]} | ({"tokens": [drawn]} if drawn else {})
    server.fault = lambda seen: changed(logprobs=told)
    request = ScoreRequest(Prompt((Turn("user", "?"),)), (("A",), ("B",), ("C",)), HINT)
    engine = opened("openai", server, server="vllm", protocol=protocol, logprobs=5, retries=0)
    (reply,) = engine.score([request])
    assert isinstance(reply, Failure) and reply.reason == "truncated", reply
    assert 0.07 < float(reply.detail.split()[0]) < 0.1, reply
    engine.close()
    engine = opened("openai", server, server="vllm", protocol=protocol, logprobs=5, retries=0, unlisted=0.1)
    (reply,) = engine.score([request])
    assert isinstance(reply, ScoreReply) and reply.logprobs[2] == -math.inf
    engine.close()

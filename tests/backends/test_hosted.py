"""Hosted models, on a server of this machine that does whatever servers do: nothing is lost, nobody is pestered."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, Engine, EngineStopped, ModelSource
from auditc.backends._hosted import jobs, pacing
from auditc.backends._hosted.pacing import Pacer
from auditc.backends._hosted.trouble import asked_to_wait
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    Prompt,
    Sampling,
    Turn,
)
from tests.providers import Json, Provider, Seen, Wrong, provider

KEY = "sk-live-0123456789abcdef"
BOTH = ("openai", "anthropic")
HINT = Hint("q", "us", (0, 1, 2))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(pacing, "FIRST", 0.001)
    monkeypatch.setattr(jobs, "SOON", 0.01)
    monkeypatch.setenv("THE_KEY", KEY)
    with provider() as running:
        yield running


def opened(name: str, server: Provider, notes: Path | None = None, /, **params: Any) -> Engine:
    backend = backends.take(name)
    url = server.url + ("/v1" if name == "openai" else "")
    form = backend.params.model_validate(
        {"model": "m", "url": url, "key": {"variable": "THE_KEY"}, "timeout": 10} | params
    )
    engine: Engine = backend.open(ModelSource("m", None, "", notes=str(notes) if notes else None), form)
    return engine


def texts(count: int, opening: str = "Answer:", **how: Any) -> list[GenerateRequest]:
    prompts = [Prompt((Turn("user", f"Question {n}?"),), opening) for n in range(count)]
    return [GenerateRequest(prompt, Sampling(**how), n << 40, HINT) for n, prompt in enumerate(prompts)]


def one(engine: Engine, **how: Any) -> GenerateReply | Failure:
    (reply,) = engine.generate(texts(1, **how))
    return reply


def asked_by_many(engine: Engine, count: int, threads: int = 16) -> list[GenerateReply | Failure]:
    """As the runtime does: a thread for each of the questions that are on their way at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return [reply for (reply,) in pool.map(lambda request: engine.generate([request]), texts(count))]


def once(wrong: Wrong, times: int = 1) -> Any:
    """The first answers to each question go wrong."""
    return lambda seen: wrong if seen.time <= times else None


def changed(**fields: Any) -> Wrong:
    """An answer with other fields in its first choice, or beside it."""

    def change(answer: Json) -> None:
        place = answer["choices"][0] if "choices" in answer else answer
        for name, value in fields.items():
            where = place if name in place else answer
            where[name] = value

    return Wrong(change=change)


PASSING = {
    "too many requests": Wrong(429, {"error": {"message": "slow down"}}),
    "wait so long": Wrong(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.05"}),
    "failed": Wrong(500, {"error": {"message": "oops"}}),
    "gateway": Wrong(502, "<html>no JSON</html>"),
    "overloaded": Wrong(503, {"error": {"type": "overloaded_error"}}),
    "overloaded too": Wrong(529, {"error": {"type": "overloaded_error"}}),
    "reset": Wrong(reset=True),
    "late": Wrong(delay=3),
    "cut off": Wrong(raw=b'{"choices": [{"message"'),
    "no JSON": Wrong(raw=b"upstream connect error"),
    "not the JSON": Wrong(raw=b'["choices"]'),
    "nothing": Wrong(raw=b""),
    "deep": Wrong(raw=b"[" * 100_000),
    "error with 200": Wrong(raw=b'{"error": {"message": "oops", "code": 500}}'),
}
REASONS = {"late": "timeout", "reset": "connection", "too many requests": "rate_limit", "wait so long": "rate_limit"}
REASONS |= dict.fromkeys(("cut off", "no JSON", "not the JSON", "nothing", "deep", "error with 200"), "invalid_reply")


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again_and_what_stays_is_a_failure_with_its_reason(
    name: str, fault: str, server: Provider
) -> None:
    limit = {"timeout": 1} if fault == "late" else {}
    engine = opened(name, server, retries=1, **limit)
    server.fault = once(PASSING[fault])
    good = one(engine)
    assert isinstance(good, GenerateReply) and good.text and len(server.asked) == 2
    server.fault = once(PASSING[fault], 99)
    bad = one(engine)
    assert isinstance(bad, Failure) and bad.reason == REASONS.get(fault, "server"), bad
    assert len(server.asked) == 4
    engine.close()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, {"message": "This model's maximum context length is 4096 tokens", "code": "x"}, "too_long"),
        (400, {"message": "prompt is too long: 9 tokens > 8 maximum"}, "too_long"),
        (413, {"message": "request_too_large"}, "too_long"),
        (400, {"message": "unknown field `foo`"}, "rejected"),
        (422, {"message": "unknown field `foo`"}, "rejected"),
    ],
)
def test_what_can_not_help_is_not_tried_again(
    name: str, status: int, error: Json, reason: str, server: Provider
) -> None:
    engine = opened(name, server)
    server.fault = lambda seen: Wrong(status, {"error": error})
    reply = one(engine)
    assert isinstance(reply, Failure) and reply.reason == reason and len(server.asked) == 1
    assert error["message"][:20] in reply.detail
    engine.close()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (Wrong(401, {"error": {"message": "Incorrect API key"}}), "THE_KEY"),
        (Wrong(402, {"error": {"message": "no balance"}}), "account"),
        (Wrong(403, {"error": {"message": "not for you"}}), "THE_KEY"),
        (Wrong(404, {"error": {"message": "model: m"}}), "`m` is not there"),
        (Wrong(429, {"error": {"message": "quota", "code": "insufficient_quota"}}), "account"),
        (Wrong(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}), "reached"),
    ],
)
def test_a_door_that_is_closed_is_knocked_at_once(name: str, wrong: Wrong, remedy: str, server: Provider) -> None:
    engine = opened(name, server)
    server.fault = lambda seen: wrong
    for _ in range(2):
        with pytest.raises(EngineStopped) as stopped:
            one(engine)
    assert remedy in stopped.value.help and "`m` at 127.0.0.1" in stopped.value.message
    assert len(server.asked) == 1
    engine.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_server_that_answers_nobody_stops_the_run_and_one_that_fails_now_and_then_does_not(
    name: str, server: Provider
) -> None:
    engine = opened(name, server, retries=0, concurrency=8)
    server.fault = lambda seen: Wrong(500) if seen.number % 2 else None
    replies = asked_by_many(engine, 40, threads=1)
    assert Counter(type(reply) for reply in replies) == {GenerateReply: 20, Failure: 20}
    engine.close()
    engine = opened(name, server, retries=0, concurrency=8)
    server.fault = lambda seen: Wrong(500)
    with pytest.raises(EngineStopped, match="has not answered 8 requests"):
        asked_by_many(engine, 40, threads=1)
    assert len(server.asked) == 48
    engine.close()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    "text", ["I'm sorry, but I can't answer that.", "抱歉，我无法回答这个问题。", "ramble " * 10_000, ""]
)
def test_a_text_is_taken_as_it_is(name: str, text: str, server: Provider) -> None:
    engine = opened(name, server)
    content: Any = {"message": {"content": text}} if name == "openai" else {"content": [{"type": "text", "text": text}]}
    server.fault = lambda seen: changed(**content)
    reply = one(engine)
    assert isinstance(reply, GenerateReply) and reply.text == text and reply.finished == "stop"
    engine.close()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("openai", changed(finish_reason="content_filter")),
        ("openai", changed(message={"content": None, "refusal": "I can't."})),
        ("openai", Wrong(400, {"error": {"code": "data_inspection_failed", "message": "inappropriate content"}})),
        ("openai", Wrong(400, {"error": {"code": "content_filter", "message": "filtered"}})),
        ("anthropic", changed(stop_reason="refusal", content=[])),
    ],
)
def test_what_a_server_withholds_is_a_refusal(name: str, wrong: Wrong, server: Provider) -> None:
    engine = opened(name, server)
    server.fault = lambda seen: wrong
    reply = one(engine)
    assert isinstance(reply, GenerateReply) and reply.finished == "refused" and len(server.asked) == 1
    engine.close()


@pytest.mark.parametrize("name", BOTH)
def test_who_answered_is_told_and_tokens_that_are_not_are_bounded_and_marked(name: str, server: Provider) -> None:
    engine = opened(name, server)
    told = one(engine)
    assert isinstance(told, GenerateReply) and told.tokens_out == 5 and "bound" not in told.reported
    assert told.reported == {"openai": "m-2026-01-15; fp_1", "anthropic": "m-20260115"}[name]
    server.fault = lambda seen: changed(usage=None)
    bounded = one(engine)
    assert isinstance(bounded, GenerateReply) and "upper bound" in bounded.reported
    assert bounded.tokens_in >= told.tokens_in and bounded.tokens_out >= told.tokens_out
    engine.close()


@pytest.mark.parametrize("name", BOTH)
def test_the_key_is_nowhere_but_in_the_header(name: str, server: Provider) -> None:
    engine = opened(name, server, retries=0)
    assert KEY not in json.dumps(dict(engine.identity)) + repr(engine.identity) + repr(engine)
    server.fault = lambda seen: Wrong(400, {"error": {"message": f"bad header {seen.headers['authorization']}"}})
    reply = one(engine)
    assert isinstance(reply, Failure) and "bad header" in reply.detail and KEY not in reply.detail
    server.fault = lambda seen: changed(model=KEY, message={"content": KEY}, content=[{"type": "text", "text": KEY}])
    assert KEY not in repr(one(engine))
    server.fault = lambda seen: Wrong(401, {"error": {"message": f"no key {KEY}, nor {KEY[:20]}"}})
    with pytest.raises(EngineStopped) as stopped:
        for _ in range(5):
            one(engine)
    assert KEY[:20] not in stopped.value.message + stopped.value.help
    assert all(KEY not in json.dumps(seen.body) for seen in server.seen)
    engine.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_server_that_asks_for_an_hour_is_left_alone(name: str, server: Provider) -> None:
    engine = opened(name, server)
    server.fault = lambda seen: Wrong(429, {"error": {"message": "daily limit"}}, {"Retry-After": "3600"})
    with pytest.raises(EngineStopped, match="left alone for 3,600 seconds"):
        one(engine)
    assert len(server.asked) == 1
    engine.close()


def test_without_a_declared_key_none_of_the_environment_is_sent(
    server: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", KEY)
    monkeypatch.setenv("OPENAI_PROJECT_ID", KEY)
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(variable, KEY)
    for name in BOTH:
        engine = opened(name, server, key=None)
        one(engine)
        engine.close()
    assert all(KEY not in json.dumps(seen.headers) for seen in server.seen)


@pytest.mark.parametrize("kind", ["openai", "plain", "anthropic"])
def test_no_header_that_stands_in_the_environment_is_sent(
    kind: str, server: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec names the address: whoever wrote it would be sent the keys of somebody's gateway."""
    theirs = "Authorization: Bearer theirs\nX-Gateway-Key: theirs\nx-api-key: theirs\nUser-Agent: theirs"
    for variable in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(variable, theirs + "\nanthropic-version: theirs\nanthropic-beta: theirs")
    for library in ("OPENAI", "ANTHROPIC"):
        for of in ("ORG_ID", "PROJECT_ID", "API_KEY", "ADMIN_KEY", "AUTH_TOKEN"):
            monkeypatch.setenv(f"{library}_{of}", "theirs")
    name, params = ("anthropic", {}) if kind == "anthropic" else ("openai", {"server": kind})
    for more in ({}, {"key": None}, {"batch": True}):
        engine = opened(name, server, **params, **more)
        one(engine)
        engine.close()
    assert len(server.seen) > 3 and all("theirs" not in json.dumps(seen.headers) for seen in server.seen)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_declared_key_must_be_there(server: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_KEY")
    for name in BOTH:
        with pytest.raises(BackendUnavailable, match="THE_KEY"):
            opened(name, server)


def test_the_pace_grows_while_it_is_answered_and_halves_when_it_is_not() -> None:
    pacer = Pacer(64)
    for _ in range(10):
        pacer.leave(pacer.enter(), well=True)
    assert pacer.limit == 14
    burst = [pacer.enter() for _ in range(10)]
    for entered in burst:
        pacer.leave(entered, well=False, slower=True)
    assert pacer.limit == 7, "one complaint of ten at a time is one complaint"
    for _ in range(7):
        pacer.leave(pacer.enter(), well=True)
    assert 7.9 < pacer.limit < 8.1


@pytest.mark.parametrize("name", BOTH)
def test_a_server_that_takes_few_at_a_time_gets_few_at_a_time(name: str, server: Provider) -> None:
    """Of six at a time this one turns the others away: all are answered, and few are turned away."""
    server.latency = 0.01
    turned = Counter[str]()
    crowded = threading.Event()

    def fault(seen: Seen) -> Wrong | None:
        if server.now > 6:
            crowded.set()
            turned["away"] += 1
            return Wrong(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.02"})
        if len(server.asked) > 30:  # by now more than six may come at a time: a slow machine is waited for
            crowded.wait(120)
        return None

    server.fault = fault
    engine = opened(name, server, concurrency=64)
    replies = asked_by_many(engine, 300, threads=64)
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    assert 0 < turned["away"] < 150, "without pace, 58 of 64 would be turned away, again and again"
    assert len(server.asked) == 300 + turned["away"]
    engine.close()


def test_a_fast_server_gets_many_at_a_time(server: Provider) -> None:
    """After sixty prompt answers it holds every request until seventeen are there together: they come, however slow."""
    many = threading.Event()

    def fault(seen: Seen) -> Wrong | None:
        if server.now > 16:
            many.set()
        if len(server.asked) > 60:
            many.wait(120)
        return None

    server.fault = fault
    engine = opened("openai", server, concurrency=32)
    asked_by_many(engine, 200, threads=32)
    assert many.is_set()
    engine.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 9.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-1"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1m"}, None),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:04Z",
                "date": "Sat, 21 Nov 2026 12:00:00 GMT",
            },
            4.0,
        ),
        ({}, None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait(headers) == (seconds if seconds is None else pytest.approx(seconds))


def test_every_setting_is_sent_in_the_words_of_the_server(server: Provider) -> None:
    how: Any = {"temperature": 0.7, "top_p": 0.9, "top_k": 5, "stop": ("\n\n",), "max_new_tokens": 9}
    sent = {}
    for kind in ("plain", "openai", "vllm", "llamacpp", "deepseek", "qwen", "glm", "doubao"):
        engine = opened("openai", server, server=kind)
        engine.generate(texts(1, **how))
        sampled = server.asked[-1].body
        engine.generate(texts(1, sample=False))
        sent[kind] = sampled, server.asked[-1].body
        engine.close()
        assert (sampled["temperature"], sampled["top_p"], sampled["stop"]) == (0.7, 0.9, ["\n\n"])
        assert sent[kind][1]["temperature"] == 0 and sent[kind][1]["top_p"] == 1
        length = "max_completion_tokens" if kind == "openai" else "max_tokens"
        assert sampled[length] == 9
        assert ("seed" in sampled) is (kind not in ("deepseek", "glm", "doubao"))
    assert sent["vllm"][0]["top_k"] == 5 and sent["vllm"][1]["top_k"] == -1 and sent["vllm"][0]["min_p"] == 0
    assert sent["glm"][0]["do_sample"] is True and sent["glm"][1]["do_sample"] is False


def test_the_opening_is_asked_for_or_gone_on_with(server: Provider) -> None:
    for kind, mark in (("vllm", {}), ("deepseek", {"prefix": True}), ("qwen", {"partial": True}), ("llamacpp", {})):
        engine = opened("openai", server, server=kind, opening="continue")
        one(engine)
        body = server.asked[-1].body
        assert body["messages"][-1] == {"role": "assistant", "content": "Answer:"} | mark
        assert body.get("continue_final_message", False) is (kind == "vllm")
        engine.close()
    engine = opened("openai", server)
    server.fault = lambda seen: changed(message={"content": "Answer: 2"})
    reply = one(engine)
    assert isinstance(reply, GenerateReply) and reply.text == " 2", "what it was asked to say is no part of its answer"
    assert server.asked[-1].body["messages"] == [{"role": "user", "content": "Question 0?\n\nAnswer:"}]
    engine.close()
    engine = opened("openai", server, protocol="completions")
    server.fault = lambda seen: None
    one(engine)
    assert server.asked[-1].body["prompt"] == "Question 0?\nAnswer:" and server.asked[-1].path == "/v1/completions"
    engine.close()
    engine = opened("anthropic", server, opening="continue", settings="sent")
    one(engine, opening="Answer: ")
    assert server.asked[-1].body["messages"][-1] == {"role": "assistant", "content": "Answer:"}
    assert server.asked[-1].headers["anthropic-version"] == "2023-06-01"
    engine.close()


def test_what_a_server_does_not_take_is_named(server: Provider) -> None:
    def refused(name: str, sampling: Sampling | None, **params: Any) -> str:
        backend = backends.take(name)
        return " ".join(backend.refuses(backend.params.model_validate({"model": "m"} | params), sampling))

    assert "`logprobs` is 0" in refused("openai", None)
    assert refused("openai", None, logprobs=20) == ""
    assert "20 tokens at most" in refused("openai", None, logprobs=21)
    assert "no `top_k`" in refused("openai", Sampling(top_k=5)) and not refused("openai", Sampling(), batch=True)
    assert refused("openai", Sampling(top_k=5), server="vllm") == ""
    assert "up to 1" in refused("openai", Sampling(temperature=1.5), server="glm")
    assert "stops at 4" in refused("openai", Sampling(stop=tuple("abcde")))
    assert "continues no message" in refused("openai", Sampling(), opening="continue")
    assert "no jobs" in refused("openai", Sampling(), server="vllm", batch=True)
    assert refused("anthropic", Sampling()) == ""
    assert "`temperature`" in refused("anthropic", Sampling(temperature=0.5))
    assert "samples, always" in refused("anthropic", Sampling(sample=False))
    assert refused("anthropic", Sampling(temperature=0.5, top_k=3), settings="sent") == ""
    assert "up to 1" in refused("anthropic", Sampling(temperature=1.5), settings="sent")
    assert "beams" not in backends.take("openai").can(backends.take("openai").params(model="m", logprobs=5))


def test_another_address_another_answerer() -> None:
    backend = backends.take("openai")

    def identity(**params: Any) -> Any:
        return dict(
            backend.identify(ModelSource("m", None, ""), backend.params.model_validate({"model": "m"} | params))
        )

    assert identity()["server"] == "openai" and identity(url="http://h/v1")["server"] == "plain"
    assert identity(url="http://H:8000/v1/") == identity(url="http://h:8000/v1")
    assert identity(url="http://h:8000/v1") != identity(url="http://h:8001/v1")
    assert identity(concurrency=3, retries=1, timeout=5, reuse=9, key={"variable": "A"}) == identity()
    for other in (
        {"model": "n"},
        {"opening": "continue"},
        {"protocol": "completions"},
        {"logprobs": 5},
        {"batch": True},
    ):
        assert identity(**other) != identity()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("packed", [True, False])
def test_no_answer_is_read_without_bounds(name: str, status: int, packed: bool, server: Provider) -> None:
    """A few bytes on the wire may be unpacked to any number of them, an error's as well."""
    body = json.dumps({"error": {"message": "x" * 2**22}}).encode()
    body = gzip.compress(body) if packed else body * 5
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.fault = lambda seen: Wrong(status, body, headers, raw=body)
    engine = opened(name, server, retries=0)
    reply = one(engine)
    assert isinstance(reply, Failure) and ("packed" if packed else "more than") in reply.detail, reply.detail[:100]
    assert server.asked[0].headers["accept-encoding"] == "identity"
    engine.close()


def test_closing_wakes_whoever_waits(server: Provider) -> None:
    server.fault = lambda seen: Wrong(429, None, {"Retry-After": "300"})
    engine = opened("openai", server)
    replies: list[Any] = []
    waiting = threading.Thread(target=lambda: replies.extend(engine.generate(texts(1))))
    waiting.start()
    while not server.asked:
        pass
    engine.close()
    engine.close()
    waiting.join(60)
    assert not waiting.is_alive() and isinstance(replies[0], Failure)

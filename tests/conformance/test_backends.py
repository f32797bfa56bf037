"""What every backend must hold to. A backend joins by a module in `cases/`; one on the shelf without any fails.

What cannot be asked of an engine is skipped with a reason, and the closing lines of a run of the tests list it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from scipy.stats import chi2

import auditc
from auditc.backends import backends
from auditc.backends._contract import Backend, Capability, Engine, Predicting
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, LikelihoodReply, ScoreReply, ScoreRequest

from .asked import LETTERS, answers, draws, endless, odd, plain, scores, texts, written
from .case import BEYOND, Case, Ready, cases, parameters

CASES = cases()

HEAVY = ("torch", "transformers", "vllm", "safetensors", "gguf", "huggingface_hub", "openai", "anthropic")


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, and its engine."""

    case: Case
    ready: Ready
    backend: Backend[Any]
    params: Any
    engine: Engine

    def needs(self, *things: str) -> None:
        """Skip the check where the engine has none of these, and say so."""
        can = self.backend.can(self.params)
        for thing in things:
            why = self.case.why_not(thing, can)
            if why:
                pytest.skip(f"not asked of {self.case.backend}: {thing}: {why}")


@pytest.fixture(scope="module", params=parameters(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def tried(case: Case, request: pytest.FixtureRequest) -> Iterator[Tried]:
    with case.ready() as ready:
        params = case.taken.params.model_validate(ready.params)
        if case.opened:
            yield Tried(case, ready, case.taken, params, request.getfixturevalue(case.opened))
            return
        engine = case.taken.open(ready.source, params)
        yield Tried(case, ready, case.taken, params, engine)
        engine.close()
        engine.close()  # a second time is harmless


def test_every_backend_on_the_shelf_is_tried() -> None:
    assert {case.backend for case in CASES.values()} == set(backends.names())


def test_everything_is_asked_of_some_engine() -> None:
    for case in CASES.values():
        assert case.lacks.keys() <= {*BEYOND, *get_args(Capability)}
    for thing in BEYOND:
        able = [case for case in CASES.values() if not case.why_not(thing, frozenset())]
        assert able, thing


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


def test_identity_is_flat_says_nothing_of_the_machine_and_is_the_engines(tried: Tried) -> None:
    source = tried.ready.source
    identity = dict(tried.backend.identify(source, tried.params))
    assert dict(tried.engine.identity) == identity
    assert json.loads(json.dumps(identity)) == identity
    for value in identity.values():
        assert isinstance(value, str | int | float | bool)
        assert source.folder is None or source.folder not in str(value)
        assert str(Path.home()) not in str(value) and "/tmp/" not in str(value)


def test_identity_needs_no_model_library(tried: Tried) -> None:
    source = tried.ready.source
    code = (
        "import json, sys\n"
        "from auditc.backends import backends\n"
        "from auditc.backends._contract import ModelSource\n"
        "name, params, folder, digest, reference = json.loads(sys.argv[1])\n"
        "backend = backends.take(name)\n"
        "params = backend.params.model_validate(params)\n"
        "backend.can(params)\n"
        "identity = dict(backend.identify(ModelSource('model', folder, digest, reference), params))\n"
        f"print(json.dumps([identity, sorted(set({HEAVY!r}) & set(sys.modules))]))\n"
    )
    given = [tried.case.backend, dict(tried.ready.params), source.folder, source.weights_digest, source.reference]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(given)],
        cwd=Path(auditc.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    identity, heavy = json.loads(done.stdout)
    assert heavy == []
    assert identity == dict(tried.engine.identity), "another process says otherwise who would answer"


def test_nothing_asked_nothing_answered(tried: Tried) -> None:
    assert tried.engine.score([]) == [] and tried.engine.generate([]) == [] and tried.engine.lengths([]) == []


@pytest.mark.parametrize("chinese", [False, True])
def test_scores_are_parts_of_one_probability(tried: Tried, chinese: bool) -> None:
    tried.needs("score")
    requests = scores(9, chinese)
    replies = answers(tried.engine.score(requests))
    assert len(replies) == len(requests)
    for reply in replies:
        assert len(reply.logprobs) == 3 and all(value <= 0 for value in reply.logprobs)
        assert 0 < sum(map(math.exp, reply.logprobs)) <= 1 + 1e-6


def test_lengths_are_what_replies_say_they_read(tried: Tried) -> None:
    tried.needs("score", "lengths")
    requests = scores(5)
    lengths = tried.engine.lengths([request.prompt for request in requests])
    assert [reply.tokens_in for reply in answers(tried.engine.score(requests))] == lengths and min(lengths) > 0


def test_an_equal_batch_gets_equal_answers(tried: Tried) -> None:
    tried.needs("repeats")
    able = tried.backend.can(tried.params)
    if "score" in able:
        assert tried.engine.score(scores(7)) == tried.engine.score(scores(7))
    if "generate" in able:
        assert tried.engine.generate(texts(3, sample=False)) == tried.engine.generate(texts(3, sample=False))
    if {"generate", "streams"} <= able:
        assert tried.engine.generate(texts(3)) == tried.engine.generate(texts(3))


def test_replies_come_in_the_order_of_the_requests(tried: Tried) -> None:
    tried.needs("score", "repeats")
    requests = scores(8)
    forward = answers(tried.engine.score(requests))
    backward = answers(tried.engine.score(requests[::-1]))[::-1]
    assert [reply.tokens_in for reply in forward] == [reply.tokens_in for reply in backward]
    for one, two in zip(forward, backward, strict=True):
        assert one.logprobs == pytest.approx(two.logprobs, abs=0.3)  # bfloat16 rounds by its neighbours


def test_an_equal_request_in_other_company_gets_an_equal_text(tried: Tried) -> None:
    tried.needs("generate", "streams")
    requests, others = texts(4), texts(4, first=1000)
    first = written(tried.engine.generate(requests))
    second = written(tried.engine.generate([requests[0], *others[1:]]))
    assert first[0] == second[0]
    assert [reply.text for reply in first[1:]] != [reply.text for reply in second[1:]]


def test_what_is_sampled_is_shared_out_as_the_probabilities_say(tried: Tried) -> None:
    tried.needs("score", "generate", "streams", "chances")
    [scored] = answers(tried.engine.score(scores(1)))
    chances = [math.exp(value) for value in scored.logprobs]
    said = [reply.text.split("\n")[0] for reply in written(tried.engine.generate(draws(250)))]
    counts = Counter(place for text in said for place, spelled in enumerate(LETTERS) if text in spelled)
    given = counts.total()
    assert given >= 60, "too few of the texts are options to say anything"
    expected = [given * chance / sum(chances) for chance in chances]
    seen = [(counts[place], wanted) for place, wanted in enumerate(expected) if wanted >= 5]
    rare = [(counts[place], wanted) for place, wanted in enumerate(expected) if wanted < 5]
    if rare:
        seen.append((sum(count for count, _ in rare), sum(wanted for _, wanted in rare)))
    assert len(seen) > 1
    statistic = sum((count - wanted) ** 2 / wanted for count, wanted in seen)
    assert statistic < chi2.ppf(1 - 1e-4, len(seen) - 1), list(zip(seen, expected, strict=False))


def test_a_text_says_why_it_ended_and_keeps_to_its_limit(tried: Tried) -> None:
    tried.needs("generate")
    replies = written(tried.engine.generate(texts(4, max_new_tokens=5, sample=False)))
    for reply in replies:
        assert reply.tokens_in > 0 and reply.tokens_out >= 0
        assert reply.finished in ("stop", "length", "refused")
        assert not reply.text.startswith("Answer: (")
    tried.needs("tokens")
    for reply in replies:
        assert reply.tokens_out <= 5 and (reply.finished != "length" or reply.tokens_out == 5)


def test_a_text_ends_before_its_first_stop_string(tried: Tried) -> None:
    tried.needs("generate", "repeats", "stops")
    [free] = written(tried.engine.generate(texts(1, sample=False)))
    assert len(free.text) > 3
    stop = free.text[2:4]
    [cut] = written(tried.engine.generate(texts(1, sample=False, stop=("no such words", stop))))
    assert cut.text == free.text[: free.text.index(stop)]
    assert cut.finished == "stop" and cut.tokens_out <= free.tokens_out


@pytest.mark.parametrize(("capability", "sample"), [("beams", False), ("beam_sampling", True)])
def test_beams_where_it_says_so(tried: Tried, capability: str, sample: bool) -> None:
    tried.needs(capability)
    requests = texts(2, beams=2, sample=sample, max_new_tokens=4)
    found = written(tried.engine.generate(requests))
    assert written(tried.engine.generate(requests)) == found
    if sample and "streams" in tried.backend.can(tried.params):
        assert [written(tried.engine.generate([request]))[0] for request in requests] == found


def test_texts_are_predicted_token_by_token_whoever_stands_beside_them(tried: Tried) -> None:
    tried.needs("likelihood")
    engine = tried.engine
    assert isinstance(engine, Predicting) and engine.likelihoods([]) == []
    requests = plain(5)
    forward, backward = engine.likelihoods(requests), engine.likelihoods(requests[::-1])[::-1]
    assert engine.likelihoods(requests) == forward
    for request, one, other in zip(requests, forward, backward, strict=True):
        assert isinstance(one, LikelihoodReply) and isinstance(other, LikelihoodReply)
        assert request.prompt.opening.startswith(one.given)
        assert 0 < len(one.logprobs) <= one.tokens_in and all(value <= 0 for value in one.logprobs)
        # bfloat16 rounds by its neighbours, more in single tokens than in all of them.
        assert sum(one.logprobs) == pytest.approx(sum(other.logprobs), rel=0.02)


def test_a_bad_request_fails_alone(tried: Tried) -> None:
    tried.needs("faults")
    able = tried.backend.can(tried.params)
    if "score" in able:
        first, last = scores(2)
        good = ScoreRequest(endless(), first.spellings, first.hint)
        _fails_in_the_middle(tried.engine.score([first, good, last]), ScoreReply)
    if "generate" in able:
        one, two = texts(2, sample=False)
        _fails_in_the_middle(tried.engine.generate([one, replace(one, prompt=endless()), two]), GenerateReply)


def _fails_in_the_middle(replies: list[Any], kind: type) -> None:
    before, failed, after = replies
    assert isinstance(before, kind) and isinstance(after, kind)
    assert isinstance(failed, Failure) and failed.detail
    assert failed.reason in ("too_long", "rejected", "not_recorded")


def test_a_spelling_that_is_not_one_token_fails_alone(tried: Tried) -> None:
    tried.needs("score", "spellings")
    good = scores(1)[0]
    bad = replace(good, spellings=(("A",), ("certainly not at all",), ("",)))
    before, failed, after = tried.engine.score([good, bad, good])
    assert isinstance(before, ScoreReply) and isinstance(after, ScoreReply)
    assert isinstance(failed, Failure) and failed.reason == "spelling"


def test_any_text_is_answered_or_refused_and_hurts_no_neighbour(tried: Tried) -> None:
    tried.needs("generate")
    good = texts(1, sample=False)[0]
    requests = [good, *(request for request in odd() if isinstance(request, GenerateRequest)), good]
    replies = tried.engine.generate(requests)
    assert len(replies) == len(requests)
    assert isinstance(replies[0], GenerateReply) and isinstance(replies[-1], GenerateReply)
    assert all(isinstance(reply, GenerateReply) or reply.detail for reply in replies)


def test_several_threads_may_ask_at_once(tried: Tried) -> None:
    tried.needs("score", "threads")
    wanted = tried.engine.score(scores(9))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: tried.engine.score(scores(9)), range(16)))
    assert all(replies == wanted for replies in found)

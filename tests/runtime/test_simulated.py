"""The simulated model does what its parameters say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from auditc.backends._contract import ModelSource
from auditc.backends.simulated import MASS, Params, simulated
from auditc.ir.exchange import GenerateReply, GenerateRequest, Hint, Prompt, Sampling, ScoreReply, ScoreRequest, Turn
from auditc.methods import methods

SHARES = (0.1, 0.2, 0.3, 0.4)
SOURCE = ModelSource("model", None, "", {"USA": {"q": SHARES}})
ENGLISH, CHINESE = "Why?\n1. a\n2. b\n3. c\n4. d", "为什么？\n(A) 甲\n(B) 乙\n(C) 丙\n(D) 丁"
WORDS = {"en": ("aa", "bb", "cc", "dd"), "zh": ("甲甲", "乙乙", "丙丙", "丁丁")}


def chances(order: tuple[int, ...] = (0, 1, 2, 3), item: str = "q", **params: Any) -> list[float]:
    engine = simulated.open(SOURCE, Params(like="values", **params))
    request = ScoreRequest(Prompt((Turn("user", ENGLISH),)), (("A",),) * len(order), Hint(item, "USA", order))
    (reply,) = engine.score([request])
    assert isinstance(reply, ScoreReply)
    return [math.exp(logprob) / MASS for logprob in reply.logprobs]


def texts(asked: str = ENGLISH, count: int = 4000, sampling: Sampling | None = None, **params: Any) -> list[str]:
    engine = simulated.open(SOURCE, Params(like="values", **params))
    hint, prompt = Hint("q", "USA", (0, 1, 2, 3)), Prompt((Turn("user", asked),))
    requests = [GenerateRequest(prompt, sampling or Sampling(), stream, hint) for stream in range(count)]
    return [reply.text for reply in engine.generate(requests) if isinstance(reply, GenerateReply)]


def test_it_answers_like_people_in_the_order_shown() -> None:
    assert chances() == pytest.approx(SHARES)
    assert chances((2, 3, 0, 1)) == pytest.approx((0.3, 0.4, 0.1, 0.2))


def test_it_differs_from_people_as_it_is_told() -> None:
    squares = np.array(SHARES) ** 2
    assert chances(tilt=1) == pytest.approx(squares / squares.sum())
    assert chances(tilt=-1) == pytest.approx([0.25] * 4)
    assert chances(lean=0.5) == pytest.approx((0.05, 0.1, 0.15, 0.7))
    assert chances((2, 3, 0, 1), position_bias=0.5) == pytest.approx((0.65, 0.2, 0.05, 0.1))


def test_it_answers_as_the_country_it_is_told_whoever_is_asked_for() -> None:
    source = ModelSource("model", None, "", {"USA": {"q": SHARES}, "CHN": {"q": SHARES[::-1]}})
    engine = simulated.open(source, Params(like="values", country="CHN"))
    for country in ("USA", "CHN", "PER"):
        request = ScoreRequest(Prompt((Turn("user", ENGLISH),)), (("A",),) * 4, Hint("q", country, tuple(range(4))))
        (reply,) = engine.score([request])
        assert isinstance(reply, ScoreReply)
        assert [math.exp(logprob) / MASS for logprob in reply.logprobs] == pytest.approx(SHARES[::-1])


def test_what_people_were_not_asked_is_answered_uniformly() -> None:
    assert chances(item="other") == pytest.approx([0.25] * 4)
    assert chances((0, 1, 2)) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("asked", "method", "language"), [(ENGLISH, "def_survey", "en"), (CHINESE, "first_token", "zh")]
)
def test_its_texts_are_read_as_what_they_are(asked: str, method: str, language: str) -> None:
    read = methods.take(method).read
    readings = [read(text, WORDS[language], language) for text in texts(asked, refuse=0.2, unparsable=0.25)]
    reasons = [reading.reason for reading in readings]
    assert reasons.count("refused") / 4000 == pytest.approx(0.2, abs=0.03)
    assert reasons.count("unparsable") / 4000 == pytest.approx(0.2, abs=0.03)
    given = [reading.option for reading in readings if reading.option is not None]
    assert np.bincount(given) / len(given) == pytest.approx(SHARES, abs=0.03)


def test_a_text_depends_on_seed_and_stream_alone() -> None:
    assert texts() == texts() != texts(seed=1)
    assert texts(count=50)[7:9] == texts(count=9)[7:9]


def test_deterministic_decoding_gives_the_likeliest_outcome() -> None:
    greedy = Sampling(sample=False)
    assert {text[:2] for text in texts(sampling=greedy)} == {" 4"}
    assert {text[:2] for text in texts(sampling=greedy, tilt=-1, lean=0.1)} == {" 4"}
    (text,) = set(texts(sampling=greedy, refuse=0.9))
    assert methods.take("def_survey").read(text, WORDS["en"], "en").reason == "refused"


def test_its_identity_holds_what_changes_an_answer_and_no_latency() -> None:
    def identity(source: ModelSource = SOURCE, **params: Any) -> Any:
        return simulated.identify(source, Params(like="values", **params))

    assert identity() == identity(latency=1.0)
    others = [
        identity(tilt=1),
        identity(seed=1),
        identity(refuse=0.1),
        identity(country="USA"),
        identity(ModelSource("model", None, "")),
    ]
    assert all(other != identity() for other in others) and identity()["answers_by"] == "hint"


@pytest.mark.parametrize("wrong", [{"tilt": -1.5}, {"refuse": 2}, {"unknown": 1}, {"latency": -1}])
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(like="values", **wrong)

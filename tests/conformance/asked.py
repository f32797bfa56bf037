"""The requests that the conformance suite makes. They are few and always the same, so that they can be recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    LikelihoodRequest,
    Prompt,
    Request,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)

LETTERS: Final = (("A", " A"), ("B", " B"), ("C", " C"))
SHOWN: Final = Hint("trust", "here", (0, 1, 2))
ODD: Final = ("😀 👩‍👩‍👧 🇨🇳", "您好，世界", "مرحبا", "e\u0301 \u200b \u202e", "\x00\x07", "\ud800 half a character", "")
"""Texts that a tokenizer, a file or a server may stumble over."""


def _drawn(draw: int) -> Hint:
    return replace(SHOWN, draw=draw)


def prompt(number: int, chinese: bool = False) -> Prompt:
    """A question of a survey; another for each number."""
    if chinese:
        asked = f"问题{number}：您在多大程度上信任邻居？\n1. 完全信任\n2. 有些信任\n3. 不信任"
        return Prompt((Turn("user", asked),), "回答：")
    asked = f"Question {number}: how much do you trust your neighbours?\n(A) A lot\n(B) Some\n(C) Not at all"
    return Prompt((Turn("system", "You answer surveys."), Turn("user", asked + "\n" * (number % 3))), "Answer: (")


def scores(count: int, chinese: bool = False) -> list[ScoreRequest]:
    """First-token probabilities of three options."""
    spellings = (("1",), ("2",), ("3",)) if chinese else LETTERS
    item = "信任" if chinese else "trust"
    return [ScoreRequest(prompt(n, chinese), spellings, Hint(item, "here", (0, 1, 2))) for n in range(count)]


def texts(count: int, first: int = 0, **settings: Any) -> list[GenerateRequest]:
    """Texts of the draws `first`, `first` + 1, and so on: a question each."""
    sampling = Sampling(**({"max_new_tokens": 8} | settings))
    return [GenerateRequest(prompt(n), sampling, first + n, _drawn(first + n)) for n in range(count)]


def draws(count: int) -> list[GenerateRequest]:
    """The same question again and again: one token each, sampled."""
    sampling = Sampling(max_new_tokens=1)
    return [GenerateRequest(prompt(0), sampling, 7919 * n, _drawn(n)) for n in range(count)]


def plain(count: int) -> list[LikelihoodRequest]:
    """Texts that are given as they stand."""
    words = ["Rivers carry stones to the sea.", "河流把石头带到海里。"]
    said = [f"{words[n % 2]} {n} " * (n + 1) for n in range(count)]
    return [LikelihoodRequest(Prompt((), text), Hint(f"text_{n}", "texts", ())) for n, text in enumerate(said)]


def endless() -> Prompt:
    """A prompt beyond every window."""
    return Prompt((Turn("user", "peace " * 100_000),), "Answer: (")


def odd() -> list[Request]:
    """Texts in the places where a spec, a model or a table may put them."""
    sampling = Sampling(sample=False, max_new_tokens=4)
    return [GenerateRequest(Prompt((Turn("user", text + " Why?"),), ""), sampling, 0, SHOWN) for text in ODD]


def everything() -> list[Request]:
    """All that the suite asks and wants an answer to, for an engine that answers out of what was recorded."""
    asked: list[Request] = [*scores(9), *scores(9, chinese=True), *texts(6), *texts(6, sample=False), *draws(250)]
    asked += texts(4, max_new_tokens=5, sample=False)
    for sample in (False, True):
        asked += texts(2, beams=2, sample=sample, max_new_tokens=4)
    return [*asked, *plain(5), *odd()]


def answers(replies: Sequence[ScoreReply | Failure]) -> list[ScoreReply]:
    """The replies, none of which is a failure."""
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, ScoreReply)]


def written(replies: Sequence[GenerateReply | Failure]) -> list[GenerateReply]:
    """The replies, none of which is a failure."""
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, GenerateReply)]

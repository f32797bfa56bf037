"""Beam search and beam sampling: the library's rules, in our own batches, with a random stream for each text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from scipy.stats import chi2

from auditc.backends import backends
from auditc.backends.transformers import pick
from auditc.backends.transformers.beams import write_with_beams
from auditc.ir.exchange import GenerateRequest, Hint, Prompt, Sampling, Turn

from . import tiny

NONE = Hint("", "", ())
PROMPTS = [*(tuple(range(40, 40 + length)) for length in (3, 9, 17)), (7, 7, 7), (200, 3), (200, 3)]


@pytest.fixture(scope="module", params=["own", "library", "running state"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A tiny model in each of the ways in which texts grow."""
    backend = backends.take("transformers")
    source = tiny.base(tmp_path_factory.mktemp("beams"))
    layers = {"layers": "library"} if request.param != "own" else {}
    opened: Any = backend.open(source, backend.params(threads=1, **layers))
    if request.param == "running state":
        opened._writer = replace(opened._writer, slotted=False)
    yield opened
    opened.close()


def _ours(engine: Any, ends: frozenset[int], prompts: list[tuple[int, ...]], first: int = 0, **how: Any) -> Any:
    writer = replace(engine._writer, ends=ends)
    streams = range(first, first + len(prompts))
    return write_with_beams(writer, prompts, streams, Sampling(**how), lambda _prompt, _ids: False)


def _usual(written: Any, count: int) -> frozenset[int]:
    """The tokens that these texts are full of."""
    usual = Counter(token for row in written for token in row.ids).most_common(count)
    return frozenset(token for token, _ in usual)


def _generate(engine: Any, prompts: list[Prompt], sampling: Sampling) -> list[Any]:
    requests = [GenerateRequest(prompt, sampling, number, NONE) for number, prompt in enumerate(prompts)]
    replies: list[Any] = engine.generate(requests)
    return replies


def _config(**settings: Any) -> Any:
    from transformers import GenerationConfig

    return GenerationConfig(**settings)


def _library(engine: Any, ends: frozenset[int], prompt: tuple[int, ...], beams: int, new: int) -> tuple[int, ...]:
    """What the library's own generate finds for one prompt, without the token that ended it."""
    import torch

    ids = torch.tensor([prompt])
    how: dict[str, Any] = {"num_beams": beams, "max_new_tokens": new, "do_sample": False, "length_penalty": 1.0}
    how |= {"early_stopping": False, "eos_token_id": sorted(ends) or None, "pad_token_id": 256}
    out = engine._model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=_config(**how))
    written = out[0, len(prompt) :].tolist()
    return tuple(written[: next((at for at, token in enumerate(written) if token in ends), len(written))])


@pytest.mark.parametrize("ends", ["none", "one", "many"])
def test_a_search_finds_what_the_librarys_finds(engine: Any, ends: str) -> None:
    if ends == "one":  # a token that texts without an end are full of
        free = _ours(engine, frozenset(), PROMPTS, sample=False, beams=2, max_new_tokens=10)
        known = _usual(free, 1)
    else:
        known = frozenset(range(0, 256, 9)) if ends == "many" else frozenset()
    finished = set()
    for beams in (2, 5):
        found = _ours(engine, known, PROMPTS, sample=False, beams=beams, max_new_tokens=10)
        assert [row.ids for row in found] == [_library(engine, known, ids, beams, 10) for ids in PROMPTS]
        assert all((row.finished == "length") == (len(row.ids) == row.steps == 10) for row in found)
        finished |= {row.finished for row in found}
    assert ("stop" in finished) == (ends != "none")


def test_a_stop_string_ends_a_beam_as_the_librarys_does(engine: Any) -> None:
    import torch

    stop = ("a", "Q", "#", "z", "M", "0", "~", "k", "Y", ";")
    sampling = Sampling(sample=False, beams=3, max_new_tokens=12, stop=stop)
    prompts = [Prompt((Turn("user", words),), "So:") for words in ("Why?", "What else?", "On and on", "!")]
    finished = set()
    for prompt, reply in zip(prompts, _generate(engine, prompts, sampling), strict=True):
        [fed] = engine._prompts.feed([prompt])
        ids = torch.tensor([fed.ids])
        how: dict[str, Any] = {"num_beams": 3, "max_new_tokens": 12, "stop_strings": list(stop), "do_sample": False}
        how |= {"length_penalty": 1.0, "early_stopping": False, "pad_token_id": 0, "eos_token_id": 0}
        out = engine._model.generate(
            ids, attention_mask=torch.ones_like(ids), tokenizer=engine._tokenizer, generation_config=_config(**how)
        )
        text = engine._tokenizer.decode(out[0, len(fed.ids) :], skip_special_tokens=True)
        assert reply.text == text[: min((at for word in stop if (at := text.find(word)) >= 0), default=len(text))]
        finished.add(reply.finished)
    assert "stop" in finished


def test_a_seed_gives_its_text_in_any_batch_and_another_seed_another(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: dict[str, Any] = {"beams": 3, "max_new_tokens": 8, "temperature": 1.2, "top_p": 0.9}
    ends = _usual(_ours(engine, frozenset(), PROMPTS, **how), 3)
    together = _ours(engine, ends, PROMPTS, **how)
    monkeypatch.setattr("auditc.backends.transformers.beams.TOGETHER", 1500)  # and whoever else is chosen for
    for number, ids in enumerate(PROMPTS):
        assert _ours(engine, ends, [ids], first=number, **how) == [together[number]]
    assert together[-1] != together[-2]  # one prompt, two seeds
    assert "stop" in {row.finished for row in together}


def test_sampled_beams_are_distributed_as_the_librarys(engine: Any) -> None:
    import torch

    # Three tokens of three each: at first fewer can be drawn than are asked for.
    rows, prompt = 1500, PROMPTS[1]
    how: dict[str, Any] = {"temperature": 1.3, "top_k": 3, "top_p": 0.98}
    ours = Counter(row.ids for row in _ours(engine, frozenset(), [prompt] * rows, beams=2, max_new_tokens=3, **how))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ids = torch.tensor([prompt] * rows)
        config = _config(do_sample=True, num_beams=2, max_new_tokens=3, pad_token_id=0, **how)
        out = engine._model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
    theirs = Counter(tuple(row) for row in out[:, len(prompt) :].tolist())
    cells = [(ours[text], theirs[text]) for text in sorted({*ours, *theirs})]
    usual = [pair for pair in cells if sum(pair) >= 10]
    rest = [sum(pair[side] for pair in cells if sum(pair) < 10) for side in (0, 1)]
    table = [*usual, *([rest] if sum(rest) else [])]
    distance = sum((a - b) ** 2 / (a + b) for a, b in table)
    assert len(table) > 4 and distance < chi2.isf(1e-4, len(table) - 1)


def test_one_token_of_two_beams_is_the_likelier_of_two_draws() -> None:
    import numpy
    import torch

    shares = torch.softmax(torch.tensor([1.2, 0.3, -0.4, 0.9, -1.5]), -1)
    draws, count = 4000, 5
    numbers = torch.from_numpy(numpy.random.Generator(numpy.random.Philox(key=5)).random((draws, 7, 3)))
    drawn = pick.several(shares.expand(draws, -1), numbers).tolist()
    assert all(sorted(row[:count]) == list(range(count)) and row[count:] == [-1, -1] for row in drawn)
    seen = Counter((row[0], row[1]) for row in drawn)
    p = shares.double().tolist()
    distance = 0.0
    for one, two in permutations(range(count), 2):
        expected = draws * p[one] * p[two] / (1 - p[one])
        distance += (seen[one, two] - expected) ** 2 / expected
    assert distance < chi2.isf(1e-4, 19)

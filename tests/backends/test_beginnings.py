"""Beginnings that are kept from turn to turn, and shelves: what is computed changes, and nothing that is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends.transformers import beginnings, filling, growing
from auditc.backends.transformers.beginnings import Beginnings
from auditc.backends.transformers.decoder import Decoder, take_apart
from auditc.backends.transformers.filling import begin
from auditc.backends.transformers.growing import shelves
from auditc.backends.transformers.prefixes import begun
from auditc.ir.exchange import GenerateRequest, Hint, Prompt, Sampling, ScoreRequest, Turn

from . import tiny
from .test_decoder import BUILDS, PROMPTS, _largest, _model, _plain

NONE = Hint("", "", ())
TURNS = [
    [tuple(range(30)), (*range(20), 90, 91), (5, 6, 7)],
    [(*range(30), 80, 81, 82), (*range(20), 90, 91, 60, 61, 62, 63), (*range(18), 70, 71), (5, 6, 7, 8)],
]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each pass over the layers computes."""
    tokens: list[int] = []
    whole = Decoder.hidden

    def hidden(decoder: Decoder, ids: Any, *rest: Any) -> Any:
        tokens.append(len(ids))
        return whole(decoder, ids, *rest)

    monkeypatch.setattr(Decoder, "hidden", hidden)
    return tokens


@pytest.fixture
def by_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small prompts: what is computed begins anywhere, and not at blocks that are longer than they are."""
    monkeypatch.setattr(filling, "BLOCK", 1)
    monkeypatch.setattr(filling, "FEWEST", 1)


@pytest.mark.usefixtures("by_token")
@pytest.mark.parametrize("kind", sorted(BUILDS))
def test_a_turn_computes_what_is_new_in_it(kind: str, counted: list[int]) -> None:
    model = _model(kind)
    decoder = take_apart(model)
    assert decoder is not None
    kept = Beginnings()
    for prompts, new in zip(TURNS, (30 + 2 + 3, 3 + 4 + 2 + 4), strict=True):
        counted.clear()
        logits = begin(decoder, prompts, 4, 64, kept).logits
        assert sum(counted) == new
        assert _largest(logits, _plain(model, prompts)) < 1e-4


def _apart(decoder: Decoder) -> bool:
    """Whether a row of a product comes out alike on this CPU, whatever rows stand beside it."""
    import torch

    rows = torch.randn(64, 64)
    products = decoder.layers[0].attention.q_proj, decoder.layers[0].mlp.up_proj
    return all(torch.equal(one(rows)[:count], one(rows[:count])) for one in products for count in range(2, 64))


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_what_is_kept_changes_no_bit(kind: str, counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(filling, "BLOCK", 4)
    decoder = take_apart(_model(kind))
    assert decoder is not None
    kept = Beginnings()
    begin(decoder, TURNS[0], 4, 64, kept)
    counted.clear()
    after = begin(decoder, TURNS[1], 4, 64, kept).logits
    assert sum(counted) == (33 - 28) + (26 - 20) + (20 - 16) + (4 - 0)  # from the last whole block on
    whole = begin(decoder, TURNS[1], 4, 17).logits
    assert torch.allclose(after, whole, rtol=1e-4, atol=1e-4)
    assert torch.equal(after, whole) or not _apart(decoder)


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_no_token_is_computed_alone(kind: str, counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A product with one row rounds otherwise: a prompt that ends just behind a block begins a block earlier."""
    import torch

    monkeypatch.setattr(filling, "BLOCK", 4)
    decoder = take_apart(_model(kind))
    assert decoder is not None
    kept, longer = Beginnings(), [(*range(28), 85), (5, 6, 7, 8, 9)]
    begin(decoder, [tuple(range(28)), (5, 6, 7, 8)], 4, 64, kept)
    counted.clear()
    after = begin(decoder, longer, 4, 3, kept).logits
    assert counted == [5, 5]
    whole = begin(decoder, longer, 4, 64).logits
    assert torch.equal(after, whole) or not _apart(decoder)


@pytest.mark.usefixtures("by_token")
def test_a_beginning_is_computed_once_however_prompts_are_parted(counted: list[int]) -> None:
    model = _model("llama")
    decoder = take_apart(model)
    assert decoder is not None
    for budget in (1, 25, 1000):
        counted.clear()
        assert _largest(begin(decoder, PROMPTS, 4, budget).logits, _plain(model, PROMPTS)) < 1e-4
        # The twenty tokens of three prompts and three that begin as two of them go on, and each prompt's own.
        assert sum(counted) == 20 + 3 + 1 + 2 + 3 + 40
        assert max(counted) <= max(budget, 40)


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_texts_on_several_shelves_grow_beyond_their_room(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(growing, "AHEAD", 3)
    monkeypatch.setattr(growing, "SHELF", 1)
    model = _model(kind)
    decoder = take_apart(model)
    assert decoder is not None
    texts, kept = list(PROMPTS), Beginnings()
    state = begin(decoder, texts, 12, 64, kept)
    moves = {2: [4, 0, 2, 3], 5: [3, 0, 0, 1, 1, 1], 7: [1, 5, 2], 9: [1]}  # done ones leave, and some are drawn apart
    for number in range(12):
        assert _largest(state.logits, _plain(model, texts)) < 1e-4
        if number in moves:
            state.keep(torch.tensor(moves[number]))
            texts = [texts[row] for row in moves[number]]
        tokens = (state.logits.argmax(-1) + torch.arange(len(texts))) % 300  # those that were alike part
        texts = [(*ids, int(token)) for ids, token in zip(texts, tokens, strict=True)]
        state.step(model, tokens)
    # What texts wrote has not touched what is kept of their prompts.
    assert _largest(begin(decoder, PROMPTS, 4, 64, kept).logits, _plain(model, PROMPTS)) < 1e-4


def test_shelves_hold_texts_of_about_one_length() -> None:
    assert shelves([100, 101, 99], 40) == [[1, 0, 2]]
    assert shelves([1000, 100, 1001, 99, 98], 40) == [[2, 0], [1, 3, 4]]
    assert shelves([7], 1) == [[0]]
    assert sorted(row for rows in shelves([n * 37 % 800 + 1 for n in range(90)], 512) for row in rows) == [*range(90)]


def test_how_much_of_a_prompt_another_holds() -> None:
    one = tuple(range(50))
    for length in range(50):
        assert begun((*one[:length], 99, *range(10)), one) == length
    assert begun((*one, 1), one) == 50 and begun(one, one) == 49 and begun(one, one[:7]) == 7
    assert begun(one, (3,)) == 0 and begun((), one) == 0 and begun(one, ()) == 0


def _layers(tokens: int) -> list[Any]:
    import torch

    return [torch.zeros((2, 1, tokens, 4), dtype=torch.float32)]  # 32 bytes a token


def test_what_goes_on_takes_the_place_of_what_it_began_as() -> None:
    kept = Beginnings(most=32 * 100)
    first, second = tuple(range(40)), tuple(range(50, 90))
    kept.keep([], {first: _layers(45), second: _layers(40)})
    longer = (*first, 1, 2, 3)
    assert kept.longest([longer, (*second[:30], 9, 9), (*first[:3], 9, 9)]) == [(40, first), (30, second), (0, ())]
    assert kept.layers(first)[0].shape[2] == 40
    kept.keep(kept.longest([longer]), {longer: _layers(43)})
    assert kept.longest([(*longer, 7)]) == [(43, longer)]
    assert kept.longest([(*second, 7)]) == [(40, second)]
    # A few words that all prompts begin with are no reason to give up a conversation.
    other = (*second[:8], 3, 3, 3, 3)
    kept.keep(kept.longest([other]), {other: _layers(12)})
    assert kept.longest([(*second, 7)]) == [(40, second)]


def test_what_is_kept_is_bounded_and_lasts_for_a_round() -> None:
    kept = Beginnings(most=32 * 100)
    prompts = [tuple(range(number * 100, number * 100 + 40)) for number in range(30)]
    for prompt in prompts[:3]:
        kept.keep([], {prompt: _layers(40)})
    # There is no room for the third; giving up the first would leave nothing for the next turn of its conversation.
    assert [length for length, _ in kept.longest([(*prompt, 1) for prompt in prompts[:3]])] == [40, 40, 0]
    for prompt in prompts[3:]:
        kept.keep([], {prompt: _layers(40)})
    # Nobody went on with them for longer than a round: other conversations are under way.
    assert [length for length, _ in kept.longest([(*prompt, 1) for prompt in prompts[:2]])] == [0, 0]
    assert sum(length > 0 for length, _ in kept.longest([(*prompt, 1) for prompt in prompts])) == 2
    kept.clear()
    assert kept.longest([prompts[-1]]) == [(0, ())]


# --- the engine -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    backend = backends.take("transformers")
    source = tiny.base(tmp_path_factory.mktemp("beginnings"))
    engine: Any = backend.open(source, backend.params(threads=1))
    yield engine
    engine.close()


def _conversation(engine: Any, beams: int) -> list[list[str]]:
    """What ten participants say in four turns, each of which holds what was said before."""
    turns: list[tuple[Turn, ...]] = [(Turn("user", f"You live in {n % 4}." + " So be it." * n),) for n in range(10)]
    said = []
    for number in range(4):
        sampling = Sampling(max_new_tokens=8, beams=beams)
        requests = [GenerateRequest(Prompt(one), sampling, 40 * number + n, NONE) for n, one in enumerate(turns)]
        replies = engine.generate(requests)
        said.append([reply.text for reply in replies])
        turns = [
            (*one, Turn("assistant", reply.text[:5]), Turn("user", f"And {number}?"))
            for one, reply in zip(turns, replies, strict=True)
        ]
    return said


@pytest.mark.usefixtures("by_token")
@pytest.mark.parametrize("beams", [1, 3])
def test_conversations_come_out_as_if_nothing_were_kept(opened: Any, beams: int, counted: list[int]) -> None:
    with_kept = _conversation(opened, beams)
    quick = sum(counted)
    counted.clear()
    writer = opened._writer
    try:
        opened._writer = replace(writer, kept=None)
        assert _conversation(opened, beams) == with_kept
    finally:
        opened._writer = writer
    assert quick < 0.8 * sum(counted)


@pytest.mark.usefixtures("by_token")
def test_what_is_asked_again_is_computed_again(opened: Any, counted: list[int]) -> None:
    prompt = Prompt((Turn("user", "What do you say to that?" * 3),))
    request = GenerateRequest(prompt, Sampling(max_new_tokens=1), 1, NONE)
    whole = opened.lengths([prompt])[0]
    for asked, new in ((request, whole), (request, 1), (replace(request, again=True), whole)):
        counted.clear()
        opened.generate([asked])
        assert sum(counted) == new


def test_nothing_is_kept_beside_other_work_or_after_a_fault(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = Prompt((Turn("user", "Are you there?"),))
    request = GenerateRequest(prompt, Sampling(max_new_tokens=1), 1, NONE)
    [fed] = opened._prompts.feed([prompt])
    opened.generate([request])
    assert opened._kept.longest([fed.ids])[0][0] == len(fed.ids) - 1
    opened.score([ScoreRequest(prompt, (("A",), ("B",)), NONE)])
    assert opened._kept.longest([fed.ids])[0][0] == 0
    opened.generate([request])
    monkeypatch.setattr(growing.Growing, "step", None)
    opened.generate([replace(request, sampling=Sampling(max_new_tokens=3))])
    assert opened._kept.longest([fed.ids])[0][0] == 0


def test_a_model_takes_memory_for_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = backends.take("transformers")
    assert backend.memory is not None
    source, params = tiny.base(tmp_path / "m"), backend.params(device="cpu")
    with_kept = backend.memory(source, params)
    monkeypatch.setattr("auditc.backends.transformers.room.MOST", 0)
    assert 0 < with_kept - backend.memory(source, params) <= beginnings.MOST

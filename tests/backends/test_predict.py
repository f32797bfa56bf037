"""How likely texts are: what the engine says of each token is what a plain softmax over the whole vocabulary says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditc.backends import backends
from auditc.backends._contract import Predicting
from auditc.backends.transformers import predict
from auditc.backends.transformers.decoder import take_apart
from auditc.backends.transformers.predict import token_logprobs
from auditc.ir.exchange import Failure, Hint, LikelihoodReply, LikelihoodRequest, Prompt

from .test_decoder import _model
from .tiny import base

TEXTS = [tuple(range(5, 45)), (7, 9), tuple((7 * n * n + 3) % 300 for n in range(90)), (1, 2, 3, 4, 5)]
WORDS = ("Rivers carry stones to the sea.", "河流把石头带到海里。", "A", "", "half \ud800 a character", "word " * 200)


def _plain(model: Any, text: tuple[int, ...]) -> list[float]:
    """By the library alone: all logits of one text, and a log-softmax in float64."""
    import torch

    logits = model(input_ids=torch.tensor([text])).logits[0].double().log_softmax(-1)
    return [float(logits[place, token]) for place, token in enumerate(text[1:])]


def _asked(*texts: str) -> list[LikelihoodRequest]:
    return [LikelihoodRequest(Prompt((), text), Hint(str(n), "texts", ())) for n, text in enumerate(texts)]


def _engine(folder: Path, **config: Any) -> Any:
    backend = backends.take("transformers")
    return backend.open(base(folder, **config), backend.params.model_validate({"device": "cpu", "threads": 1}))


@pytest.mark.parametrize("kind", ["llama", "gemma3_text", "gemma3_capped"])
@pytest.mark.parametrize("held", [predict.HELD, 700])
def test_it_is_the_full_softmax(kind: str, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the head is computed in pieces, and where its logits are capped."""
    monkeypatch.setattr(predict, "HELD", held)
    model = _model("gemma3_text", final_logit_softcapping=3.0) if kind == "gemma3_capped" else _model(kind)
    found = token_logprobs(model, None, TEXTS)
    for text, own in zip(TEXTS, found, strict=True):
        assert own == pytest.approx(_plain(model, text), abs=1e-4)


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_layers_of_our_own_say_the_same(kind: str) -> None:
    model = _model(kind)
    decoder = take_apart(model)
    if decoder is None:
        pytest.skip("this CPU lacks what our own layers need")
    for text, own in zip(TEXTS, token_logprobs(model, decoder, TEXTS), strict=True):
        assert own == pytest.approx(_plain(model, text), abs=1e-4)


def test_a_model_that_does_more_to_its_output_is_refused() -> None:
    model = _model("llama")
    forward = model.forward

    def scaled(**given: Any) -> Any:
        output = forward(**given)
        output.logits = output.logits * 0.5
        return output

    model.forward = scaled
    with pytest.raises(RuntimeError, match="more to its output"):
        token_logprobs(model, None, TEXTS)


def test_a_text_that_cannot_be_predicted_fails_alone(tmp_path: Path) -> None:
    engine = _engine(tmp_path / "tiny")
    assert isinstance(engine, Predicting)
    replies = engine.likelihoods(_asked(*WORDS))
    for reply in replies[:2]:
        assert isinstance(reply, LikelihoodReply) and all(value <= 0 for value in reply.logprobs)
    reasons = [reply.reason if isinstance(reply, Failure) else "" for reply in replies]
    assert reasons == ["", "", "engine", "engine", "engine", "too_long"]
    engine.close()


def test_the_first_token_is_not_predicted_where_nothing_stands_before_it(tmp_path: Path) -> None:
    engine = _engine(tmp_path / "tiny")
    (english, chinese) = engine.likelihoods(_asked("Rivers", "河流"))
    assert (english.given, len(english.logprobs), english.tokens_in) == ("R", 5, 6)
    # A token of bytes ends within the first character: what is given of it are no whole characters.
    assert (chinese.given, len(chinese.logprobs)) == ("", 5)
    engine.close()


def test_a_text_gets_no_template_and_the_beginning_that_its_tokenizer_wants(tmp_path: Path) -> None:
    import tokenizers

    engine = _engine(tmp_path / "tiny")
    tokenizer = engine._prompts.tokenizer
    tokenizer.chat_template = "{{ raise_exception('no template is asked') }}"
    (plain,) = engine.likelihoods(_asked("Rivers"))
    assert plain.tokens_in == 6
    tokenizer.add_special_tokens({"bos_token": "</s>"})
    tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="</s> $A", special_tokens=[("</s>", tokenizer.bos_token_id)]
    )
    (begun,) = engine.likelihoods(_asked("Rivers"))
    assert (begun.given, begun.tokens_in, len(begun.logprobs)) == ("", 7, 6)
    engine.close()


def test_neighbours_and_order_change_nothing(tmp_path: Path) -> None:
    engine = _engine(tmp_path / "tiny")
    texts = [f"River {n} is {'very ' * n}long." for n in range(9)]
    together = engine.likelihoods(_asked(*texts))
    for text, reply in zip(texts, together, strict=True):
        (alone,) = engine.likelihoods(_asked(text))
        assert reply.logprobs == pytest.approx(alone.logprobs, abs=1e-4)
    engine.close()

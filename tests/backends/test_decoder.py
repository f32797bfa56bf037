"""Models taken apart: they compute what the library computes, and those that are built otherwise are left to it."""

from __future__ import annotations

from typing import Any

import pytest

from auditc.backends.transformers import builds
from auditc.backends.transformers.builds import taken_apart
from auditc.backends.transformers.decoder import Decoder, take_apart
from auditc.backends.transformers.filling import begin
from auditc.backends.transformers.packed import pack
from auditc.backends.transformers.params import Params

SMALL = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
}
BUILDS: dict[str, dict[str, Any]] = {
    "llama": {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}},
    "mistral": {"sliding_window": 7},
    "qwen2": {},
    "qwen3": {"attention_bias": True},
    "gemma3_text": {
        "sliding_window": 7,
        "query_pre_attn_scalar": 32,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    },
}
STEM = tuple(range(100, 120))
PROMPTS = [(*STEM, 1, 2, 3), (*STEM, 4), (5, 6, 7), tuple(range(40)), (*STEM, 9, 8)]
SHARED = [20, 20, 0, 0, 20]


def _model(kind: str, dtype: str = "float32", **settings: Any) -> Any:
    """A small model with random weights, norms included: the library begins them all alike."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **{**SMALL, **BUILDS.get(kind, {}), **settings})
    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype), attn_implementation="sdpa").eval()
    for parameter in model.requires_grad_(False).parameters():
        parameter.add_(torch.randn(parameter.shape) * 0.2)
    return model


def _plain(model: Any, prompts: list[tuple[int, ...]]) -> Any:
    """Log-probabilities of the next token by the library alone, one prompt at a time."""
    import torch

    rows = [model(input_ids=torch.tensor([ids])).logits[0, -1] for ids in prompts]
    return torch.stack(rows).float().log_softmax(-1)


def _largest(one: Any, other: Any) -> float:
    return float((one.float().log_softmax(-1) - other).abs().max())


@pytest.mark.parametrize("kind", sorted(BUILDS))
def test_a_model_taken_apart_computes_what_the_library_does(kind: str) -> None:
    model = _model(kind)
    before = _plain(model, PROMPTS)
    decoder = take_apart(model)
    assert decoder is not None
    assert _largest(pack(PROMPTS, [0] * 5).logits(decoder), before) < 1e-4
    packed = pack(PROMPTS, SHARED)
    assert len(packed.ids) == sum(map(len, PROMPTS)) - 2 * 20
    assert _largest(packed.logits(decoder), before) < 1e-4
    # The library goes on computing the same with the weights as they are laid out now.
    assert float((_plain(model, PROMPTS) - before).abs().max()) < 1e-4


@pytest.mark.parametrize("kind", sorted(BUILDS))
def test_texts_grow_as_the_library_has_them(kind: str) -> None:
    import torch

    model = _model(kind)
    decoder = take_apart(model)
    assert decoder is not None
    texts = list(PROMPTS)
    state = begin(decoder, texts, 12, 64)
    for number in range(12):
        assert _largest(state.logits, _plain(model, texts)) < 1e-4
        if number == 6:  # some texts are done
            state.keep(torch.tensor([4, 0, 2]))
            texts = [texts[4], texts[0], texts[2]]
        tokens = state.logits.argmax(-1)
        texts = [(*ids, int(token)) for ids, token in zip(texts, tokens, strict=True)]
        state.step(model, tokens)


def test_long_texts_are_attended_to_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("llama", "gemma3_text"):
        model = _model(kind)
        decoder = take_apart(model)
        assert decoder is not None
        monkeypatch.setattr("auditc.backends.transformers.packed.BLOCK", 5)
        assert _largest(pack(PROMPTS, SHARED).logits(decoder), _plain(model, PROMPTS)) < 1e-4


def test_bfloat16_errs_no_more_than_the_library_does() -> None:
    exact = _plain(_model("llama"), PROMPTS)
    model = _model("llama", "bfloat16")
    theirs = float((_plain(model, PROMPTS) - exact).abs().mean())
    decoder = take_apart(model)
    if decoder is None:
        pytest.skip("this CPU has no products in bfloat16")
    ours = float((pack(PROMPTS, SHARED).logits(decoder).float().log_softmax(-1) - exact).abs().mean())
    assert ours < 1.5 * theirs


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("gpt_neox", {}),
        ("gemma3_text", {"attn_logit_softcapping": 30.0}),
        ("llama", {"hidden_act": "relu"}),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}}),
    ],
)
def test_what_is_built_otherwise_is_left_to_the_library(kind: str, settings: dict[str, Any]) -> None:
    import torch

    model = _model(kind, **settings)
    assert take_apart(model) is None
    assert all(type(module) is torch.nn.Linear for module in model.modules() if hasattr(module, "in_features"))


def test_one_that_comes_out_otherwise_is_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model("llama")
    before = _plain(model, PROMPTS)
    whole = Decoder.hidden
    monkeypatch.setattr(Decoder, "hidden", lambda *given: whole(*given) + 0.01)
    assert take_apart(model) is None
    assert float((_plain(model, PROMPTS) - before).abs().max()) < 1e-4


@pytest.mark.parametrize(
    ("settings", "params", "device"),
    [
        ({"model_type": "gpt2"}, {}, "cpu"),
        ({"model_type": "llama"}, {}, "cuda"),
        ({"model_type": "llama"}, {"layers": "library"}, "cpu"),
        ({"model_type": "llama"}, {"attention": "eager"}, "cpu"),
        ({"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2.0}}, {}, "cpu"),
        ({"model_type": "gemma3_text", "rope_parameters": {"full_attention": {"rope_type": "longrope"}}}, {}, "cpu"),
        ({"model_type": "gemma3_text", "final_logit_softcapping": 30.0}, {}, "cpu"),
    ],
)
def test_whose_layers_they_are_is_told_from_the_files(settings: Any, params: Any, device: str) -> None:
    assert not taken_apart(settings, Params(**params), device)


def test_a_cpu_without_the_products_is_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    llama, half = {"model_type": "llama"}, Params(dtype="bfloat16")
    monkeypatch.setattr(builds.Path, "read_text", lambda *_given, **_named: "flags : fpu avx2\n")
    monkeypatch.setattr(builds.platform, "machine", lambda: "x86_64")
    assert taken_apart(llama, Params(), "cpu") and not taken_apart(llama, half, "cpu")
    monkeypatch.setattr(builds.platform, "machine", lambda: "arm64")
    assert not taken_apart(llama, Params(), "cpu")

"""The same for real weights: a tiny model, made here at random, answers once; then its files and its flags change.

Only the first run opens the model (about 6 s, most of it the import of its libraries); the plan tells the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditc.api import plans
from auditc.backends.transformers import identity
from auditc.weights._safetensors import content_digest

from .test_what_is_reused import SPEC, Audit
from .test_what_is_reused import audit as audit

BACKEND = "transformers { dtype = float32   device = cpu   threads = 1 }"
REAL = SPEC.replace(
    "backend = simulated { like = practice   refuse = 20% }",
    f'weights = folder("model", sha256 = "PIN")\n  backend = {BACKEND}',
)


def tiny(folder: Path, seed: int) -> None:
    """A model of two small layers and a tokenizer of bytes, in which each letter is a token."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", letter) for letter in "ABCDEFGHIJ"]
    words = ["<s>", "</s>", *alphabet, *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE({word: place for place, word in enumerate(words)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        bos_token_id=0,
        eos_token_id=1,
        max_position_embeddings=2048,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _in_model(name: str, old: str, new: str) -> Callable[[Audit], None]:
    return lambda audit: audit.edit(f"model/{name}", old, new)


def _flag(old: str, new: str) -> Callable[[Audit], None]:
    return lambda audit: audit.edit("small.audit", old, new)


def _digest(audit: Audit) -> str:
    return content_digest(audit.folder / "model", audit.folder.parent)


def _weights(audit: Audit) -> None:
    """Other weights under the same name: the plan refuses them until the spec says that they are meant."""
    before = _digest(audit)
    tiny(audit.folder / "model", seed=2)
    [problem] = plans.foresee(None)[0].problems
    assert "weights of model `one` are not here" in problem.message
    audit.edit("small.audit", before, _digest(audit))


def _template(audit: Audit) -> None:
    (audit.folder / "model/chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")


FOLLOWS = "engine layers: own → library"

CHANGES: dict[str, Callable[[Audit], None]] = {
    "engine weights: ": _weights,
    "engine tokenizer: ": _in_model("tokenizer_config.json", "</s>", "<s>"),
    "engine template: none → ": _template,
    "engine config: ": _in_model("config.json", '"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e-05'),
    "engine dtype: float32 → bfloat16": _flag("dtype = float32", "dtype = bfloat16"),
    "engine batch_tokens: 1024 → 64": _flag("device = cpu", "device = cpu   batch_tokens = 64"),
    "engine attention: sdpa → eager": _flag("device = cpu", "device = cpu   attention = eager"),
    "engine layers: own → library": _flag("device = cpu", "device = cpu   layers = library"),
    "engine threads: 1 → 2": _flag("threads = 1", "threads = 2"),
}


def test_weights_files_and_flags_are_told_apart_and_people_are_not(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = REAL.replace("draws   = 6", "draws   = 1   max_new_tokens = 4")
    tiny(audit.folder / "model", seed=1)
    spec = spec.replace("PIN", _digest(audit))
    (audit.folder / "small.audit").write_text(spec)
    cells, _ = audit.run()
    assert cells["asked"] == 36 and cells["failed"] == 0
    kept = {path: path.read_bytes() for path in (audit.folder / "model").iterdir()}
    for words, change in CHANGES.items():
        change(audit)
        to_run, why = audit.plan()
        assert to_run == {"letters": 24, "people": 12}, words
        # Layers of our own know one kind of attention, and bfloat16 on some processors alone.
        told = [tuple(each for each in said if each == words or each != FOLLOWS) for said in why.values()]
        assert all(len(said) == 1 and said[0].startswith(words) for said in told), (words, why)
        (audit.folder / "small.audit").write_text(spec)
        (audit.folder / "model/chat_template.jinja").unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
        assert audit.plan()[0] == {"letters": 0, "people": 0}, words
    with monkeypatch.context() as patch:
        patch.setattr(identity, "_version", lambda package: "99" if package == "transformers" else _real(package))
        to_run, why = audit.plan()
        assert to_run == {"letters": 24, "people": 12} and why["letters"][0].endswith("→ 99")
        assert why["letters"][0].startswith("engine engine_version: ")
    # What people answered is none of a real model's business, nor is where its files lie.
    audit.edit("shares.csv", "0.23|0.42|0.337|0.013", "0.25|0.40|0.337|0.013")
    (audit.folder / "model").rename(audit.folder / "moved")
    audit.edit("small.audit", 'folder("model"', 'folder("moved"')
    assert audit.run()[0]["reused"] == 36


_real = identity._version

"""A tiny random Llama with a tokenizer of bytes, and adapters for it, and weights that these are merged into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditc.backends._contract import Adapter, ModelSource


def base(folder: Path, seed: int = 0, **config: Any) -> ModelSource:
    """Write the model; answers hang on `seed`."""
    import tokenizers
    import torch
    import transformers

    torch.manual_seed(seed)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["</s>", *alphabet])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    fast.save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.3}
    llama = transformers.LlamaConfig(vocab_size=len(vocabulary), **{**sizes, **config})
    transformers.LlamaForCausalLM(llama).save_pretrained(folder)
    return ModelSource(folder.name, str(folder), f"seed {seed}")


def adapter(source: ModelSource, folder: Path, seed: int, merged: Path | None = None, **lora: Any) -> Adapter:
    """Write an adapter that is not trained but random, and the weights that it makes of the model's."""
    import peft
    import torch
    import transformers

    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_pretrained(source.folder, dtype=torch.float32)
    said: dict[str, Any] = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "up_proj"], **lora}
    adapted = peft.get_peft_model(model, peft.LoraConfig(**said, init_lora_weights=False, lora_dropout=0.1))
    adapted.save_pretrained(folder)
    if merged is not None:
        adapted.merge_and_unload().save_pretrained(merged)
        for file in Path(str(source.folder)).glob("tokenizer*"):
            (merged / file.name).write_bytes(file.read_bytes())
    return Adapter(str(folder), f"adapter {seed}")


def change(folder: Path, **config: Any) -> None:
    """Say something else in an adapter's config."""
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **config}), encoding="utf-8")

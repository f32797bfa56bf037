"""Small random models that are made here, and jobs for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditc.backends._contract import ModelSource
from auditc.backends.transformers import open_trainee
from auditc.backends.transformers.params import Params
from auditc.ir.exchange import Hint, Prompt, ScoreRequest, Turn
from auditc.ir.plan import Thing
from auditc.ir.training import Example, Job, Progress, Settings, Trained
from auditc.objectives import objectives

LORA = Thing(kind="lora", params={"rank": 4, "alpha": 16, "dropout": 0.05, "targets": ["q_proj", "v_proj"]})
FULL = Thing(kind="full")


def model(folder: Path, architecture: str = "Llama", seed: int = 0, **config: Any) -> ModelSource:
    """Write a random model of an architecture, with a tokenizer of bytes."""
    import tokenizers
    import torch
    import transformers

    torch.manual_seed(seed)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["</s>", *alphabet])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>").save_pretrained(folder)
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512}
    sizes |= {"initializer_range": 0.3, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    if architecture == "Gemma3Multimodal":
        seen = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        seen |= {"image_size": 28, "patch_size": 14}
        both = transformers.Gemma3Config(
            text_config={"vocab_size": len(vocabulary), **sizes, **config}, vision_config=seen, mm_tokens_per_image=4
        )
        transformers.Gemma3ForConditionalGeneration(both).save_pretrained(folder)
        return ModelSource(folder.name, str(folder), f"seed {seed}")
    kind = {"Gemma3": "Gemma3Text"}.get(architecture, architecture)
    settings = getattr(transformers, f"{kind}Config")(vocab_size=len(vocabulary), **{**sizes, **config})
    getattr(transformers, f"{architecture}ForCausalLM")(settings).save_pretrained(folder)
    return ModelSource(folder.name, str(folder), f"seed {seed}")


def example(number: int, options: int = 4, spellings: tuple[tuple[str, ...], ...] | None = None) -> Example:
    """An item whose people mostly take the option that its number says."""
    letters = spellings or tuple((letter,) for letter in "ABCDEF"[:options])
    weights = [8.0 if place == number % options else 1.0 for place in range(options)]
    words = f"Question {number}?{' Please think.' * (number % 3)}\n" + "\n".join(f"({row[0]}) so" for row in letters)
    request = ScoreRequest(
        Prompt((Turn("user", words),), "Answer: ("), letters, Hint(f"q{number}", "nowhere", tuple(range(options)))
    )
    return Example(request, tuple(weight / sum(weights) for weight in weights))


def settings(**other: Any) -> Settings:
    """Those of a short training with a small adapter."""
    said: dict[str, Any] = {"adapter": LORA, "epochs": 2, "batch": 4, "learning_rate": 0.01, "decay": 0.85}
    said |= {"weight_decay": 0.0, "precision": "float32", "gradient_checkpointing": False, "patience": 0}
    return Settings(**{**said, "keep": "last", "seed": 7, **other})


def job(folder: Path, objective: str = "first_token_kl", examples: int = 12, valid: int = 4, **other: Any) -> Job:
    """A job in a folder of its own. `params` are the objective's; what else is said are settings."""
    for name in ("checkpoints", "result"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Job(
        objective,
        other.pop("params", {}),
        other.pop("learnt", tuple(example(number, 2 + number % 4) for number in range(examples))),
        tuple(example(100 + number) for number in range(valid)),
        settings(**other),
        str(folder / "checkpoints"),
        str(folder / "result"),
    )


def train(source: ModelSource, job: Job, told: list[Progress] | None = None, params: Params | None = None) -> Trained:
    """Carry a job out."""
    objective = objectives.take(job.objective)
    given = (
        {"survey": "values.train"} if objective.learns is not None and "survey" in objective.params.model_fields else {}
    )
    if any(key in job.params for key in ("data", "pairs")):
        given = {} if job.params.keys() & {"data", "pairs"} else {"survey": "values.train"}
    trainee = open_trainee(source, params or Params(threads=1), job.settings)
    said = objective.params.model_validate({**given, **job.params})
    return objective.train(job, said, trainee, (told if told is not None else []).append)

"""Which matrices of a model an adapter can be put on, told from the headers of its files: nothing is opened.

Of most architectures a module has one name in the files and in memory. Of others transformers gives it another name
when it reads the files, or puts several together into one: of those nothing is sure until the model is open.
"""

from __future__ import annotations

import json
import re
from typing import Final

from auditc.backends._contract import BackendUnavailable, ModelSource, Modules
from auditc.backends.transformers.identity import model_folder
from auditc.backends.transformers.room import tensors

AS_NAMED: Final = frozenset(
    {"llama", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "gemma", "gemma2", "gemma3_text", "phi"}
    | {"phi3", "gpt2", "gpt_neox", "gptj", "bloom", "olmo", "olmo2", "olmoe", "starcoder2", "stablelm", "cohere"}
    | {"smollm3", "granite", "glm4"}
)
"""Architectures whose layers have the names of their files, but for experts, which are one tensor in memory and take no
adapter. Each was looked at: a small random model of it, written and read again by transformers 5."""
ROUTERS: Final = ("gate", "router")
"""The matrix that says which experts a token goes to: no linear module in memory."""
_MODULE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


def modules(source: ModelSource) -> Modules | None:
    """The matrices of a model's layers. None where its files do not say, or hold packed numbers."""
    try:
        folder = model_folder(source)
        config = json.loads((folder / "config.json").read_bytes())
        if config.get("quantization_config"):
            return None
        held = [tensor for file in sorted(folder.glob("*.safetensors")) for tensor in tensors(file)]
        kind = str(config.get("model_type"))
    except (BackendUnavailable, OSError, ValueError, AttributeError, RecursionError):
        return None  # whoever opens it says it better
    routed = any(".experts." in tensor.name for tensor in held)
    ranks: dict[str, int] = {}
    for tensor in held:
        *before, module, part = ("", *tensor.name.split("."))
        layered = any(name.isdigit() for name in before)
        if part != "weight" or len(tensor.shape) != 2 or not layered or "experts" in before:
            continue
        if not _MODULE.fullmatch(module):
            return None  # a network has no such name, and it would stand in a message
        if not (routed and module in ROUTERS):
            ranks[module] = max(ranks.get(module, 0), min(tensor.shape))
    return Modules(ranks, kind in AS_NAMED) if ranks else None

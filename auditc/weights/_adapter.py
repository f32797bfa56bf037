"""What an adapter is: a folder in PEFT's form, and the digest of all in it that can change an answer."""

from __future__ import annotations

import json

from auditc.ir.canonical import digest
from auditc.weights._contract import Fetched, WeightsUnavailable

CONFIG = "adapter_config.json"
TENSORS = "adapter_model.safetensors"

SAYS_NOTHING = frozenset(
    {"auto_mapping", "base_model_name_or_path", "inference_mode", "peft_version", "revision", "lora_dropout"}
)
"""Of the config: where it was made and with what, and the dropout, which is for training alone."""


def adapter_digest(fetched: Fetched) -> str:
    """sha256 over the digest of the tensors and the meaning of the config: rank, scale and targets change answers as
    much as the tensors do. Raises WeightsUnavailable where the folder holds no adapter."""
    name = fetched.folder.name
    try:
        read = json.loads((fetched.folder / CONFIG).read_bytes())
        if not isinstance(read, dict) or not (fetched.folder / TENSORS).is_file():
            raise ValueError("no adapter")
        meaning = {key: value for key, value in read.items() if key not in SAYS_NOTHING}
        return digest({"tensors": fetched.digest, "config": meaning})
    except (OSError, ValueError, RecursionError) as fault:
        said = f"the folder {name} holds no adapter that can be read: it needs {CONFIG} and {TENSORS}"
        raise WeightsUnavailable(said) from fault

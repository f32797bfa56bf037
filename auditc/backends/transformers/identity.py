"""Who would answer, told from files and installed versions alone: no model library is imported, nothing is loaded."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import metadata
from pathlib import Path
from typing import Any

from auditc.backends._contract import BackendUnavailable, Identity, ModelSource
from auditc.backends._prompts import DATE
from auditc.backends.transformers.adapters import settings as adapter_settings
from auditc.backends.transformers.builds import taken_apart
from auditc.backends.transformers.params import Params
from auditc.ir.canonical import digest

TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
REVISION = 3
"""Raised whenever this engine would answer the same request otherwise: other batches, other random numbers."""

BEAMS = 2
"""As `REVISION`, for what is searched with several beams. The library's own search was 1, and stood nowhere."""

BATCH_TOKENS = {"cpu": 1024, "cuda": 8192}
"""A CPU is as fast with its caches full of little; a CUDA device wants much at once."""

TEMPLATES = ("chat_template.jinja", "chat_template.json")


def identify(source: ModelSource, params: Params) -> Identity:
    """Flat and without paths. Raises BackendUnavailable when files or packages are missing."""
    held = files(source)
    device = device_class(params)
    adapter: dict[str, str] = {}
    if source.adapter is not None:
        adapter_settings(source.adapter, source.name)  # what cannot be put on is found now
        adapter = {"adapter": source.adapter.digest, "peft_version": _version("peft")}
    settings = _json(model_folder(source) / "config.json", source.name)
    return {
        "engine": "transformers",
        "engine_revision": REVISION,
        "beams_revision": BEAMS,
        "engine_version": _version("transformers"),
        "torch_version": _version("torch"),
        "tokenizers_version": _version("tokenizers"),
        **held,
        "dtype": params.dtype,
        "device": device,
        "attention": params.attention,
        "layers": "own" if source.adapter is None and taken_apart(settings, params, device) else "library",
        "batch_tokens": params.batch_tokens or BATCH_TOKENS[device],
        "threads": params.threads or "auto",
        "tf32": False,
        "deterministic": True,
        **adapter,
    }


def files(source: ModelSource) -> dict[str, str]:
    """What a model's files say of who answers, whatever engine reads them. Raises BackendUnavailable."""
    folder = model_folder(source)
    settings = _json(folder / "config.json", source.name)
    return {
        "weights": source.weights_digest,
        "config": digest(_meaning(settings)),
        "ends": digest(_json(folder / "generation_config.json", source.name, needed=False).get("eos_token_id")),
        "tokenizer": _files(folder, TOKENIZER),
        "template": _template(folder, source.name),
        "date": DATE[1],
    }


def model_folder(source: ModelSource) -> Path:
    """The folder of the weights, which must be there and hold safetensors."""
    if source.folder is None:
        raise BackendUnavailable(
            f"model {source.name} has no weights: give it some, or fetch them with `auditc models fetch`"
        )
    folder = Path(source.folder)
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise BackendUnavailable(
            f"the folder of model {source.name} holds no model (config.json and safetensors):"
            " fetch it with `auditc models fetch`"
        )
    if (folder / "adapter_config.json").exists():
        raise BackendUnavailable(
            f"the folder of model {source.name} holds an adapter, which its digest does not cover:"
            " merge it into the model"
        )
    shards = _json(folder / "model.safetensors.index.json", source.name, needed=False).get("weight_map", {})
    if not isinstance(shards, dict) or any(Path(str(shard)).name != shard for shard in shards.values()):
        raise BackendUnavailable(f"the index of model {source.name} names tensors outside its folder")
    return folder


def device_class(params: Params) -> str:
    """`cpu` or `cuda`. `auto` takes CUDA where a device is to be seen and PyTorch was built for it."""
    if params.device != "auto":
        return params.device
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip()
    devices = any(Path("/dev").glob("nvidia[0-9]*")) and visible not in ("", "-1", "NoDevFiles", "none")
    return "cuda" if devices and not _version("torch").endswith("+cpu") else "cpu"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as fault:
        raise BackendUnavailable(f"{package} is not installed: install auditc with its `transformers` extra") from fault


def _meaning(settings: dict[str, Any]) -> dict[str, Any]:
    # Who wrote the file, and in which precision it was kept, changes no answer: the dtype that is used stands apart.
    idle = {"transformers_version", "_name_or_path", "torch_dtype", "dtype", "auto_map"}
    return {key: value for key, value in settings.items() if key not in idle}


def _files(folder: Path, names: tuple[str, ...]) -> str:
    total = hashlib.sha256()
    for name in names:
        if (folder / name).is_file():
            total.update(f"{name}\0".encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    return total.hexdigest()


def _template(folder: Path, model: str) -> str:
    if any((folder / name).is_file() for name in TEMPLATES):
        return _files(folder, TEMPLATES)
    inside = _json(folder / "tokenizer_config.json", model, needed=False).get("chat_template")
    return digest(inside) if inside else "none"


def _json(file: Path, model: str, needed: bool = True) -> dict[str, Any]:
    try:
        read = json.loads(file.read_bytes())
    except FileNotFoundError:
        if not needed:
            return {}
        read = None
    except (OSError, ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise BackendUnavailable(f"{file.name} of model {model} cannot be read: fetch the model again")
    return read

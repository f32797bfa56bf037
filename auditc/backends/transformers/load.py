"""Loads a model folder into an engine: no remote code, no pickle, no network."""

from __future__ import annotations

import os
from typing import Any

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends.transformers.adapters import put_on
from auditc.backends.transformers.decoder import Decoder, take_apart
from auditc.backends.transformers.engine import Transformers
from auditc.backends.transformers.identity import identify, model_folder
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.room import check_room


def load(source: ModelSource, params: Params) -> Transformers:
    """An engine whose identity is what `identify` says. Raises BackendUnavailable with a remedy."""
    identity = identify(source, params)
    folder = model_folder(source)
    device = str(identity["device"])
    if device == "cuda":
        # cuBLAS reads it when its first handle is made; without it equal batches may round differently.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        import torch
        import transformers
    except ImportError as fault:
        raise BackendUnavailable(f"{fault.name} is missing: install auditc with its `transformers` extra") from fault
    if device == "cuda" and not torch.cuda.is_available():
        raise BackendUnavailable(
            "no usable CUDA device was found: say device = cpu, or mend the driver or the build of torch"
        )
    if device == "cuda":
        check_room(torch, source, params)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    steady(torch, params)
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[params.dtype]
    only_here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **only_here)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation=params.attention, use_safetensors=True, **only_here
        )
        ends = _ends(model, tokenizer)
        # Its defaults (a top-k of 50, a penalty) would otherwise fill whatever a request leaves open.
        model.generation_config = transformers.GenerationConfig()
        model = model.to(device).eval().requires_grad_(False)
        decoder: Decoder | None = take_apart(model) if identity["layers"] == "own" else None
    except Exception as fault:  # a folder can be wrong in any way, and each library below has faults of its own
        if isinstance(fault, torch.OutOfMemoryError | MemoryError):
            raise BackendUnavailable(
                f"model {source.name} does not fit into memory: use bfloat16 or a smaller model"
            ) from fault
        raise BackendUnavailable(
            f"model {source.name} could not be loaded by transformers: {type(fault).__name__}"
        ) from fault
    if decoder is None and identity["layers"] == "own":
        raise BackendUnavailable(f"the layers of model {source.name} come out otherwise here: say layers = library")
    if source.adapter is not None:
        put_on(model, source.adapter, source.name)
    return Transformers(model, tokenizer, ends, identity, params, decoder)


def steady(torch: Any, params: Params) -> None:
    """Equal batches give equal answers: what `tf32` and `deterministic` in the identity stand for."""
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # costs a pass over every new tensor, changes no answer


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends a text, by the model's settings or the tokenizer's."""
    ends: set[int] = set()
    for stated in (model.generation_config.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id):
        if stated is not None:
            ends.update(stated if isinstance(stated, list | tuple) else [stated])
    return frozenset(ends)

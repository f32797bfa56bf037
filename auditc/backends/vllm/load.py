"""Loads a model folder into vLLM: no remote code, no network, no report to its makers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from auditc.backends._contract import Adapter, BackendUnavailable, Identity, ModelSource
from auditc.backends._faults import plain
from auditc.backends._prompts import Prompts
from auditc.backends.transformers.identity import model_folder
from auditc.backends.vllm.engine import Vllm
from auditc.backends.vllm.identity import identify
from auditc.backends.vllm.params import Params

CACHE = 2_000_000_000
"""Bytes for keys and values on a CPU, whose memory is everybody's."""

WHOLE = 4096
"""Tokens of one pass on a CPU, where no prompt may be longer; see `_settings`."""

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of adapters that vLLM has room for."""


def load(source: ModelSource, params: Params) -> Vllm:
    """An engine whose identity is what `identify` says. Raises BackendUnavailable with a remedy."""
    identity = identify(source, params)
    folder = model_folder(source)
    _surroundings(identity)
    try:
        import transformers
        from vllm import LLM
    except ImportError as fault:
        raise BackendUnavailable(f"vLLM cannot be imported here, {fault.name} is missing: install it again") from fault
    transformers.utils.logging.set_verbosity_error()
    only_here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **only_here)
        config = transformers.AutoConfig.from_pretrained(folder, **only_here)
        told = _settings(params, identity, getattr(config.get_text_config(), "max_position_embeddings", None))
        if source.adapter is not None:
            told |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": _room(source.adapter)}
        llm = LLM(model=str(folder), trust_remote_code=False, **told)
    except Exception as fault:  # a folder, a device and a build can be wrong in any way
        raise BackendUnavailable(
            f"model {source.name} could not be loaded by vLLM ({plain(fault)}): a smaller `window` or another `memory`"
            " helps where memory is short"
        ) from fault
    engine = Vllm(llm, Prompts(tokenizer, llm.model_config.max_model_len), _ends(folder, config, tokenizer), identity)
    if source.adapter is not None:
        engine.put_on(source.adapter, source.name)
    return engine


def _surroundings(identity: Identity) -> None:
    """What vLLM reads from the environment when it is imported. Only in this process, which is the worker's."""
    os.environ |= {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        # In one process the requests of a batch are all there before the first step, so that the steps are the same
        # each time; and no other process can be left over when this one is killed.
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    }
    if identity["device"] == "cpu" and not identity["compiled"]:
        os.environ["TORCH_COMPILE_DISABLE"] = "1"  # or small parts are compiled all the same, for half a minute


def _settings(params: Params, identity: Identity, longest: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "dtype": params.dtype,
        "enforce_eager": not identity["compiled"],
        "enable_prefix_caching": params.shared_beginnings,
        "generation_config": "vllm",  # and not the folder's: its top-k would fill what a request leaves open
        "logprobs_mode": "raw_logprobs",
        "max_logprobs": 128,
        "tensor_parallel_size": params.devices,
        "gpu_memory_utilization": params.memory,
        "seed": 0,
        "load_format": "safetensors",
    }
    if params.window is not None:
        told["max_model_len"] = params.window
    if params.batch_tokens is not None:
        told["max_num_batched_tokens"] = params.batch_tokens
    if params.cache is not None:
        told["kv_cache_memory_bytes"] = params.cache
    if identity["device"] == "cpu":
        # A request with a seed of its own whose prompt is computed in pieces ends the engine there: so none is.
        whole = max(params.batch_tokens or WHOLE, params.window or longest or 0)
        told |= {"enable_chunked_prefill": False, "max_num_batched_tokens": whole}
        # Beginnings are shared by whole blocks of tokens: its own 128 are longer than many a prompt.
        told["block_size"] = 32
        told.setdefault("kv_cache_memory_bytes", CACHE)
    elif params.attention != "auto":
        told["attention_config"] = {"backend": params.attention.upper()}
    return told


def _room(adapter: Adapter) -> int:
    """The smallest room that the adapter's ranks fit into."""
    said = json.loads((Path(adapter.folder) / "adapter_config.json").read_bytes())
    rank = max(said["r"], *(said.get("rank_pattern") or {}).values(), 1)
    fitting = [room for room in RANKS if room >= rank]
    if not fitting:
        raise ValueError(f"an adapter of rank {rank} is beyond {RANKS[-1]}")
    return fitting[0]


def _ends(folder: Path, config: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends a text, by the model's settings or the tokenizer's."""
    try:
        generation = json.loads((folder / "generation_config.json").read_bytes())
    except FileNotFoundError:
        generation = {}
    ends: set[int] = set()
    for stated in (generation.get("eos_token_id"), config.eos_token_id, tokenizer.eos_token_id):
        if stated is not None:
            ends.update(stated if isinstance(stated, list | tuple) else [stated])
    return frozenset(ends)

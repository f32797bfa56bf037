"""Which models auditc computes by layers of its own, told from files and this machine's CPU, with nothing loaded."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from auditc.backends.transformers.params import Params

BUILDS: Final = ("llama", "mistral", "qwen2", "qwen3", "gemma3_text")
"""The library's names of the builds that are known."""

ROPES: Final = ("default", "linear", "llama3", "yarn")
"""Rotary tables that do not change with the length of what is computed."""

HALF: Final = frozenset({"avx512bw", "avx512vl", "avx512dq"})
"""What a CPU must have for oneDNN to multiply in bfloat16."""


def taken_apart(settings: Mapping[str, Any], params: Params, device: str) -> bool:
    """Whether the layers of a model with this `config.json` are auditc's own here; `decoder.take_apart` then must be
    able to, or the model is not opened: one identity never stands for two ways of computing."""
    return (
        params.layers == "auto"
        and params.attention == "sdpa"
        and device == "cpu"
        and settings.get("model_type") in BUILDS
        and all(rope in ROPES for rope in _ropes(settings))
        and not any(settings.get(key) for key in ("attn_logit_softcapping", "final_logit_softcapping"))
        and not settings.get("use_bidirectional_attention")
        and _multiplies(params.dtype)
    )


def _ropes(settings: Mapping[str, Any]) -> list[str]:
    """The kinds of rotary tables that a model's settings name, in any form that the library has written them in."""
    found = []
    for key in ("rope_scaling", "rope_parameters"):
        said = settings.get(key) or {}
        each = list(said.values()) if said and all(isinstance(rope, dict) for rope in said.values()) else [said]
        found += [str(rope.get("rope_type") or rope.get("type") or "default") for rope in each]
    return found


def _multiplies(dtype: str) -> bool:
    """Whether PyTorch's build for this CPU has oneDNN, and its products in `dtype`."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    if dtype == "float32":
        return True
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags: set[str] = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return flags >= HALF

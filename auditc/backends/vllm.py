"""vLLM: offline batches of models of safetensors, on a CUDA device.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Literal

from auditc.ir.values import Form, Positive

from ._contract import Backend, not_built, refuse_to_open


class Params(Form):
    """How the model is reached."""

    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """The numbers that it computes in."""
    batch_tokens: Positive | None = None
    """Tokens in one pass; the engine's own choice when left out."""


vllm = Backend(
    params=Params,
    needs_weights=True,
    in_process=False,
    can=lambda params: frozenset({"score", "generate", "beams", "streams"}),
    identify=not_built("vllm"),
    open=refuse_to_open("vllm"),
    hosted=False,
    built=False,
)

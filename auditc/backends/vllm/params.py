"""What an author may say of the `vllm` backend."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt, Le

from auditc.ir.values import Form, Positive, Tokens, Unit


class Params(Form):
    """How a model is run. A model given to `vllm` as GGUF is converted as for `transformers`."""

    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """The numbers that it computes in."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where it computes: vLLM is built for one of them, and `auto` takes it."""
    window: Tokens | None = None
    """The longest prompt and answer together; left out, the model's own, which may need much memory."""
    batch_tokens: Tokens | None = None
    """How many tokens are computed at once; left out, the engine's own choice."""
    attention: Literal["auto", "flash_attn", "flashinfer", "triton_attn", "flex_attention"] = "auto"
    """How attention is computed on a CUDA device."""
    compiled: bool | None = None
    """Whether the model is compiled first. Left out, on a CUDA device; on a CPU it needs a C++ compiler."""
    shared_beginnings: bool = True
    """Whether the common beginning of prompts is computed once."""
    devices: Positive = 1
    """Over how many CUDA devices its weights are spread."""
    memory: Annotated[float, Unit("share"), Gt(0), Le(1)] = 0.9
    """Of a CUDA device's memory, what it may take."""
    cache: Annotated[int, Unit("bytes"), Gt(0)] | None = None
    """Memory for keys and values; left out, what `memory` leaves on a CUDA device, and 2 GB on a CPU."""

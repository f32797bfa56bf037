"""What an author may say of the `transformers` backend."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from annotated_types import Gt, Le

from auditc.ir.values import Form, Tokens, Unit

CELLS: Final = 128
"""Cells that a run puts to the engine at a time. Many begin alike, and the weights are read once for all. A run that is
killed loses at most as many, which is less than a minute's work of a small model on a CPU."""


class Params(Form):
    """How a model is run."""

    dtype: Literal["float32", "bfloat16"] = "float32"
    """The numbers that it computes in."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where it computes; `auto` takes a CUDA device if there is one."""
    attention: Literal["sdpa", "eager"] = "sdpa"
    """How attention is computed: `sdpa` in one step, `eager` piece by piece."""
    layers: Literal["auto", "library"] = "auto"
    """Whose program computes the layers: `auto` takes auditc's own, which is quicker, for builds that it knows on a CPU
    that has what it needs, and for models without an adapter; `library` always takes PyTorch's."""
    batch_tokens: Tokens | None = None
    """How many prompt tokens are computed at once; left out, 1024 on a CPU and 8192 on a CUDA device. More needs more
    memory, and rounds otherwise."""
    threads: Annotated[int, Unit("count"), Gt(0), Le(1024)] | None = None
    """Left out, PyTorch takes as many as there are cores."""

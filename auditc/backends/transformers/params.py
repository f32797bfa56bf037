"""What an author may say of the `transformers` backend."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Params(BaseModel):
    """`batch_tokens` is how many prompt tokens are computed at once: more needs more memory, and rounds otherwise.

    `threads` None leaves PyTorch's own choice (the number of cores).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["float32", "bfloat16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    attention: Literal["sdpa", "eager"] = "sdpa"
    batch_tokens: int = Field(default=2048, ge=1)
    threads: int | None = Field(default=None, ge=1, le=1024)

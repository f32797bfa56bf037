"""How much memory a training takes, told from a model's files: weights, what is trained, and what is kept for the way
back through the layers.

What a layer keeps for each token was counted in the library's code for models of the Llama kind: the states before its
norms, queries, keys, values and what is attended to, the three wide states of its inner part, and the input of each
adapter with its dropout. `docs/decisions/0033-trainers.md` has estimates beside measured peaks.
"""

from __future__ import annotations

import json
from typing import Any, Final

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends.transformers.identity import device_class, model_folder
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.room import BYTES, LIBRARIES, MB, believed, tensors
from auditc.ir.training import Settings

TRAINER: Final = 150 * MB
"""What the trainer, PEFT, TRL and their libraries take beside PyTorch and transformers."""

FLOAT: Final = 4
MEANS: Final = 2 * FLOAT
"""Bytes for each number that is trained, beside the weights: two means of AdamW, which stay from step to step."""
HIDDEN: Final = {"lora": 3.0, "full": 6.0}
INNER: Final = {"lora": 3.0, "full": 4.0}
"""States as wide as the model, and as its inner part, that a layer keeps for each token."""
ROUTED: Final = {"lora": 1.0, "full": 2.0}
"""States as wide as the model that a layer of experts keeps for each token beside, for each expert that the token goes
to; the expert's own inner part is kept as that of any layer is."""
INPUT: Final = 1.25
"""Of each adapter: its input after dropout, and which of it was dropped."""
EXPERTS: Final = ("num_local_experts", "num_experts", "n_routed_experts")
"""How the configs of different architectures call the number of a layer's experts."""
LOOSE: Final = {"cpu": 1.6, "cuda": 1.15}
"""What an allocator has beyond what is asked of it: a CPU's leaves holes between batches of different lengths."""


def training_memory(source: ModelSource, params: Params, settings: Settings, longest: int) -> int:
    """About how many bytes a training takes at its largest, `longest` being the tokens of its longest example. Raises
    BackendUnavailable where the files are not those of a model."""
    folder = model_folder(source)
    try:
        config = json.loads((folder / "config.json").read_bytes())
        config = config.get("text_config") or config
        held = [tensor for file in sorted(folder.glob("*.safetensors")) for tensor in tensors(file)]
        full, device = settings.adapter.kind == "full", device_class(params)
        wide = full or settings.precision == "float32" or source.adapter is not None
        size = FLOAT if wide else BYTES[settings.precision]
        numbers = sum(tensor.numbers for tensor in held)
        read = sum(tensor.numbers * tensor.stored for tensor in held if tensor.stored != size)
        trained = numbers if full else _adapter(held, settings)
        room = LOOSE[device] * settings.batch * longest
        kept, beside = (int(room * bytes) for bytes in _kept(config, settings))
        # Where products are computed in bfloat16 and weights held in float32, each is kept in bfloat16 as well.
        kept += numbers * BYTES["bfloat16"] if wide and settings.precision == "bfloat16" else 0
        # Gradients come on the way back, as what was kept for it goes. On a CUDA device AdamW goes over all of them at
        # once, and holds as much again meanwhile.
        gradients = trained * FLOAT * (2 if device == "cuda" else 1)
        working = trained * (MEANS if full else MEANS + FLOAT) + max(kept, gradients) + beside
        return believed(LIBRARIES[device] + TRAINER + numbers * size + max(read if device == "cpu" else 0, working))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise BackendUnavailable(
            f"the files of model {source.name} do not say how large it is: fetch it again"
        ) from fault


def _adapter(held: list[Any], settings: Settings) -> int:
    """Numbers of an adapter: on each of its matrices, one row and one column more for each rank."""
    said = settings.adapter.params
    endings = tuple(f".{target}.weight" for target in said["targets"])
    return sum(sum(tensor.shape) * int(said["rank"]) for tensor in held if tensor.name.endswith(endings))


def _kept(config: dict[str, Any], settings: Settings) -> tuple[float, float]:
    """Bytes for each token of a batch: those that are kept for the way back, and those of the layer that it has come
    to, which are held at any time of it: the gradients of its states, and with checkpointing the states as well."""
    size = BYTES[settings.precision]
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    inner, chosen = _inner(config, hidden)
    attended = heads * int(config.get("head_dim") or hidden // heads)
    kind = settings.adapter.kind
    inputs = 0 if kind == "full" else INPUT * len(settings.adapter.params["targets"])
    # Norms are computed in float32 whatever the rest is.
    layer = (HIDDEN[kind] + inputs + ROUTED[kind] * chosen) * hidden * FLOAT
    layer += (INNER[kind] * inner + 4 * attended) * size
    layers = int(config["num_hidden_layers"])
    return (layers * hidden * size, 2 * layer) if settings.gradient_checkpointing else (layers * layer, layer)


def _inner(config: dict[str, Any], hidden: int) -> tuple[int, int]:
    """How wide a layer's inner part is for each token, of all experts that a token goes to together where there are
    any; and how many those are. Where some layers have experts and others not, the wider."""
    dense = max(int(config.get("intermediate_size") or 4 * hidden), hidden)
    if not any(int(config.get(name) or 0) > 1 for name in EXPERTS):
        return dense, 0
    chosen = int(config["num_experts_per_tok"])
    one = int(config.get("moe_intermediate_size") or config["intermediate_size"])
    always = int(config.get("shared_expert_intermediate_size") or int(config.get("n_shared_experts") or 0) * one)
    routed = chosen * one + always
    return max(routed, dense) if "moe_intermediate_size" in config else routed, chosen

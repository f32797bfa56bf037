"""Adapters: low-rank changes that the PEFT library puts on the weights of a loaded model, and takes off again.

An adapter's config comes from whoever trained it, so nothing of it is handed on unread: some of its fields name modules
to import or files to unpickle, others change the weights themselves, which no taking off would mend.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from auditc.backends._contract import Adapter, BackendUnavailable

NAME: Final = "adapter"
"""As PEFT calls the one adapter that is on a model."""

PLAIN: Final = ("r", "lora_alpha", "fan_in_fan_out", "use_rslora", "use_dora")
"""Fields that are numbers or switches."""
MODULES: Final = ("target_modules", "exclude_modules", "layers_pattern")
"""Fields that name modules. PEFT takes a lone text for a regular expression, and so does auditc not."""
PATTERNS: Final = ("rank_pattern", "alpha_pattern")
"""Fields that give single modules numbers of their own."""
SAYS_NOTHING: Final = frozenset(
    {"peft_type", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "peft_version"}
    | {"lora_dropout", "init_lora_weights", "megatron_core", "qalora_group_size", "bias"}
)
"""Fields that change no answer of a trained adapter, where those stand that `_read` lets pass."""

_MODULE = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


def settings(adapter: Adapter, model: str) -> dict[str, Any]:
    """What PEFT is told of an adapter. Reads its config alone; raises BackendUnavailable with a remedy."""
    try:
        said = json.loads((Path(adapter.folder) / "adapter_config.json").read_bytes())
        return _read(said)
    except _Refused as refused:
        raise BackendUnavailable(
            f"the adapter of model {model} {refused}: merge it into the weights, and give those"
        ) from None
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as fault:
        raise BackendUnavailable(f"the adapter of model {model} cannot be read: save it again with PEFT") from fault


class _Refused(Exception):
    """Says what an adapter is that auditc puts on no weights."""


def _read(said: dict[str, Any]) -> dict[str, Any]:
    if said.get("peft_type") != "LORA":
        raise _Refused(f"is of the kind {str(said.get('peft_type'))[:40]!r}, and only LORA is put on weights")
    if said.get("bias", "none") != "none":
        raise _Refused("changes the biases of the weights")
    if said.get("init_lora_weights", True) not in (True, False, None, "gaussian", "orthogonal", "eva"):
        raise _Refused(f"changes the weights themselves ({str(said['init_lora_weights'])[:40]})")
    told: dict[str, Any] = {}
    for key, value in said.items():
        if key in SAYS_NOTHING or value is None or value is False or value in ("", [], {}):
            continue
        if key in PLAIN:
            if not isinstance(value, int | float):
                raise TypeError(key)
            told[key] = value
        elif key in MODULES:
            told[key] = _modules(key, value)
        elif key in PATTERNS:
            _modules(key, list(value))
            told[key] = {
                str(name): float(number) if key == "alpha_pattern" else int(number) for name, number in value.items()
            }
        elif key == "layers_to_transform":
            told[key] = [int(layer) for layer in (value if isinstance(value, list) else [value])]
        else:
            raise _Refused(f"has `{key[:40]}`, which auditc puts on no weights")
    if "target_modules" not in told:
        raise _Refused("does not say which modules it changes")
    return told


def _modules(key: str, value: Any) -> Any:
    if value == "all-linear" and key == "target_modules":
        return value
    if key == "layers_pattern" and isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(_MODULE.fullmatch(name) for name in value):
        raise _Refused(f"names modules by a pattern in `{key}`")
    return value


def put_on(model: Any, adapter: Adapter, name: str) -> None:
    """Put an adapter on a model that has none. Raises BackendUnavailable with a remedy where it does not fit; the model
    is then of no use any more."""
    told = settings(adapter, name)
    try:
        import peft
        from safetensors.torch import load_file
    except ImportError as fault:
        raise BackendUnavailable(f"{fault.name} is missing: install auditc with its `transformers` extra") from fault
    misfit = f"the adapter of model {name} does not fit its weights: name those that it was trained on"
    try:
        tensors = load_file(Path(adapter.folder) / "adapter_model.safetensors", device=str(model.device))
        # Empty at first: what an adapter begins with before training is nobody's adapter.
        peft.inject_adapter_in_model(peft.LoraConfig(**told), model, NAME, low_cpu_mem_usage=True)
        expected = _shapes(peft.get_peft_model_state_dict(model, adapter_name=NAME))
    except Exception as fault:  # a library's own faults, for a folder can be wrong in any way
        raise BackendUnavailable(f"{misfit} ({type(fault).__name__})") from fault
    found = _shapes(tensors)
    if expected != found:
        differ = sorted(key for key in {*expected, *found} if expected.get(key) != found.get(key))
        raise BackendUnavailable(f"{misfit} ({differ[0][:100]}, and {len(differ) - 1} more)")
    try:
        tensors = {key: tensor.to(model.dtype) for key, tensor in tensors.items()}
        peft.set_peft_model_state_dict(model, tensors, NAME, low_cpu_mem_usage=True)
    except Exception as fault:
        raise BackendUnavailable(f"{misfit} ({type(fault).__name__})") from fault
    model.eval().requires_grad_(False)


def take_off(model: Any) -> None:
    """Put back the modules that an adapter stands before. They are the very same as before it was put on."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in list(model.modules()):
        if isinstance(module, BaseTunerLayer):
            continue
        for name, child in list(module.named_children()):
            if isinstance(child, BaseTunerLayer):
                setattr(module, name, child.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config


def _shapes(tensors: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {key.removeprefix("base_model.model."): tuple(tensor.shape) for key, tensor in tensors.items()}

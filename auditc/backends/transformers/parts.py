"""A model opened with its weights spread over processes: each reads its rows of every weight, and none the whole.

The library does it (`DistributedConfig`, PyTorch's FSDP2): a block's weights are gathered when the block is computed,
and let go. The head, and an embedding that is the same weight, are gathered with what is around the blocks, and are
there from the start of a step to its end. The library's own plan would keep such a weight in two groups, of which one
does not learn where its rows cannot be shared out alike (transformers 5.23; from the second step on, losses differed).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from auditc.backends._contract import BackendUnavailable
from auditc.ir.training import WEIGHTS_SPREAD, NotTrained, Settings

LEFT: Final = 0.1
"""No more than this share of the weights may lie outside of all blocks, embedding and head left out."""

ALONE: Final = "Unset AUDITC_TRAIN_ACCELERATE, or let it name a configuration for MULTI_GPU or MULTI_CPU."


def processes() -> int:
    """Over how many processes weights are spread; 0 where this one holds the whole model."""
    return int(os.environ.get("WORLD_SIZE", "1")) if WEIGHTS_SPREAD in os.environ else 0


def writes() -> bool:
    """Whether this is the process that writes what all have."""
    return os.environ.get("RANK", "0") == "0"


def suits(name: str, adapted: bool, settings: Settings) -> None:
    """Raises NotTrained for what cannot be trained in parts, `adapted` being whether an adapter is on the model
    already."""
    if adapted:
        raise NotTrained("engine", f"model {name} has an adapter, which cannot be added to weights in parts", ALONE)
    if settings.adapter.params.get("dora"):
        said = "DoRA needs the length of each row of a weight at once, and the weights are spread over processes"
        raise NotTrained("engine", said, f"Write `dora = off`. {ALONE}")


def opened(folder: Path, **how: Any) -> Any:
    """The causal language model in a folder, of which this process holds its part. `how` is what the library's
    `from_pretrained` takes. Raises BackendUnavailable, and whatever the library raises."""
    import torch
    import transformers

    try:
        from transformers.distributed import DistributedConfig

        over = DistributedConfig(fsdp_size=processes())
    except (ImportError, TypeError) as fault:
        said = f"transformers {transformers.__version__} does not spread weights over processes: install 5.23 or later"
        raise BackendUnavailable(said) from fault
    only_here = {name: how[name] for name in ("local_files_only", "trust_remote_code")}
    with torch.device("meta"):  # its kind, and its configuration where a folder holds more than a language model
        empty = transformers.AutoModelForCausalLM.from_config(
            transformers.AutoConfig.from_pretrained(folder, **only_here), trust_remote_code=False
        )
    kind = _in_one_group(type(empty))
    return kind.from_pretrained(folder, config=empty.config, distributed_config=over, **how)


def _in_one_group(kind: type[Any]) -> type[Any]:
    """A kind of model whose embedding and head are gathered together where they are one weight. What is one weight is
    made one before it is spread; the library would do it afterwards."""

    def tied(_kind: type[Any], model: Any, *given: Any) -> Any:
        model.tie_weights()
        return kind.maybe_distribute_model(model, *given)

    members = {"_fsdp_plan": {}, "maybe_distribute_model": classmethod(tied), "__module__": kind.__module__}
    return type(kind.__name__, (kind,), members)


def spreads(model: Any, name: str) -> None:
    """Raises NotTrained where the blocks of a model were not spread one by one, or a weight that has several names is
    not gathered once for all of them."""
    from torch.distributed.fsdp import FSDPModule

    groups = {place for place, module in model.named_modules() if isinstance(module, FSDPModule)}
    kind = type(model).__name__.removeprefix("FSDP")
    known: dict[int, str] = {}
    left = whole = 0
    ends = {id(part.weight) for part in (model.get_input_embeddings(), model.get_output_embeddings()) if part}
    for weight_name, weight in model.named_parameters(remove_duplicate=False):
        group = _group(weight_name, groups)
        if known.setdefault(id(weight), group) != group:
            said = f"model {name} ({kind}) uses {weight_name} in two places that are not spread as one"
            raise NotTrained("architecture", said, ALONE)
        whole += weight.numel()
        left += weight.numel() if not group and id(weight) not in ends else 0
    if left > LEFT * whole:
        said = f"the blocks of model {name} ({kind}) are not known to transformers as such"
        raise NotTrained("architecture", f"{said}, so its weights cannot be spread over processes", ALONE)


def gathered(model: Any) -> dict[str, Any]:
    """All weights of a model that is spread, whole, in the main memory of the first process; nothing in the others',
    who have to call it as well. What is one weight is one tensor under all its names."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    state: dict[str, Any] = get_model_state_dict(model, options=options)
    if not writes():
        return {}
    known: dict[int, str] = {}
    for name, weight in model.named_parameters(remove_duplicate=False):
        state[name] = state[known.setdefault(id(weight), name)]
    model.config.distributed_config = None  # or the library would gather them again
    return state


def _group(name: str, groups: set[str]) -> str:
    """The innermost module whose weights are gathered together that a weight is of."""
    while name and name not in groups:
        name = name.rpartition(".")[0]
    return name

"""Over how many processes a training is spread, and how: told by a configuration of accelerate that the machine has.

What a machine has is a matter of the machine, so no spec says it; but it decides how a training comes out, since sums
are rounded in another order, so it is part of the recipe.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..workers.starting import FLAGS, SPREAD, environment
from .trainer import interpreter

KINDS: Final = ("MULTI_CPU", "MULTI_GPU", "FSDP")
"""With FSDP each process holds a part of the weights, on CPUs or on GPUs; with the others, the whole model."""

_READ: Final = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))"
"""Asked of the interpreter that trains: accelerate brings what reads its configurations."""

WANTED: Final = {
    "num_machines": 1,
    "mixed_precision": "no",
}
"""What a configuration has to say where it says it: precision is the spec's, and so is gradient checkpointing."""

PLACES: Final = frozenset(
    {
        "compute_environment",
        "distributed_type",
        "num_processes",
        "use_cpu",
        "gpu_ids",
        "machine_rank",
        "main_training_function",
        "debug",
        "same_network",
        "rdzv_backend",
        "main_process_ip",
        "main_process_port",
        "downcast_bf16",
        "enable_cpu_affinity",
        "tpu_env",
        "tpu_use_cluster",
        "tpu_use_sudo",
    }
)
"""What else it may say: which devices there are, and what does not change how they compute."""


FSDP: Final[dict[str, tuple[object, ...]]] = {
    "version": (2,),
    "auto_wrap_policy": ("TRANSFORMER_BASED_WRAP",),
    "reshard_after_forward": (True,),
    "offload_params": (False,),
    "activation_checkpointing": (False,),
    "activation_checkpointing_offload": (False,),
    "state_dict_type": ("SHARDED_STATE_DICT", "FULL_STATE_DICT"),
    "cpu_ram_efficient_loading": (True, False),
    "sync_module_states": (True, False),
    "use_orig_params": (True, False),
}
"""What its `fsdp_config` may say. The last four change nothing: each process reads and writes the part that it holds,
and version 2 knows no others."""


@dataclass(frozen=True, slots=True)
class Spread:
    """`kind` is one of KINDS, `device` is `cpu` or `cuda`; `how` is what the recipe knows of it."""

    processes: int
    kind: str
    device: str
    how: dict[str, Any]

    @property
    def copies(self) -> int:
        """How many times the weights are held."""
        return 1 if self.kind == "FSDP" else self.processes


def spread() -> Spread | None:
    """None where a training runs in one process. Raises ValueError that says what is wrong with the configuration."""
    file = os.environ.get(SPREAD)
    if not file:
        return None
    if not Path(file).is_file():
        raise ValueError("there is no such file")
    try:
        asked = subprocess.run(
            [interpreter(), *FLAGS, "-c", _READ, str(Path(file).resolve())],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(),
        )
        said = json.loads(asked.stdout or "null")
    except (OSError, ValueError, subprocess.SubprocessError):
        said = None
    if not isinstance(said, dict):
        raise ValueError("it is no configuration of accelerate that can be read")
    return told(said)


def told(said: dict[str, Any]) -> Spread:
    """What a configuration says. Raises ValueError."""
    kind, size = said.get("distributed_type"), said.get("num_processes")
    if kind not in KINDS:
        raise ValueError(f"`distributed_type` is {kind}, and what is run is {', '.join(KINDS)}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 2:
        raise ValueError(f"`num_processes` is {size}, and several processes are two at least")
    for name, value in WANTED.items():
        if said.get(name, value) != value:
            raise ValueError(f"`{name}` is {said[name]}, and what is run is {value}")
    for name in said:
        if name not in PLACES | WANTED.keys() and said[name] and (kind, name) != ("FSDP", "fsdp_config"):
            raise ValueError(f"`{name}` is nothing that is run")
    if kind == "FSDP":
        _in_parts(said.get("fsdp_config"))
    on_cpu = kind == "MULTI_CPU" or (kind == "FSDP" and said.get("use_cpu") is True)
    return Spread(size, kind, "cpu" if on_cpu else "cuda", {"processes": size, "kind": kind})


def _in_parts(said: object) -> None:
    """Raises ValueError for what an `fsdp_config` says and cannot be done."""
    given = {str(name).removeprefix("fsdp_"): value for name, value in said.items()} if isinstance(said, dict) else {}
    given.setdefault("version", 1)  # as accelerate has it
    for name, value in given.items():
        if name not in FSDP:
            if value not in (None, False, "", "NO_PREFETCH"):
                raise ValueError(f"`fsdp_{name}` is nothing that is run")
        elif not any(value is one or (value == one and type(value) is type(one)) for one in FSDP[name]):
            wanted = " or ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in FSDP[name])
            raise ValueError(f"`fsdp_{name}` is {value}, and what is run is {wanted}")

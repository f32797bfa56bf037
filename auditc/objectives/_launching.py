"""What each of several processes is told about the others: the environment that accelerate's launcher makes for it."""

from __future__ import annotations

from typing import Final

from auditc.ir.training import WEIGHTS_SPREAD

ON_CPU: Final = {"CUDA_VISIBLE_DEVICES": "", "MALLOC_MMAP_THRESHOLD_": "262144"}
"""For weights that are spread over CPUs: the library would take a device that it sees. And what was gathered for a
block is given back when it is let go; glibc would keep it, and each process would outgrow one that holds all."""


def environments_of(config: str) -> list[dict[str, str]]:
    """The environment of each process, as accelerate's launcher makes it. Raises whatever that raises."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    given = ["--config_file", config, "--main_process_port", "0", "-m", "worker"]
    said, *_ = _validate_launch_command(launch_command_parser().parse_args(given))
    every = prepare_multi_gpu_env(said)
    every |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(said.main_process_port)}
    if said.use_fsdp:  # transformers spreads the weights as it opens them; accelerate would do so once more
        del every["ACCELERATE_USE_FSDP"]
        every |= {WEIGHTS_SPREAD: "1", **(ON_CPU if said.use_cpu else {})}
    size = int(said.num_processes)
    every |= {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
    return [{**every, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(size)]

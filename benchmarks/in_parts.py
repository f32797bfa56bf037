"""Peak memory of a training of all weights, alone and with the weights spread over two processes, on a CPU.

    python benchmarks/in_parts.py FOLDER

Writes a random model of some 80 million parameters into the folder, trains it for two steps, and says what each
process took at its most, and what it had taken before it opened the model.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from auditc.ir.training import WEIGHTS_SPREAD
from auditc.objectives._launching import ON_CPU

SIZES = {"hidden_size": 640, "intermediate_size": 2560, "num_hidden_layers": 12, "num_attention_heads": 8}


def trains(folder: Path, name: str) -> None:
    """One process: all of a training, or its part."""
    import datasets  # noqa: F401
    import torch
    import transformers.trainer  # noqa: F401
    import trl  # noqa: F401

    from auditc.backends._contract import ModelSource
    from tests.objectives import small

    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = ModelSource("model", str(folder / "model"), "random")
    job = small.job(folder / name, examples=8, valid=0, adapter=small.FULL, epochs=1, learning_rate=1e-4)
    done = small.train(source, job)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    losses = [round(point.loss, 5) for point in done.curve if point.loss is not None]
    said = f"{name} {os.environ.get('RANK', '')}: {done.parameters:,} parameters, losses {losses}"
    print(f"{said}, {before / 1024:,.0f} MB before, {most / 1024:,.0f} MB at most", flush=True)


def main(folder: Path) -> None:
    """The model, then one process, then two."""
    from tests.objectives import small

    shutil.rmtree(folder, ignore_errors=True)
    small.model(folder / "model", head_dim=80, num_key_value_heads=8, initializer_range=0.02, **SIZES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    parts = [{**both, **ON_CPU, "RANK": rank, "LOCAL_RANK": rank, WEIGHTS_SPREAD: "1"} for rank in "01"]
    for name, environments in (("one", [{}]), ("one-that-gives-back", [ON_CPU]), ("two", parts)):
        command = [sys.executable, __file__, str(folder), name]
        ranks = [subprocess.Popen(command, env={**os.environ, **environment}) for environment in environments]
        for rank in ranks:
            rank.wait()


if __name__ == "__main__":
    trains(Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else main(Path(sys.argv[1]))

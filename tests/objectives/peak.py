"""Trains, and says how much memory that took at its largest: run as a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from auditc.backends.transformers.appetite import TRAINER, training_memory
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.room import LIBRARIES
from auditc.ir.exchange import Prompt, ScoreRequest, Turn
from auditc.ir.training import Example
from tests.objectives import small


def long(number: int) -> Example:
    """An item of some two hundred tokens."""
    example = small.example(number)
    words = example.request.prompt.turns[0].text.rjust(200)
    prompt = Prompt((Turn("user", words),), example.request.prompt.opening)
    return Example(ScoreRequest(prompt, example.request.spellings, example.request.hint), example.shares)


def resident(name: str) -> int:
    """Bytes of main memory that this process has (`VmRSS`), or had at most since that was reset (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def main(kind: str, folder: Path) -> None:
    """Prints bytes above what the libraries take: `peak`, and `told` beforehand. A short training comes before, so
    that all libraries are loaded."""
    adapter = small.LORA if kind == "lora" else small.FULL
    small.train(small.model(folder / "tiny"), small.job(folder / "warm", epochs=1, examples=4, valid=0))
    sizes = {"hidden_size": 256, "head_dim": 64, "intermediate_size": 768, "num_hidden_layers": 6}
    experts = {"num_local_experts": 4, "num_experts_per_tok": 2} if kind == "experts" else {}
    model = small.model(folder / "model", "Mixtral" if experts else "Llama", **sizes, **experts)
    learnt = tuple(long(number) for number in range(8))
    precision = "bfloat16" if kind == "bfloat16" else "float32"
    job = small.job(folder / "job", learnt=learnt, valid=0, batch=8, adapter=adapter, precision=precision)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident("VmRSS")
    small.train(model, job)
    peak = resident("VmHWM") - before
    told = training_memory(model, Params(threads=1), job.settings, 210) - LIBRARIES["cpu"] - TRAINER
    print(json.dumps({"peak": peak, "told": told}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""A process that trains without a model: `python -m tests.runtime.training.fake_trainer`, in the place of the real one.

It speaks as the real one does and writes an adapter in the form of PEFT, whose numbers hang on what it was given. A
word in the environment, TROUBLE, says what befalls it after its second step of four; `disk at 1` says at which.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from auditc.backends import simulated as answering
from auditc.ir.training import Job, NotTrained, Progress, Trained
from auditc.objectives import first_token_kl as objective
from auditc.objectives._checkpoints import Checkpoints
from auditc.runtime.workers import train

STEPS = 4


def four_steps(job: Job, params: Any, trainee: Any, tell: Callable[[Progress], None]) -> Trained:
    """Four steps, each with a checkpoint; goes on from the last whole one."""
    note(f"begin {job.objective} on {trainee.name} with {len(job.examples)} and {len(job.valid)}")
    states, curve = Checkpoints(Path(job.checkpoints), "this job"), []
    done = states.last() or 0
    note(f"from {done}")
    for step in range(done + 1, STEPS + 1):
        what, _, at = os.environ.get("TROUBLE", "").partition(" at ")
        if step == int(at or 3):
            trouble(what, Path(job.result))
        curve.append(Progress(step=step, steps=STEPS, epoch=step / 2, loss=1 / step, mean=1.5 / step, valid=2 / step))
        states.at(step).mkdir()
        (states.at(step) / "state.json").write_text(json.dumps({"step": step}))
        states.mark(step)
        states.keep({step})
        tell(curve[-1])
    write(Path(job.result), trainee, job)
    return Trained(
        curve=tuple(curve),
        losses=tuple(1 / step for step in range(1, STEPS + 1)),
        kept=STEPS,
        begun=done,
        parameters=100,
        trainable=8,
        examples=len(job.examples),
        valid=len(job.valid),
        versions={"numpy": np.__version__, "engine": "cpu"},
    )


def trouble(what: str, result: Path) -> None:
    if what == "nan":
        raise NotTrained("diverged", "the loss is no number from step 3 on", "take a smaller `learning_rate`")
    if what == "disk":
        (result / "half").write_text("half a model")
        raise OSError(errno.ENOSPC, "No space left on device")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "bug":
        raise RuntimeError("in /home/somebody/secret/place")
    if what == "print":
        print("a library says something")
    if what == "empty":
        (result / "model.safetensors").write_bytes(b"no model")
    while what == "wait":
        time.sleep(0.05)


def write(result: Path, trainee: Any, job: Job) -> None:
    from safetensors.numpy import save_file

    if os.environ.get("TROUBLE") == "empty":
        return
    seed = hashlib.sha256(repr((trainee.weights_digest, job.settings, len(job.examples))).encode()).digest()
    numbers = np.random.default_rng(int.from_bytes(seed[:8], "big")).normal(size=(2, 4)).astype(np.float32)
    if job.settings.adapter.kind == "full":
        save_file({"weight": numbers}, result / "model.safetensors")
        return
    save_file({"lora_A.weight": numbers}, result / "adapter_model.safetensors")
    (result / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2}))


def note(line: str) -> None:
    if "NOTES" in os.environ:
        with open(os.environ["NOTES"], "a", encoding="utf-8") as file:
            file.write(line + "\n")


if __name__ == "__main__":
    objective.first_token_kl = dataclasses.replace(objective.first_token_kl, train=four_steps)
    answering.simulated = dataclasses.replace(answering.simulated, trainee=lambda source, params, settings: source)
    train.serve()

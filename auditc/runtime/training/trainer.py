"""The run's side of a training: a process is started, watched and ended, and what it says is handed on.

A training that dies is not begun again by the run that it died in: what killed it, mostly a want of memory, would kill
it again, after as long a time. The next run goes on from its last checkpoint.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from auditc.backends._contract import ModelSource
from auditc.ir.training import Job, NotTrained, Progress, Trained

from ..workers.jobs import from_job
from ..workers.process import SILENCE
from ..workers.starting import SPREAD, kill, last_words, start
from ..workers.wire import Message, from_source, pack, split, unpack

PYTHON: Final = "AUDITC_TRAIN_PYTHON"
"""The interpreter that trains, where it is not the run's own."""

ANEW: Final = "(with other settings it begins anew)"
"""A training with other settings is another one, and goes on from no checkpoint."""


class Stopped(Exception):
    """The training was ended because the run is to stop; its checkpoints are there."""


@dataclass(frozen=True, slots=True)
class Base:
    """A model to be trained, and the backend that opens it: its kind, and its parameters as JSON."""

    backend: str
    params: dict[str, object]
    source: ModelSource


def interpreter() -> str:
    """The Python that trains."""
    return os.environ.get(PYTHON) or sys.executable


def train(base: Base, job: Job, log: Path, tell: Callable[[Progress], None], stopping: Callable[[], bool]) -> Trained:
    """Carry a job out in a process of its own. Raises NotTrained, or Stopped soon after `stopping` says so."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        process = start(
            interpreter(), f"auditc.runtime.workers.{'several' if os.environ.get(SPREAD) else 'train'}", log
        )
    except OSError as fault:
        said = f"the interpreter that {PYTHON} names cannot be started ({fault.strerror})"
        raise NotTrained("engine", said, f"let {PYTHON} name a Python that has auditc's `transformers` extra") from None
    # Who does not read holds up who writes: the run has to go on looking whether it is to stop.
    handing = threading.Thread(target=_hand_over, args=(process, pack(_asked(base, job))), daemon=True)
    handing.start()
    try:
        return _watch(process, log, tell, stopping)
    finally:
        kill(process)
        process.wait()
        handing.join(5)  # nobody is left to read
        for stream in (process.stdout, None if handing.is_alive() else process.stdin):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _asked(base: Base, job: Job) -> Message:
    source = from_source(base.source)
    return {"train": {"backend": base.backend, "params": base.params, "source": source, "job": from_job(job)}}


def _hand_over(process: subprocess.Popen[bytes], message: bytes) -> None:
    assert process.stdin is not None
    with suppress(OSError):  # its death is noticed where it is read from
        process.stdin.write(message)
        process.stdin.flush()


def _watch(
    process: subprocess.Popen[bytes],
    log: Path,
    tell: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> Trained:
    assert process.stdout is not None
    buffer, heard = bytearray(), time.monotonic()
    while True:
        body = split(buffer)
        if body is not None:
            said = unpack(body)
            if "progress" in said:
                tell(Progress.model_validate(said["progress"]))
            elif "alive" not in said:
                return _outcome(said)
            continue
        if stopping():
            raise Stopped
        ready, _, _ = select.select([process.stdout], [], [], 0.1)
        if not ready and time.monotonic() - heard < SILENCE:
            continue
        data = _read(process.stdout) if ready else b""
        if not data:
            raise _died(process, log, silent=not ready)
        buffer += data
        heard = time.monotonic()


def _read(stream: IO[bytes]) -> bytes:
    return os.read(stream.fileno(), 1 << 20)


def _outcome(said: Message) -> Trained:
    if "trained" in said:
        return Trained.model_validate(said["trained"])
    raise NotTrained(*said["not_trained"])


def _died(process: subprocess.Popen[bytes], log: Path, silent: bool) -> NotTrained:
    if silent:
        return NotTrained("timeout", f"it gave no sign of life for {SILENCE:,.0f} s, and was ended")
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    code = process.returncode
    if code == -signal.SIGKILL:
        help = f"if memory was wanting, take a smaller `batch` or `gradient_checkpointing = on` {ANEW}"
        return NotTrained("worker_died", "it was killed, most likely for want of memory", help)
    said = f"its process ended in the middle ({code if code is not None else 'still there'})"
    words = last_words(log)
    return NotTrained("worker_died", said + (f": {words}" if words else ""))

"""Processes that a run starts for itself: how they begin, how they are ended, and what they last said."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from auditc.diagnostics.scrub import scrubbed

SPREAD: Final = "AUDITC_TRAIN_ACCELERATE"
"""The configuration of accelerate that says in how many processes a training runs."""

ASLEEP: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait for each other sleep. By default they spin: on a machine of their own that is up to twice as fast;
beside other work a thread then burns the time that the one it waits for would need, and texts came out more than eight
times as slowly (docs/benchmarks)."""


LOOK: Final = 0.3
"""Seconds for which it is looked whether the machine is busy."""


def waiting() -> dict[str, str]:
    """How the threads of a worker that is started now should wait: asleep where half of the machine's cores, or more,
    have had work for the last minute and have it still. A run's own workers come one after the other: the load of the
    last one is there for a minute, and is no other work. What the environment says already counts more."""
    half = (os.cpu_count() or 1) / 2
    return ASLEEP if os.getloadavg()[0] >= half and _busy() >= half else {}


def _busy() -> float:
    """How many cores have work just now; all of them where the system does not tell."""
    cores = os.cpu_count() or 1
    try:
        before = _ticks()
        time.sleep(LOOK)
        total, idle = (after - earlier for after, earlier in zip(_ticks(), before, strict=True))
    except (OSError, ValueError, IndexError):
        return float(cores)
    return cores * (1 - idle / total) if total > 0 else float(cores)


def _ticks() -> tuple[int, int]:
    """Of all cores together since the machine began: all ticks, and those without work."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


FLAGS: Final = ("-P",)
"""They keep the folder where auditc runs off the path: what lies there is data, even if called torch.py."""


def environment() -> dict[str, str]:
    """What a worker finds in its environment: this auditc is on its path."""
    here = str(Path(__file__).parents[3])
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    return {**waiting(), **os.environ, "PYTHONPATH": path}


def start(interpreter: str, module: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a module of auditc under an interpreter, with pipes to talk to it; `log` gets what its libraries print.
    Raises OSError where there is no such interpreter."""
    with log.open("ab") as written:
        # A session of its own, so that Ctrl-C in a terminal reaches the run and not its worker.
        return subprocess.Popen(
            [interpreter, *FLAGS, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            env=environment(),
            start_new_session=True,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker and what it started: it leads a group of its own, and an engine may compute in several processes."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def last_words(log: Path) -> str:
    """The end of a worker's log."""
    try:
        lines = log.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()[-5:]
    except OSError:
        return ""
    return scrubbed("\n".join(lines))[-800:]

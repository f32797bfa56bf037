"""Trains one model in several processes of this machine: starts them, hands each the job, and speaks for all of them.

Each is the worker that a training in one process has, with pipes of its own. Of what they say, the steps and the result
of the first are handed on, and what stopped any of them; when one fails, all are ended. They are of the group of this
process: whoever ends it ends them, and when it dies alone, they find the end of what they listen to.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import BinaryIO, Final, cast

from auditc.diagnostics.scrub import scrubbed
from auditc.objectives._launching import environments_of

from .lifeline import connect
from .starting import SPREAD
from .wire import Message, messages, pack

GRACE: Final = 3.0
"""Seconds in which others may say what is the matter, after one has failed: the rest fails for want of it."""

WORKER: Final = (sys.executable, "-P", "-m", "auditc.runtime.workers.train")


def serve() -> None:
    """Carry out one training, and say what came of it."""
    out, incoming = connect()
    message = incoming.get()
    try:
        environments = environments_of(os.environ[SPREAD])
    except Exception as error:  # accelerate has faults of its own, for each thing that a configuration may say
        said = f"accelerate cannot start what {SPREAD} says: {type(error).__name__}: {scrubbed(str(error))}"
        out.send({"not_trained": ["engine", said[:300], f"mend it, or unset {SPREAD} to train in one process"]})
        return
    out.send(lead(WORKER, environments, message, out.send))


def lead(
    command: Sequence[str],
    environments: Sequence[Mapping[str, str]],
    message: Message,
    send: Callable[[Message], None],
) -> Message:
    """Run the command once in each environment, and hand each the message; steps are sent, and what came of it all is
    given. None of them is left."""
    heard: queue.SimpleQueue[tuple[int, Message | None]] = queue.SimpleQueue()
    ranks: list[subprocess.Popen[bytes]] = []
    try:
        for environment in environments:
            pipe = subprocess.PIPE
            ranks.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, env=dict(environment)))
            threading.Thread(target=_listen, args=(len(ranks) - 1, ranks[-1], heard), daemon=True).start()
        for rank in ranks:
            assert rank.stdin is not None
            with suppress(OSError):  # its death is noticed where it is read from
                rank.stdin.write(pack(message))
                rank.stdin.flush()
        return _outcome(ranks, heard, send)
    finally:
        for rank in ranks:
            rank.kill()
        for rank in ranks:
            rank.wait()
            for stream in (rank.stdin, rank.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


def _listen(number: int, rank: subprocess.Popen[bytes], heard: queue.SimpleQueue[tuple[int, Message | None]]) -> None:
    assert rank.stdout is not None
    with suppress(OSError, ValueError):  # closed at the end
        for said in messages(cast(BinaryIO, rank.stdout)):
            heard.put((number, said))
    heard.put((number, None))


def _outcome(
    ranks: Sequence[subprocess.Popen[bytes]],
    heard: queue.SimpleQueue[tuple[int, Message | None]],
    send: Callable[[Message], None],
) -> Message:
    """The result of the first, or the best word on why there is none."""
    done: set[int] = set()
    failed: list[tuple[int, Message]] = []
    until: float | None = None
    while True:
        try:
            number, said = heard.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except queue.Empty:
            return min(failed, key=lambda one: one[0])[1]
        if said is None:
            if number not in done:
                failed.append((1, _died(number, ranks)))
                done.add(number)
        elif "not_trained" in said:
            done.add(number)
            failed.append((2 if said["not_trained"][0] == "engine" else 0, said))
        elif "trained" in said:
            done.add(number)
            if number == 0:
                return said
        elif "progress" in said and number == 0:
            send(said)
        if failed and until is None:
            until = time.monotonic() + GRACE
        if failed and len(done) == len(ranks):
            until = 0.0  # nobody is left to say more


def _died(number: int, ranks: Sequence[subprocess.Popen[bytes]]) -> Message:
    with suppress(subprocess.TimeoutExpired):
        ranks[number].wait(GRACE)
    code = ranks[number].returncode
    which = f"process {number + 1} of {len(ranks)}"
    if code == -signal.SIGKILL:
        help = "if memory was wanting, take a smaller `batch` or `gradient_checkpointing = on`"
        said = f"{which} was killed, most likely for want of memory"
        return {"not_trained": ["worker_died", said, help]}
    said = f"{which} ended in the middle ({code if code is not None else 'still there'})"
    return {"not_trained": ["worker_died", said, ""]}


if __name__ == "__main__":
    serve()

"""The process that trains: opens one model, carries one job out, says of every step how it goes, and ends.

What it needs may be other than what an engine needs, so it may run under an interpreter of its own. It ends with the
run that started it, in the middle of a step if need be: what counts are its checkpoints, and those are whole.
"""

from __future__ import annotations

import errno
import traceback

from auditc.backends import backends
from auditc.backends._contract import BackendUnavailable
from auditc.diagnostics.scrub import scrubbed
from auditc.ir.training import NotTrained, Progress, Trained
from auditc.objectives import objectives

from .jobs import to_job
from .lifeline import Out, connect
from .wire import Message, to_source


def serve() -> None:
    """Carry out one training, and say what came of it."""
    out, incoming = connect()
    message = incoming.get()["train"]
    try:
        answer: Message = {"trained": _train(message, out).model_dump(mode="json")}
    except NotTrained as failed:
        answer = {"not_trained": [failed.reason, scrubbed(failed.message), scrubbed(failed.help)]}
    except BackendUnavailable as error:
        answer = {"not_trained": ["engine", scrubbed(str(error)), ""]}
    except Exception as error:
        traceback.print_exc()  # into the log
        answer = {"not_trained": list(_told(error))}
    out.send(answer)


def _train(message: Message, out: Out) -> Trained:
    backend = backends.take(message["backend"])
    if backend.trainee is None:
        raise NotTrained("engine", f"`{message['backend']}` opens no model to be trained")
    job = to_job(message["job"])
    objective = objectives.take(job.objective)
    params = objective.params.model_validate(job.params)
    source = to_source(message["source"])
    trainee = backend.trainee(source, backend.params.model_validate(message["params"]), job.settings)

    def tell(progress: Progress) -> None:
        out.send({"progress": progress.model_dump(mode="json")})

    return objective.train(job, params, trainee, tell)


def _told(error: Exception) -> tuple[str, str, str]:
    """What nobody foresaw, as a reason and a message."""
    said = scrubbed(str(error))[:300]
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out_of_memory", "there was not memory enough", ""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full", "the disk is full", ""
    return "engine", f"{type(error).__name__}: {said}", ""


if __name__ == "__main__":
    serve()

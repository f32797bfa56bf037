"""A training as a message: the job on its way to the process that trains, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.ir.exchange import ScoreRequest
from auditc.ir.training import Example, Job, Settings

from .wire import Message, from_request, to_request


def from_job(job: Job) -> Message:
    """A job as JSON."""
    return {
        "objective": job.objective,
        "params": job.params,
        "examples": _from_examples(job.examples),
        "valid": _from_examples(job.valid),
        "settings": job.settings.model_dump(mode="json"),
        "checkpoints": job.checkpoints,
        "result": job.result,
    }


def to_job(message: Message) -> Job:
    """The job in a message."""
    return Job(
        objective=message["objective"],
        params=message["params"],
        examples=_to_examples(message["examples"]),
        valid=_to_examples(message["valid"]),
        settings=Settings.model_validate(message["settings"]),
        checkpoints=message["checkpoints"],
        result=message["result"],
    )


def _from_examples(examples: Sequence[Example]) -> list[list[Any]]:
    return [[from_request(example.request), list(example.shares)] for example in examples]


def _to_examples(written: Sequence[Sequence[Any]]) -> tuple[Example, ...]:
    examples = []
    for message, shares in written:
        request = to_request(message)
        assert isinstance(request, ScoreRequest)
        examples.append(Example(request, tuple(shares)))
    return tuple(examples)

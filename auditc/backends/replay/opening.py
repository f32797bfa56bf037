"""What an author may say of the backend `replay`, who answers through it, and opening a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Len
from pydantic import Field

from auditc.backends._contract import BackendUnavailable, Capability, Identity, ModelSource
from auditc.backends.replay.engine import Replay
from auditc.backends.replay.recording import Faulty, digest_of, read, read_head
from auditc.ir.recorded import Head
from auditc.ir.values import Form, RecordingFile

VERSION = 1
"""Raised whenever another recorded answer would be found for the same request."""
RECORDED = "recorded."
"""Before each name of a field of the identity that was recorded."""
AGAIN = "take the file as `auditc record` wrote it"


class Params(Form):
    """Which recording answers."""

    from_: RecordingFile = Field(alias="from")
    """The recording: a file that `auditc record` wrote."""
    model: Annotated[str, Len(0, 200)] = ""
    """The name of the model in the recording; left out, the model's own name."""


def can(params: Params) -> frozenset[Capability]:
    """Whatever was recorded; what was not is a failure of its own. No text is sampled a second time."""
    return frozenset({"score", "generate", "beams", "beam_sampling", "likelihood"})


def identify(source: ModelSource, params: Params) -> Identity:
    """The recording's digest, and all of the identity that it recorded. Raises BackendUnavailable."""
    head, who = _recorded(source, params)
    own: dict[str, str | int | float | bool] = {
        "engine": "replay",
        "version": VERSION,
        "answers_by": "hint",
        "recording": params.from_.digest,
        "recorded_as": head.models[who].name,
    }
    return own | {RECORDED + key: value for key, value in head.models[who].identity.items()}


def open_engine(source: ModelSource, params: Params) -> Replay:
    """Read the recording whole. Raises BackendUnavailable where it is torn or edited, or not the one that was meant."""
    identity = identify(source, params)
    path = _path(source, params)
    try:
        if digest_of(path) != params.from_.digest:
            raise BackendUnavailable(f"{path.name} is not the recording that the plan names: {AGAIN}")
        head, who = _recorded(source, params)
        return Replay(identity, read(path, head.models[who].name), who)
    except Faulty as error:
        raise BackendUnavailable(f"{error}: {AGAIN}") from error
    except OSError as error:
        raise BackendUnavailable(f"{path.name} cannot be read: {error.strerror or 'not a file'}") from error


def _recorded(source: ModelSource, params: Params) -> tuple[Head, int]:
    path, name = _path(source, params), params.model or source.name
    try:
        head = read_head(path)
    except Faulty as error:
        raise BackendUnavailable(f"{error}: {AGAIN}") from error
    except OSError as error:
        raise BackendUnavailable(f"{path.name} cannot be read: {error.strerror or 'not a file'}") from error
    who = head.who(name)
    if who is None:
        names = ", ".join(model.name for model in head.models)
        raise BackendUnavailable(f"{path.name} has no answers of `{name}`: it has those of {names}")
    return head, who


def _path(source: ModelSource, params: Params) -> Path:
    if source.folder is None:
        raise BackendUnavailable(f"the recording {params.from_.path} is not here")
    return Path(source.folder)

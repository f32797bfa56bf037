"""Who answers at a server of somebody else's: its address, the name of the model, and everything that it is told."""

from __future__ import annotations

from importlib import metadata

from auditc.backends._contract import BackendUnavailable, Identity, ModelSource
from auditc.backends._hosted.address import address

from .params import Params
from .servers import kind

REVISION = 2
"""Raised whenever the same request would be put in other words, or the same answer read otherwise."""


def identify(source: ModelSource, params: Params) -> Identity:
    """Flat. Raises BackendUnavailable where the library is missing."""
    try:
        version = metadata.version("openai")
    except metadata.PackageNotFoundError as fault:
        raise BackendUnavailable("openai is not installed: install auditc with its `hosted` extra") from fault
    return {
        "engine": "openai",
        "engine_revision": REVISION,
        "engine_version": version,
        "url": address(params.url),
        "model": params.model,
        "server": kind(params),
        "protocol": params.protocol,
        "opening": params.opening,
        "logprobs": params.logprobs,
        "unlisted": params.unlisted,
        "batch": params.batch,
    }

"""Who answers at Anthropic: the address, the name of the model, and everything that it is told."""

from __future__ import annotations

from importlib import metadata

from auditc.backends._contract import BackendUnavailable, Identity, ModelSource
from auditc.backends._hosted.address import address

from .params import Params
from .words import VERSIONS

REVISION = 1
"""Raised whenever the same request would be put in other words, or the same answer read otherwise."""


def identify(source: ModelSource, params: Params) -> Identity:
    """Flat. Raises BackendUnavailable where the library is missing."""
    try:
        version = metadata.version("anthropic")
    except metadata.PackageNotFoundError as fault:
        raise BackendUnavailable("anthropic is not installed: install auditc with its `hosted` extra") from fault
    return {
        "engine": "anthropic",
        "engine_revision": REVISION,
        "engine_version": version,
        "url": address(params.url),
        "model": params.model,
        "protocol_version": VERSIONS[params.settings],
        "settings": params.settings,
        "opening": params.opening,
        "batch": params.batch,
    }

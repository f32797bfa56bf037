"""Weights in a local folder of safetensors, inside the folder where auditc runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from auditc.ir.values import Form
from auditc.weights._contract import Fetched, Weights, WeightsUnavailable
from auditc.weights._safetensors import content_digest


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith(("/", "~")) or ".." in parts or "\\" in path or ":" in parts[0]:
        raise ValueError("must be a relative path with `/`, that does not leave the folder where auditc runs")
    return path


class Params(Form):
    """`path` is relative to the folder where auditc runs. `sha256` pins the digest of the tensors."""

    path: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_inside)]
    """The folder, from where auditc runs."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The digest of the tensors; it pins them."""


def pin(params: Params) -> str | None:
    """What the author says the tensors are."""
    return params.sha256


def locate(params: Params, cache: Path) -> Fetched | None:
    """The folder as it is now, or None when it is missing or is not what the author pinned."""
    try:
        return fetch(params, cache, lambda words: None)
    except WeightsUnavailable:
        return None


def fetch(params: Params, cache: Path, say: Callable[[str], None]) -> Fetched:
    """Nothing is copied: the folder is checked and digested where it is."""
    workspace = Path.cwd().resolve()
    place = (workspace / params.path).resolve()
    # Resolved first: a link inside the workspace may lead out of it.
    if not place.is_relative_to(workspace):
        raise WeightsUnavailable(f"{params.path} leads out of the folder where auditc runs: copy the model into it")
    if not any((place / name).is_file() for name in ("config.json", "adapter_config.json")):
        raise WeightsUnavailable(f"{params.path} holds no model: it needs config.json, a tokenizer and safetensors")
    try:
        digest = content_digest(place, cache)
    except OSError as fault:
        raise WeightsUnavailable(f"the model in {params.path} cannot be read ({fault.strerror})") from fault
    if params.sha256 is not None and digest != params.sha256:
        raise WeightsUnavailable(
            f"the tensors in {params.path} have the digest {digest}, not {params.sha256} as the spec says:"
            " put the right model there, or change the spec"
        )
    return Fetched(place, "safetensors", digest, "not stated")


folder = Weights(params=Params, pin=pin, fetch=fetch, locate=locate, adapters=True)

"""Weights from the Hugging Face Hub: one commit, safetensors and tokenizer files only, never pickles or code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from auditc.ir.values import Form
from auditc.weights import _place
from auditc.weights._contract import Fetched, Weights, WeightsUnavailable
from auditc.weights._safetensors import content_digest

COMMIT = re.compile(r"[0-9a-f]{40}")
ALLOWED = (
    "*.safetensors",
    "*.json",
    "*.jinja",
    "*.model",
    "merges.txt",
    "vocab.txt",
    "LICENSE*",
    "LICENCE*",
    "README.md",
)


class Params(Form):
    """`revision` is a commit's 40 hexadecimal digits; anything else (a branch, a tag) can move and is no pin."""

    repo: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")]
    """The owner and the name of the repository."""
    revision: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The commit, 40 digits; it pins every file."""


def pin(params: Params) -> str | None:
    """The commit, which names every byte."""
    return params.revision if params.revision and COMMIT.fullmatch(params.revision) else None


def locate(params: Params, cache: Path) -> Fetched | None:
    """What was fetched of that commit."""
    commit = pin(params)
    if commit is None:
        return None
    place = _folder(params, commit, cache)
    try:
        card = json.loads((place / "card.json").read_bytes())
        digest = content_digest(place, cache)
        return Fetched(place, "safetensors", digest, str(card["licence"])) if digest == card["digest"] else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, WeightsUnavailable):
        return None


def fetch(params: Params, cache: Path, say: Callable[[str], None]) -> Fetched:
    """Download the commit, or what is there already."""
    commit = pin(params)
    if commit is None:
        raise WeightsUnavailable(
            f"{params.repo} needs a revision of 40 hexadecimal digits: a branch or a tag can move to other weights"
        )
    if (here := locate(params, cache)) is not None:
        return here
    place = _folder(params, commit, cache)
    with _place.taken(place):
        if (here := locate(params, cache)) is not None:  # another process fetched it while this one waited
            return here
        with _place.aside(place) as work:
            say(f"{params.repo}: downloading")
            filled = _snapshot(params.repo, commit, work / "filled")
            licence = _licence(filled)
            card = {
                "title": params.repo,
                "revision": commit,
                "digest": content_digest(filled, cache),
                "licence": licence,
            }
            (filled / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            _place.publish(filled, place)
            say(f"{params.repo}: checked. Licence: {licence}")
    fetched = locate(params, cache)
    if fetched is None:
        raise WeightsUnavailable(
            f"{params.repo} was fetched and cannot be read back: check the disk of the model cache"
        )
    return fetched


def _folder(params: Params, commit: str, cache: Path) -> Path:
    return cache / params.repo.replace("/", "--") / commit


def _snapshot(repo: str, commit: str, target: Path) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as fault:
        raise WeightsUnavailable(
            "fetching from the Hub needs huggingface-hub: install auditc with its `hub` extra"
        ) from fault
    try:
        # Subfolders hold other forms of the same weights. What is not on the list (pickles, code) is not fetched.
        snapshot_download(
            repo, revision=commit, local_dir=target, allow_patterns=list(ALLOWED), ignore_patterns=["*/*"]
        )
    except GatedRepoError as fault:
        raise WeightsUnavailable(
            f"{repo} is open only to those who accepted its terms: accept them on the Hub, then set HF_TOKEN"
        ) from fault
    except (RepositoryNotFoundError, RevisionNotFoundError) as fault:
        raise WeightsUnavailable(
            f"the Hub has no {repo} at {commit}, or it is private: check repo and revision"
        ) from fault
    except OSError as fault:
        if fault.errno is not None and fault.filename is not None:
            raise  # the disk, which has its own words
        raise _unreached(repo, fault) from fault
    except Exception as fault:  # the libraries below it change with its versions, and so do their exceptions
        raise _unreached(repo, fault) from fault
    if not any(target.glob("*.safetensors")):
        raise WeightsUnavailable(f"{repo} at {commit} holds no safetensors: auditc loads no pickled weights")
    return target


def _unreached(repo: str, fault: Exception) -> WeightsUnavailable:
    return WeightsUnavailable(
        f"{repo} could not be downloaded ({type(fault).__name__}): check the network, HF_ENDPOINT and HF_HUB_OFFLINE"
    )


def _licence(folder: Path) -> str:
    """As the model card's first block states it."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "not stated"
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    stated = {
        key: value.strip().strip("'\"")
        for key, _, value in (line.partition(":") for line in (head.group(1).splitlines() if head else ()))
    }
    return (stated.get("license_name") or stated.get("license") or "not stated")[:100]


hf = Weights(params=Params, pin=pin, fetch=fetch, locate=locate, adapters=True)

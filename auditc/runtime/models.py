"""Models on this machine: where they are kept, and how one gets from its source into the form that a backend reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from auditc.backends import backends
from auditc.backends._contract import Backend, BackendUnavailable
from auditc.ir.canonical import digest
from auditc.ir.plan import Thing
from auditc.weights import weights
from auditc.weights._adapter import adapter_digest
from auditc.weights._contract import Fetched, WeightsUnavailable
from auditc.weights._embedded import embedded as known_packages
from auditc.weights._place import aside, publish, taken

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that a backend can open: what a ModelSource needs, and whose terms it is under."""

    folder: Path
    weights_digest: str
    licence: str
    adapter: Ready | None = None
    lineage: tuple[str, ...] = ()
    """Of a trained model: digests of the weights that it came from."""
    awaits: str = ""
    """The training that has to be carried out before there is this model; the files are then those of its base."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that auditc knows by itself, for `auditc models list`. `size` is the download, in bytes."""

    name: str
    version: str
    title: str
    licence: str
    size: int
    fetched: bool


def home() -> Path:
    """Where models are kept: AUDITC_HOME, or the user's cache."""
    chosen = os.environ.get("AUDITC_HOME")
    return Path(chosen).expanduser().resolve() if chosen else Path(platformdirs.user_cache_dir("auditc"))


def fetch(weights_kind: str, weights_params: Mapping[str, Any], backend_kind: str, say: Say) -> Ready:
    """Fetch what is not here, convert what the backend cannot read; does nothing twice.

    Raises WeightsUnavailable or BackendUnavailable, with a remedy.
    """
    source = weights.take(weights_kind)
    backend = backends.take(backend_kind)
    fetched = source.fetch(source.params.model_validate(weights_params), _cache(weights_kind), say)
    here = _ready(fetched, backend)
    if here is None:
        _convert(fetched, backend, say)
        here = _ready(fetched, backend)
    if here is None:
        raise BackendUnavailable(
            f"the converted model cannot be read back by {backend_kind}: check the disk of the model cache"
        )
    return here


def locate(weights_kind: str, weights_params: Mapping[str, Any], backend_kind: str) -> Ready | None:
    """What is here and ready, or None. Opens no network and converts nothing."""
    source = weights.take(weights_kind)
    fetched = source.locate(source.params.model_validate(weights_params), _cache(weights_kind))
    return None if fetched is None else _ready(fetched, backends.take(backend_kind))


def fetch_adapter(adapter: Thing, say: Say) -> Ready:
    """Fetch an adapter that is not here. Raises WeightsUnavailable with a remedy."""
    source = weights.take(adapter.kind)
    fetched = source.fetch(source.params.model_validate(adapter.params), _cache(adapter.kind), say)
    return Ready(fetched.folder, adapter_digest(fetched), fetched.licence)


def locate_adapter(adapter: Thing) -> Ready | None:
    """The adapter that is here, or None. Opens no network."""
    source = weights.take(adapter.kind)
    fetched = source.locate(source.params.model_validate(adapter.params), _cache(adapter.kind))
    if fetched is None:
        return None
    try:
        return Ready(fetched.folder, adapter_digest(fetched), fetched.licence)
    except WeightsUnavailable:
        return None


def embedded() -> tuple[Listed, ...]:
    """The models that auditc knows by itself, fetched or not."""
    source = weights.take("package")
    listed = []
    for model in known_packages():
        params = source.params.model_validate({"name": model.name, "version": model.version})
        fetched = source.locate(params, _cache("package")) is not None
        listed.append(Listed(model.name, model.version, model.title, model.licence, model.size, fetched))
    return tuple(listed)


def _cache(weights_kind: str) -> Path:
    return home() / "weights" / weights_kind


def _converts(fetched: Fetched, backend: Backend[Any]) -> bool:
    return fetched.format == "gguf" and backend.prepare is not None


def _place(fetched: Fetched, backend: Backend[Any]) -> Path:
    return home() / "converted" / f"{fetched.digest}-{backend.prepared_as}"


def _ready(fetched: Fetched, backend: Backend[Any]) -> Ready | None:
    if not _converts(fetched, backend):
        return Ready(fetched.folder, fetched.digest, fetched.licence)
    place = _place(fetched, backend)
    # Published by one rename, so a folder that is there is whole, unless somebody changed it since.
    try:
        sizes = json.loads((place / "converted.json").read_bytes())["files"]
        if any(os.stat(place / name).st_size != size for name, size in sizes.items()):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Ready(place, digest({"gguf": fetched.digest, "converter": backend.prepared_as}), fetched.licence)


def _convert(fetched: Fetched, backend: Backend[Any], say: Say) -> None:
    place = _place(fetched, backend)
    with taken(place):
        if _ready(fetched, backend) is not None:  # another process converted it while this one waited
            return
        say("converting the model, once")
        with aside(place) as work:
            filled = work / "filled"
            filled.mkdir()
            _run_prepare(backend, fetched.folder / "model.gguf", filled)
            for terms in fetched.folder.glob("LICENCE*"):
                shutil.copyfile(terms, filled / terms.name)
            sizes = {file.name: file.stat().st_size for file in sorted(filled.iterdir())}
            (filled / "converted.json").write_text(
                json.dumps({"source": fetched.digest, "converter": backend.prepared_as, "files": sizes}, indent=1)
                + "\n",
                encoding="utf-8",
            )
            publish(filled, place)
        say("converted")


def _run_prepare(backend: Backend[Any], source: Path, folder: Path) -> None:
    """In a process of its own: the memory that a conversion takes is given back, and its death is a message."""
    module = str(backend.prepare.__module__)
    command = [sys.executable, "-P", "-W", "ignore", "-m", module, str(source), str(folder)]
    # -P keeps the folder where auditc runs off the path: what lies there is data, even if it is called torch.py.
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return
    if "No space left on device" in done.stderr:
        raise BackendUnavailable(
            "the disk filled up while the model was converted: free some space, or set AUDITC_HOME"
        )
    if done.returncode < 0:
        raise BackendUnavailable(
            f"converting the model was killed (signal {-done.returncode}), most likely for want of memory:"
            " it needs about 3 GB free"
        )
    said = (done.stderr.strip().splitlines() or ["no message"])[-1]
    raise BackendUnavailable(f"the model could not be converted: {said[:300]}")

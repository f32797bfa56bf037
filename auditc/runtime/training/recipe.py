"""What makes a training this training: its inputs, all that decides how it comes out, and its recipe, their digest.

Training does not give the same bits twice, so a recipe is not what is asked afterwards: that is told by the digest of
the weights. It says whether there is a result already, which is then the result: the first one counts.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from auditc.backends._contract import Identity
from auditc.ir.canonical import digest
from auditc.ir.training import Settings
from auditc.objectives._contract import Objective

from ..workers.starting import FLAGS, environment
from .examples import Examples
from .trainer import PYTHON, interpreter

FORMAT: Final = 1
"""The number of the recipe's form."""

BASE: Final = ("weights", "adapter", "config", "tokenizer", "template", "ends", "date", "attention")
"""Of the identity of what opens the base: what the model is that a training begins with, in which words it is fed, and
how its attention is computed. How answers are computed otherwise is left out: a training computes in its own way."""

BESIDE: Final = {"transformers": ("tokenizers",)}
"""Libraries that do part of another's work, and have versions of their own."""

_ASK: Final = """
import json, sys
from importlib import metadata
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        found[name] = ""
print(json.dumps(found))
"""


def base_of(identity: Identity) -> dict[str, Any]:
    """What a training begins with."""
    return {name: identity[name] for name in BASE if name in identity}


def inputs(
    base: Mapping[str, Any],
    device: str,
    kind: str,
    objective: Objective[Any],
    examples: Examples,
    settings: Settings,
    versions: Mapping[str, str],
    spread: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """As JSON. Names of models, surveys and populations are not in it, nor how many threads compute: of the same
    inputs, the result that is there is taken. `spread` is over how many processes, and how."""
    several = {"spread": dict(spread)} if spread else {}
    return {
        **several,
        "format": FORMAT,
        "base": dict(base),
        "device": device,
        "objective": kind,
        "revision": objective.revision,
        "params": examples.said,
        "data": examples.digest,
        "settings": settings.model_dump(mode="json"),
        "versions": dict(versions),
    }


def recipe(inputs: Mapping[str, Any]) -> str:
    """The recipe, in hexadecimal."""
    return digest(dict(inputs))


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Of the libraries that will train and of those beside them, empty where one is missing. Of another interpreter
    than the run's own they are asked of it, in the way in which it is started to train. Raises OSError or ValueError
    where it cannot say."""
    packages = tuple(dict.fromkeys((*packages, *(other for name in packages for other in BESIDE.get(name, ())))))
    if not os.environ.get(PYTHON):
        return {name: _version(name) for name in packages}
    command = [interpreter(), *FLAGS, "-c", _ASK, *packages]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment())
    found: dict[str, str] = json.loads(asked.stdout or "null")
    if not isinstance(found, dict):
        raise ValueError("no versions")
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""

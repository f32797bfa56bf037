"""What makes a training this training: its recipe, a digest of all that decides how it comes out.

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

from .lessons import Lessons
from .trainer import PYTHON, interpreter

FORMAT: Final = 1
"""The number of the recipe's form."""

BASE: Final = ("weights", "adapter", "config", "tokenizer", "template", "ends", "date")
"""Of an engine's identity: what the model is that a training begins with, and in which words it is fed. How an engine
computes answers is left out: a training computes in its own way."""

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


def recipe(
    base: Mapping[str, Any],
    device: str,
    kind: str,
    objective: Objective[Any],
    lessons: Lessons,
    settings: Settings,
    versions: Mapping[str, str],
    spread: Mapping[str, Any] | None = None,
) -> str:
    """The recipe, in hexadecimal. Names of models, surveys and populations are not in it, nor how many threads compute:
    of the same recipe, the result that is there is taken. `spread` is over how many processes, and how."""
    several = {"spread": dict(spread)} if spread else {}
    return digest(
        {
            **several,
            "format": FORMAT,
            "base": dict(base),
            "device": device,
            "objective": kind,
            "revision": objective.revision,
            "params": lessons.said,
            "data": lessons.digest,
            "settings": settings.model_dump(mode="json"),
            "versions": dict(versions),
        }
    )


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Of the libraries that will train, empty where one is missing. Of another interpreter than the run's own they are
    asked of it. Raises OSError or ValueError where it cannot say."""
    if not os.environ.get(PYTHON):
        return {name: _version(name) for name in packages}
    asked = subprocess.run([interpreter(), "-I", "-c", _ASK, *packages], capture_output=True, text=True, timeout=60)
    found: dict[str, str] = json.loads(asked.stdout or "null")
    if not isinstance(found, dict):
        raise ValueError("no versions")
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""

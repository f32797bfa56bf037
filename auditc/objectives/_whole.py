"""Which states of a training are whole. It is asked where no model library may be near.

A state is whole once a file beside its own says which files it has and how long they are; that is written last, and in
one step.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

MARK: Final = "whole.json"


def whole(folder: Path) -> dict[int, str]:
    """The states in a folder that are whole: by step, the digest of the job that each is of."""
    found = {}
    for place in folder.glob("checkpoint-*"):
        step = place.name.rpartition("-")[2]
        if step.isdigit() and (job := _job_of(place)):
            found[int(step)] = job
    return found


def _job_of(place: Path) -> str:
    """Empty where a state is not whole."""
    try:
        said = json.loads((place / MARK).read_bytes())
        good = all((place / name).stat().st_size == size for name, size in said["files"].items())
        return str(said["job"]) if good else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""

"""The states of a training on the disk: written by the library, marked when they are whole, found again, and cleared.

A state is whole once a file beside its own says which files it has and how long they are; that is written last, and in
one step. What has no such mark, or is of another job, is never used.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditc.ir.training import MARK


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The folder of a job's states; `job` is the digest of all that the job is."""

    folder: Path
    job: str

    def at(self, step: int) -> Path:
        """Where the library writes the state after so many steps."""
        return self.folder / f"checkpoint-{step}"

    def mark(self, step: int) -> None:
        """Say that a state is whole; it outlives the machine from here on. Raises OSError."""
        place = self.at(step)
        sizes: dict[str, int] = {}
        for file in sorted(place.rglob("*")):
            if file.is_file() and file.name != MARK:
                with file.open("rb") as written:
                    os.fsync(written.fileno())
                sizes[file.relative_to(place).as_posix()] = file.stat().st_size
        partial = place / f"{MARK}.partial"
        with partial.open("w", encoding="utf-8") as out:
            out.write(json.dumps({"job": self.job, "files": sizes}))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(place / MARK)

    def last(self) -> int | None:
        """The step of the last whole state; None where there is none."""
        return max(self._whole(), default=None)

    def keep(self, steps: set[int]) -> None:
        """Clear away every other state, whole or not."""
        for place in self.folder.glob("checkpoint-*"):
            if place not in {self.at(step) for step in steps}:
                shutil.rmtree(place, ignore_errors=True)

    def clear(self) -> None:
        """Clear away what is not whole: it only takes room."""
        self.keep(self._whole())

    def _whole(self) -> set[int]:
        found = set()
        for place in self.folder.glob("checkpoint-*"):
            step = place.name.rpartition("-")[2]
            if step.isdigit() and self._is_whole(place):
                found.add(int(step))
        return found

    def _is_whole(self, place: Path) -> bool:
        try:
            said = json.loads((place / MARK).read_bytes())
            return said["job"] == self.job and all(
                (place / name).stat().st_size == size for name, size in said["files"].items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False


def put_back(model: Any, place: Path) -> None:
    """Make a model what it was when a state was written. Raises OSError, ValueError."""
    from safetensors.torch import load_file

    adapter = place / "adapter_model.safetensors"
    if adapter.is_file():
        import peft

        peft.set_peft_model_state_dict(model, load_file(adapter))
        return
    for file in sorted(place.glob("model*.safetensors")):
        model.load_state_dict(load_file(file), strict=False)

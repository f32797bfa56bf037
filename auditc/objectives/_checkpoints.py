"""The states of a training on the disk: written, marked when they are whole, found again, and cleared.

What is not marked as whole (see `_whole`), or is of another job, is never used. Where weights are spread over
processes, each writes and reads the part that it holds: how many there are is part of the job.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auditc.ir.training import NotTrained

from ._parts import own, settled
from ._several import team
from ._whole import MARK, whole

STATE: Final = "state.safetensors"
"""What the model is, in a state's folder; what the optimiser and chance are, the library writes beside it."""


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
        return {step for step, job in whole(self.folder).items() if job == self.job}


def state_file(place: Path) -> Path:
    """Where this process writes what it holds of a model."""
    us = team()
    return place / (f"state-{us.rank}.safetensors" if us.spread else STATE)


def held(model: Any) -> dict[str, Any]:
    """What a state of a model is, under the names that it has in memory: all that is trained, what is tied once; and
    where that is every weight, the buffers that are kept with them. Of what is spread, the part of this process."""
    settled(model)
    parts = dict(model.named_parameters())
    trained = {name: own(part) for name, part in parts.items() if part.requires_grad}
    if len(trained) < len(parts):
        return trained
    kept = model.state_dict().keys()
    return trained | {name: part for name, part in model.named_buffers() if name in kept}


def write_state(model: Any, place: Path) -> None:
    """Write what a model is now. The library would write it under the names of the model's files, which are others
    than those in memory for some architectures, and would then not find it again. Raises OSError."""
    from safetensors.torch import save_file

    place.mkdir(parents=True, exist_ok=True)
    save_file({name: part.detach().cpu().contiguous() for name, part in held(model).items()}, state_file(place))


def put_back(model: Any, place: Path) -> None:
    """Make a model what it was when a state was written. Raises NotTrained where the state does not hold just what is
    trained; it counts as whole no more then."""
    import torch
    from safetensors import SafetensorError, safe_open

    parts = held(model)
    try:
        with safe_open(state_file(place), "pt") as state, torch.no_grad():
            odd = parts.keys() ^ {*state.keys()}
            odd |= {name for name in parts.keys() - odd if [*parts[name].shape] != state.get_slice(name).get_shape()}
            for name in () if odd else parts:
                parts[name].copy_(state.get_tensor(name))
    except (OSError, SafetensorError):
        odd = {state_file(place).name}
    if odd:
        (place / MARK).unlink(missing_ok=True)
        raise NotTrained(
            "engine",
            f"{place.name} is no state of this model: it differs in {', '.join(sorted(odd)[:3])}",
            "Run again: the training goes on from an earlier state, or begins anew.",
        )

"""What one process holds of a model that is spread over several (PyTorch's FSDP2), and of its optimiser's states.

A part is the rows that a process holds of each weight. Trained in parts, a model is written and read in parts: nothing
is gathered for a state, and no process needs room for the whole.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

from ._several import Team, team

SCHEDULE: Final = "scheduler.pt"


def own(part: Any) -> Any:
    """The numbers of a tensor that this process holds, in the place where they are; all of what is not spread."""
    return part.detach().to_local() if hasattr(part, "to_local") else part


def settled(model: Any) -> None:
    """Let go of what a model gathered when it was only looked at: until then a weight's name stands for a copy of it,
    and whatever becomes of the copy is lost."""
    if team().spread:
        from torch.distributed.fsdp import FSDPModule

        for module in model.modules():
            if isinstance(module, FSDPModule):
                module.reshard()


def in_parts(kind: type[Any], team: Team) -> type[Any]:
    """A trainer of this kind whose optimiser's states are written and read in parts. The library's own does not do it
    for a model that was spread as it was opened."""
    import torch

    class InParts(kind):  # type: ignore[misc]
        """As its kind, but for the files of its states."""

        def create_optimizer(self, *given: Any) -> Any:
            settled(self.model)  # or it would be made for the copies
            return super().create_optimizer(*given)

        def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
            said = self.optimizer.state_dict()
            parts = {
                number: {name: own(value) for name, value in state.items()} for number, state in said["state"].items()
            }
            torch.save({**said, "state": parts}, _file(output_dir, team))
            if team.first:
                with warnings.catch_warnings():  # that the optimiser should be written as well
                    warnings.simplefilter("ignore")
                    torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULE)

        def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
            if checkpoint is None:
                return
            said = torch.load(_file(checkpoint, team), map_location="cpu", weights_only=True)
            weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
            for number, state in said["state"].items():
                said["state"][number] = {name: _like(weights[number], value) for name, value in state.items()}
            self.optimizer.load_state_dict(said)
            self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULE, weights_only=True))

    return InParts


def _file(place: str, team: Team) -> Path:
    return Path(place) / f"optimizer-{team.rank}.pt"


def _like(weight: Any, value: Any) -> Any:
    """A value of a state spread as its weight is; a count of steps stays what it is."""
    from torch.distributed.tensor import DTensor

    if not isinstance(weight, DTensor) or not value.dim():
        return value
    here = value.to(weight.device)
    shape, stride = weight.shape, weight.stride()
    return DTensor.from_local(here, weight.device_mesh, weight.placements, run_check=False, shape=shape, stride=stride)

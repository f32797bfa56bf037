"""One training over several processes: what each of them learns of a batch, and how the parts become one loss again.

Every process goes through the same batches of the whole training, and learns its share of each. The shares of a short
batch are of unlike length, and libraries take the mean over processes: so each part's loss is weighted by its length.
A process that has no share of a batch computes an example of it all the same, since all must take part in each step,
and it counts for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auditc.ir.training import WEIGHTS_SPREAD

COUNTED: Final = "counted"
"""In a batch of several processes: how many of its rows count, a tensor of one number."""


@dataclass(frozen=True, slots=True)
class Team:
    """Which process this is, from 0, and of how many. They are told by whatever started them."""

    rank: int
    size: int
    spread: bool = False
    """Whether each holds a part of the weights, and not the whole model."""

    @property
    def first(self) -> bool:
        """Whether this is the process that marks states and writes the result."""
        return self.rank == 0


def team() -> Team:
    """This process and those that train with it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    return Team(int(os.environ.get("RANK", "0")), size, size > 1 and WEIGHTS_SPREAD in os.environ)


@dataclass(slots=True)
class Shares:
    """A batch sampler of PyTorch: of each whole batch the rows of one process. Where it has none, the batch's first is
    named by the complement of its number, and only stands in."""

    whole: Iterable[Sequence[int]]
    batches: int
    team: Team
    batch_size: None = field(default=None, init=False)
    drop_last: bool = field(default=False, init=False)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.whole:
            yield list(batch[self.team.rank :: self.team.size]) or [~batch[0]]


class Rows:
    """A dataset whose rows know whether they only stand in."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, index: int) -> tuple[Any, bool]:
        return (self._inner[index], True) if index >= 0 else (self._inner[~index], False)


def loader(rows: Any, shares: Shares, collate: Any, pin: bool) -> Any:
    """Batches of one process, each with the number of rows that count."""
    import torch

    def collated(parts: list[tuple[Any, bool]]) -> dict[str, Any]:
        batch = dict(collate([row for row, _ in parts]))
        counted = sum(counts for _, counts in parts)
        if not counted and "labels" in batch:
            batch["labels"] = torch.full_like(batch["labels"], -100)
        return {**batch, COUNTED: torch.tensor([float(counted)])}

    return torch.utils.data.DataLoader(Rows(rows), batch_sampler=shares, collate_fn=collated, pin_memory=pin)


def together(kind: type[Any], batches: Any, team: Team) -> type[Any]:
    """A trainer of this kind that is one of several processes; `batches` are those of the whole training."""
    import torch
    from transformers.trainer_utils import EvalLoopOutput

    class Together(kind):  # type: ignore[misc]
        """As its kind, but for what it learns of a batch and how losses are averaged."""

        def get_train_dataloader(self) -> Any:
            self.batches = batches
            shares = Shares(batches, len(batches), team)
            return loader(self.train_dataset, shares, self.data_collator, self.args.dataloader_pin_memory)

        def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
            rows, at_once = self.eval_dataset, batches.batch_size
            whole = [range(at, min(at + at_once, len(rows))) for at in range(0, len(rows), at_once)]
            shares = Shares(whole, len(whole), team)
            return loader(rows, shares, self.data_collator, self.args.dataloader_pin_memory)

        def compute_loss(self, model: Any, inputs: Any, *more: Any, **known: Any) -> Any:
            counted = inputs.pop(COUNTED, None)
            loss = super().compute_loss(model, inputs, *more, **known)
            if counted is None or "labels" in inputs:  # a mean over the tokens of all processes already
                return loss
            return loss * counted[0] * team.size / self.accelerator.reduce(counted)[0]

        def evaluation_loop(self, dataloader: Any, *_more: Any, metric_key_prefix: str = "eval", **_known: Any) -> Any:
            """The mean over all rows of all processes."""
            model = self.model_wrapped.eval()
            found = torch.zeros(2, dtype=torch.float64, device=self.args.device)
            for given in dataloader:
                inputs = self._prepare_inputs(given)
                counted = inputs.pop(COUNTED)[0]
                with torch.no_grad(), self.compute_loss_context_manager():
                    loss = self.compute_loss(model, inputs)
                # What only stands in has no loss to be read.
                found += torch.stack([loss.double() * counted if counted else counted.double() * 0, counted.double()])
            total, rows = self.accelerator.reduce(found).tolist()
            return EvalLoopOutput(None, None, {f"{metric_key_prefix}_loss": total / rows}, len(self.eval_dataset))

    return Together

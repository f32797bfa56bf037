"""Which examples are learnt together: of like length, so that little is filled up, in an order that a seed decides."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from auditc.ir.canonical import seeded

POOL: Final = 8
"""Batches that are drawn at random and sorted by length together. More would fill up less; but the same item of many
populations is of one length, and a batch should not be one item."""


@dataclass(slots=True)
class Batches:
    """A batch sampler of PyTorch. What an epoch's batches are hangs on the seed and its number alone, so a training
    that is resumed goes on with the very batches that it would have had."""

    lengths: Sequence[int]
    batch_size: int
    seed: int
    epoch: int = 0
    drop_last: bool = field(default=False, init=False)

    def set_epoch(self, epoch: int) -> None:
        """Whose batches come next."""
        self.epoch = epoch

    def sizes(self, epoch: int) -> list[int]:
        """How many examples each batch of an epoch has: all but one of them as many, and which one it is hangs on
        chance."""
        return [len(batch) for batch in replace(self, epoch=epoch)]

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        chance = random.Random(seeded("batches", self.seed, self.epoch))
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        pool = self.batch_size * POOL
        batches: list[list[int]] = []
        for start in range(0, len(order), pool):
            alike = sorted(order[start : start + pool], key=lambda index: self.lengths[index])
            batches += [alike[at : at + self.batch_size] for at in range(0, len(alike), self.batch_size)]
        chance.shuffle(batches)
        return iter(batches)

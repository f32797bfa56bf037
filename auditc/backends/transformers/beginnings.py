"""Keys and values of prompts that were computed, kept for the prompts that begin as they do.

The next turn of a conversation begins with what was asked and answered before. Only what is new in it is computed.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auditc.backends.transformers.prefixes import SHORTEST_LAID, begun

MOST: Final = 1 << 30
"""Bytes that are kept at most."""

ROUND: Final = 12
"""So many batches are taken for a round of conversations, until one shows how many there are."""


@dataclass(slots=True)
class Kept:
    """One prompt: for each layer its keys and values, [2, kv heads, tokens, size]."""

    layers: list[Any]
    batch: int
    """The batch in which it was computed."""


@dataclass(slots=True)
class Beginnings:
    """What is kept, by the tokens of the prompt; `most` bytes in all."""

    most: int = MOST
    _kept: dict[tuple[int, ...], Kept] = field(default_factory=dict)
    _bytes: int = 0
    _batch: int = 0
    _round: int = ROUND
    """How many batches lie between a turn and the next. What is not older is not given up for what is new: where all
    of a round does not fit, giving up the oldest would leave nothing for the next."""

    def longest(self, prompts: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
        """For each prompt how many of its first tokens are kept, and under which prompt; 0 where too few are. The last
        token of a prompt is never one of them: what follows it is to be computed."""
        order = sorted(self._kept)
        found = []
        for prompt in prompts:
            # In their order, what begins most like a prompt stands beside it.
            place = bisect(order, prompt)
            beside = [(begun(prompt, other), other) for other in order[max(0, place - 1) : place + 1]]
            length, other = max(beside, default=(0, ()))
            found.append((length, other) if length >= SHORTEST_LAID else (0, ()))
        return found

    def layers(self, prompt: tuple[int, ...]) -> list[Any]:
        """The keys and values of a prompt that is kept."""
        return self._kept[prompt].layers

    def keep(
        self, used: Iterable[tuple[int, tuple[int, ...]]], prompts: Mapping[tuple[int, ...], Sequence[Any]]
    ) -> None:
        """Keep the prompts of a batch, whose keys and values are [2, kv heads, at least tokens, size] for each layer.
        Those of which they `used` so many tokens give way to them, where it was half or more."""
        self._batch += 1
        ages = [self._give_way(prompt) for length, prompt in set(used) if 2 * length >= len(prompt)]
        self._round = max([self._round - 1, *ages])
        for prompt, layers in prompts.items():
            size = len(prompt) * sum(layer[:, :, 0].numel() * layer.element_size() for layer in layers)
            while self._bytes + size > self.most and self._old():
                self._drop(next(iter(self._kept)))
            if self._bytes + size <= self.most and prompt not in self._kept:
                kept = [layer[:, :, : len(prompt)].clone() for layer in layers]
                self._kept[prompt] = Kept(kept, self._batch)
                self._bytes += size

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._bytes = 0

    def _old(self) -> bool:
        """Whether what was kept first is older than a round."""
        return bool(self._kept) and next(iter(self._kept.values())).batch < self._batch - self._round

    def _give_way(self, prompt: tuple[int, ...]) -> int:
        """How many batches ago it was computed."""
        age = self._batch - self._kept[prompt].batch if prompt in self._kept else 0
        self._drop(prompt)
        return age

    def _drop(self, prompt: tuple[int, ...]) -> None:
        gone = self._kept.pop(prompt, None)
        if gone is not None:
            self._bytes -= sum(layer.numel() * layer.element_size() for layer in gone.layers)

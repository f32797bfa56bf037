"""Prompts laid end to end: which tokens belong to which, and who attends to whom.

A beginning that several prompts share is laid out once, before them; each of them attends to it and to itself. So
nothing is computed twice and nothing is filled up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from auditc.backends.transformers.decoder import Decoder

BLOCK = 256
"""So many tokens look at what stands before them at a time: it bounds the memory of the attention weights."""

Keep = Callable[[int, Any, Any], None]
"""Is given the keys and values of a layer, [kv heads, tokens, size]."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens from `begin` to before `end` that attend to each other and to all of `first`, which stands before."""

    begin: int
    end: int
    first: range


@dataclass(frozen=True, slots=True)
class Packed:
    """Prompts, ready to be computed. `rows` are the stretches of the prompts' own ends, one for each."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    rows: tuple[Stretch, ...]

    def logits(self, decoder: Decoder, keep: Keep | None = None) -> Any:
        """Logits after the last token of each prompt, [prompts, vocabulary]."""
        return decoder.logits(self.hidden(decoder, keep)[[row.end - 1 for row in self.rows]])

    def hidden(self, decoder: Decoder, keep: Keep | None = None) -> Any:
        """The last hidden state of each token, [tokens, hidden]."""
        import torch

        attend = _Attend(decoder, self.stretches, keep)
        return decoder.hidden(torch.tensor(self.ids), torch.tensor(self.positions), attend)


def pack(prompts: Sequence[tuple[int, ...]], shared: Sequence[int]) -> Packed:
    """Lay prompts end to end; the first `shared[row]` tokens of a prompt once for all that begin with just these."""
    ids: list[int] = []
    positions: list[int] = []
    stretches: list[Stretch] = []
    beginnings: dict[tuple[int, ...], range] = {}

    def lay(tokens: tuple[int, ...], first: range) -> Stretch:
        begin = len(ids)
        ids.extend(tokens)
        positions.extend(range(len(first), len(first) + len(tokens)))
        stretches.append(Stretch(begin, len(ids), first))
        return stretches[-1]

    rows = []
    for prompt, length in zip(prompts, shared, strict=True):
        own = prompt[:length]
        if own and own not in beginnings:
            laid = lay(own, range(0))
            beginnings[own] = range(laid.begin, laid.end)
        rows.append(lay(prompt[length:], beginnings.get(own, range(0))))
    return Packed(tuple(ids), tuple(positions), tuple(stretches), tuple(rows))


class _Attend:
    """Attention within stretches."""

    def __init__(self, decoder: Decoder, stretches: Sequence[Stretch], keep: Keep | None) -> None:
        self._kinds = [layer.kind for layer in decoder.layers]
        self._window = decoder.window
        self._stretches, self._keep = stretches, keep
        self._masks: dict[tuple[bool, int, int], Any] = {}

    def __call__(self, layer: int, q: Any, k: Any, v: Any) -> Any:
        import torch

        if self._keep is not None:
            self._keep(layer, k, v)
        heads, tokens, group, size = q.shape
        sliding = self._kinds[layer] == "sliding_attention"
        out = q.new_empty((tokens, heads, group, size))
        for stretch in self._stretches:
            keys, values = k[:, stretch.begin : stretch.end], v[:, stretch.begin : stretch.end]
            if stretch.first:
                first = slice(stretch.first.start, stretch.first.stop)
                keys, values = torch.cat((k[:, first], keys), 1), torch.cat((v[:, first], values), 1)
            for begin in range(stretch.begin, stretch.end, BLOCK):
                end = min(begin + BLOCK, stretch.end)
                seen = len(stretch.first) + end - stretch.begin
                rows = q[:, begin:end].reshape(heads, (end - begin) * group, size)
                weights = torch.bmm(rows, keys[:, :seen].transpose(1, 2))
                self._hide(weights.view(heads, end - begin, group, seen), sliding)
                found = torch.bmm(torch.softmax(weights, -1), values[:, :seen])
                out[begin:end] = found.view(heads, end - begin, group, size).transpose(0, 1)
        return out.view(tokens, -1)

    def _hide(self, weights: Any, sliding: bool) -> None:
        """Take away what comes later, and what is out of the window; [heads, tokens, group, seen] ends at one token."""
        tokens, seen = weights.shape[1], weights.shape[3]
        if sliding and self._window is not None and seen > self._window:
            weights += self._mask(weights, tokens, seen, self._window)
        else:
            weights[..., seen - tokens :] += self._mask(weights, tokens, tokens, None)

    def _mask(self, like: Any, tokens: int, seen: int, window: int | None) -> Any:
        import torch

        known = self._masks.get((window is not None, tokens, seen))
        if known is None:
            behind = torch.arange(seen - tokens, seen)[:, None] - torch.arange(seen)
            hidden = behind < 0 if window is None else (behind < 0) | (behind >= window)
            known = torch.zeros((tokens, 1, seen), dtype=like.dtype).masked_fill_(hidden[:, None], -torch.inf)
            self._masks[window is not None, tokens, seen] = known
        return known

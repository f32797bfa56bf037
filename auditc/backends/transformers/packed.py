"""Prompts laid end to end: which tokens belong to which, and who attends to whom.

A beginning that several prompts share is laid out once, before them; each of them attends to it and to itself. So
nothing is computed twice and nothing is filled up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditc.backends.transformers.decoder import Decoder

BLOCK = 256
"""So many tokens look at what stands before them at a time: it bounds the memory of the attention weights."""


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

    def logits(self, decoder: Decoder) -> Any:
        """Logits after the last token of each prompt, [prompts, vocabulary]."""
        return decoder.logits(self.hidden(decoder)[[row.end - 1 for row in self.rows]])

    def hidden(self, decoder: Decoder) -> Any:
        """The last hidden state of each token, [tokens, hidden]."""
        import torch

        attend = _Attend(decoder, self.stretches)
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


class Hiding:
    """Takes away of attention weights what comes later, and what is out of a window of so many tokens."""

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._masks: dict[tuple[bool, int, int], Any] = {}

    def __call__(self, weights: Any, sliding: bool) -> None:
        """In place; [heads, tokens, group, seen] ends at one token."""
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


def attended(q: Any, keys: Any, values: Any, out: Any, hide: Hiding, sliding: bool, block: int) -> None:
    """What the last tokens of a text attend to, `block` of them at a time: queries [kv heads, tokens, group, size],
    keys and values of all of the text [kv heads, text, size], into `out`, [tokens, kv heads, group, size]."""
    import torch

    heads, tokens, group, size = q.shape
    before = keys.shape[1] - tokens
    for begin in range(0, tokens, block):
        end = min(begin + block, tokens)
        rows = q[:, begin:end].reshape(heads, (end - begin) * group, size)
        weights = torch.bmm(rows, keys[:, : before + end].transpose(1, 2))
        hide(weights.view(heads, end - begin, group, before + end), sliding)
        found = torch.bmm(torch.softmax(weights, -1), values[:, : before + end])
        out[begin:end] = found.view(heads, end - begin, group, size).transpose(0, 1)


class _Attend:
    """Attention within stretches."""

    def __init__(self, decoder: Decoder, stretches: Sequence[Stretch]) -> None:
        self._kinds = [layer.kind for layer in decoder.layers]
        self._stretches, self._hide = stretches, Hiding(decoder.window)

    def __call__(self, layer: int, q: Any, k: Any, v: Any) -> Any:
        import torch

        heads, tokens, group, size = q.shape
        sliding = self._kinds[layer] == "sliding_attention"
        out = q.new_empty((tokens, heads, group, size))
        for stretch in self._stretches:
            own = slice(stretch.begin, stretch.end)
            keys, values = k[:, own], v[:, own]
            if stretch.first:
                first = slice(stretch.first.start, stretch.first.stop)
                keys, values = torch.cat((k[:, first], keys), 1), torch.cat((v[:, first], values), 1)
            attended(q[:, own], keys, values, out[own], self._hide, sliding, BLOCK)
        return out.view(tokens, -1)

"""Texts that grow by a token at a time, side by side, in a model that was taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.packed import Packed, pack
from auditc.backends.transformers.prefixes import laid_batches


@dataclass(slots=True)
class Growing:
    """A batch between two tokens. All texts end at slot `used`; `keys` and `values` hold a tensor for each layer,
    [rows, kv heads, slots, size], and `hidden` what is to be added to attention, [rows, slots]: nothing, or minus
    infinity where a text has no token: before a shorter one, and in the slots of tokens to come."""

    decoder: Decoder
    keys: list[Any]
    values: list[Any]
    hidden: Any
    logits: Any
    positions: Any
    used: int
    began: int
    """The slot after the prompts."""

    def keep(self, rows: Any) -> None:
        """Only these rows, in this order; a row may be taken more than once."""
        for layer in range(len(self.keys)):  # one after the other: two of all would need twice the memory
            self.keys[layer], self.values[layer] = self.keys[layer][rows], self.values[layer][rows]
        self.hidden, self.logits, self.positions = self.hidden[rows], self.logits[rows], self.positions[rows]

    def swap(self, rows: Any) -> None:
        """As `keep` before a step, of as many rows, each in the place of one of the same prompt."""
        for kept in (*self.keys, *self.values):
            grown = kept[:, :, self.began : self.used]
            grown.copy_(grown[rows])

    def step(self, _model: Any, tokens: Any) -> None:
        """Feed one token to each row."""
        self.hidden[:, self.used] = 0
        self.used += 1
        self.logits = self.decoder.logits(self.decoder.hidden(tokens, self.positions, self._attend))
        self.positions = self.positions + 1

    def _attend(self, layer: int, q: Any, k: Any, v: Any) -> Any:
        import torch

        heads, rows, group, size = q.shape
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, self.used - 1], values[:, :, self.used - 1] = k.transpose(0, 1), v.transpose(0, 1)
        window = self.decoder.window if self.decoder.layers[layer].kind == "sliding_attention" else None
        # All slots, those to come included, are one piece of memory; a part of them would be copied to make it one.
        seen = slice(None) if window is None or self.used <= window else slice(self.used - window, self.used)
        asked = q.transpose(0, 1).reshape(rows * heads, group, size)
        weights = torch.bmm(asked, keys.flatten(0, 1)[:, seen].transpose(1, 2))
        weights.view(rows, heads * group, -1).add_(self.hidden[:, None, seen])
        found = torch.bmm(torch.softmax(weights, -1), values.flatten(0, 1)[:, seen])
        return found.view(rows, heads * group * size)


def begin(decoder: Decoder, prompts: Sequence[tuple[int, ...]], new: int, budget: int) -> Growing:
    """Compute prompts, all different, and make room for `new` tokens after each."""
    import torch

    lengths = [len(ids) for ids in prompts]
    longest = max(lengths)
    dtype = decoder.layers[0].middle.weight.new_empty(0, dtype=decoder.model.dtype)
    shape = (len(prompts), decoder.kv_heads, longest + new, decoder.size)
    # Zeros and not just memory: what is hidden is still multiplied, and NaN times zero is NaN.
    keys = [dtype.new_zeros(shape) for _ in decoder.layers]
    values = [dtype.new_zeros(shape) for _ in decoder.layers]
    logits: dict[int, Any] = {}
    numbered = dict(enumerate(prompts))
    for parts in laid_batches(numbered, budget):
        rows = [row for part in parts for row in part.rows]
        packed = pack([prompts[row] for row in rows], [part.shared for part in parts for _ in part.rows])

        def keep(layer: int, k: Any, v: Any, rows: list[int] = rows, packed: Packed = packed) -> None:
            for row, own in zip(rows, packed.rows, strict=True):
                at = longest - lengths[row]
                for source, kept in ((k, keys[layer]), (v, values[layer])):
                    if own.first:
                        kept[row, :, at : at + len(own.first)] = source[:, own.first.start : own.first.stop]
                    kept[row, :, at + len(own.first) : longest] = source[:, own.begin : own.end]

        logits.update(zip(rows, packed.logits(decoder, keep), strict=True))
    slots = torch.arange(longest + new)
    hidden = torch.zeros((len(prompts), longest + new), dtype=dtype.dtype)
    hidden.masked_fill_((slots < longest - torch.tensor(lengths)[:, None]) | (slots >= longest), -torch.inf)
    stacked = torch.stack([logits[row] for row in range(len(prompts))])
    return Growing(decoder, keys, values, hidden, stacked, torch.tensor(lengths), longest, longest)

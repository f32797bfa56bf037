"""Prompts of texts are computed, each beginning that several of them have only once, and none that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditc.backends.transformers.beginnings import Beginnings
from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.growing import Growing, Shelf, empty_shelf, shelves
from auditc.backends.transformers.packed import Hiding, attended
from auditc.backends.transformers.prefixes import begun

BLOCK: Final = 32
"""Prompts are attended from in blocks of so many tokens, and begin to be computed at the beginning of one. So a block
is computed in one and the same way, whatever else is in the batch and whatever was kept: it comes out in equal bits
where a row of a matrix product does not hang on the others, which is so on the CPUs that were tried."""

FEWEST: Final = 2
"""A product with a single row is another computation than one with several, and rounds otherwise: no pass has one."""


@dataclass(frozen=True, slots=True)
class Part:
    """The end of a prompt, which is computed: from token `begin` on. What stands before is that of another row of the
    batch, `like`, where there is one, or lies on the shelf already."""

    row: int
    begin: int
    like: int | None


def begin(
    decoder: Decoder, prompts: Sequence[tuple[int, ...]], new: int, budget: int, kept: Beginnings | None = None
) -> Growing:
    """Compute prompts, all different, `budget` tokens at a time, for texts of as many as `new` tokens each."""
    import torch

    lengths = [len(ids) for ids in prompts]
    stood = shelves(lengths, new)
    held = [empty_shelf(decoder, [lengths[row] for row in rows], new) for rows in stood]
    places = {row: (number, place) for number, rows in enumerate(stood) for place, row in enumerate(rows)}
    known = kept.longest(prompts) if kept is not None else [(0, ())] * len(prompts)
    parts = _parts(prompts, [length for length, _ in known])
    for part in parts:
        if kept is not None and part.like is None and part.begin:
            number, place = places[part.row]
            for layer, before in zip(held[number].layers, kept.layers(known[part.row][1]), strict=True):
                layer[:, place, :, : part.begin] = before[:, :, : part.begin]
    last: dict[int, Any] = {}
    for some in _passes(parts, lengths, budget):
        ids = torch.tensor([token for part in some for token in prompts[part.row][part.begin :]])
        positions = torch.cat([torch.arange(part.begin, lengths[part.row]) for part in some])
        hidden = decoder.hidden(ids, positions, _Fill(decoder, held, places, some, lengths))
        ends = torch.tensor([lengths[part.row] - part.begin for part in some]).cumsum(0) - 1
        last.update(zip((part.row for part in some), hidden[ends], strict=True))
    if kept is not None:
        used = [known[part.row] for part in parts if part.like is None and part.begin]
        kept.keep(used, {ids: _layers(held, places[row]) for row, ids in enumerate(prompts)})
    # For all at once: the head rounds otherwise for a row or two, and how many a pass has hangs on what was kept.
    logits = decoder.logits(torch.stack([last[row] for row in range(len(prompts))]))
    return Growing(decoder, held, [places[row] for row in range(len(prompts))], logits)


def _parts(prompts: Sequence[tuple[int, ...]], known: Sequence[int]) -> list[Part]:
    """What is computed of each prompt, each after the one that it begins as: in the order of their tokens, a prompt
    begins most like the one before it."""
    parts: list[Part] = []
    for row in sorted(range(len(prompts)), key=prompts.__getitem__):
        before = parts[-1].row if parts else None
        shared = 0 if before is None else begun(prompts[row], prompts[before])
        held = max(shared, known[row]) // BLOCK * BLOCK
        if held and len(prompts[row]) - held < FEWEST:
            held -= BLOCK
        parts.append(Part(row, held, before if held > known[row] else None))
    return parts


def _passes(parts: Sequence[Part], lengths: Sequence[int], budget: int) -> Iterator[list[Part]]:
    """Parts that are computed together: no more tokens than `budget`; one part always fits."""
    some: list[Part] = []
    tokens = 0
    for part in parts:
        own = lengths[part.row] - part.begin
        if some and tokens + own > budget:
            yield some
            some, tokens = [], 0
        some.append(part)
        tokens += own
    yield some


def _layers(held: Sequence[Shelf], place: tuple[int, int]) -> list[Any]:
    return [layer[:, place[1]] for layer in held[place[0]].layers]


class _Fill:
    """Attention of parts of prompts, whose keys and values go to their shelves."""

    def __init__(
        self,
        decoder: Decoder,
        held: Sequence[Shelf],
        places: dict[int, tuple[int, int]],
        parts: Sequence[Part],
        lengths: Sequence[int],
    ) -> None:
        self._decoder, self._held, self._places = decoder, held, places
        self._parts, self._lengths = parts, lengths
        self._hiding = Hiding(decoder.window)

    def __call__(self, layer: int, q: Any, k: Any, v: Any) -> Any:
        heads, tokens, group, size = q.shape
        out = q.new_empty((tokens, heads, group, size))
        sliding = self._decoder.layers[layer].kind == "sliding_attention"
        at = 0
        for part in self._parts:
            end = at + self._lengths[part.row] - part.begin
            keys, values = self._of(layer, part.row)
            if part.like is not None:
                for mine, other in zip((keys, values), self._of(layer, part.like), strict=True):
                    mine[:, : part.begin] = other[:, : part.begin]
            length = self._lengths[part.row]
            keys[:, part.begin : length], values[:, part.begin : length] = k[:, at:end], v[:, at:end]
            seen = keys[:, :length], values[:, :length]
            attended(q[:, at:end], *seen, out[at:end], self._hiding, sliding, BLOCK)
            at = end
        return out.view(tokens, -1)

    def _of(self, layer: int, row: int) -> tuple[Any, Any]:
        number, place = self._places[row]
        held = self._held[number].layers[layer]
        return held[0, place], held[1, place]

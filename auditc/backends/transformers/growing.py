"""Texts that grow by a token at a time, side by side, in a model that was taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

from auditc.backends.transformers.decoder import Decoder

AHEAD: Final = 32
"""Room is made for so many tokens to come at a time: room for all that may come would be looked at with every token."""

SHELF: Final = 2500
"""What a further shelf costs at every token is what so many slots cost: measured with SmolLM2 in bfloat16."""


@dataclass(slots=True)
class Shelf:
    """Texts of about one length. A text stands in one row, from slot 0 on, so that a token's slot is its position.

    `layers` hold for each layer keys and values, [2, rows, kv heads, slots, size]; the first `count` rows are in use.
    `hidden` is what is to be added to attention, [rows, slots]: nothing, or minus infinity where a text has no token by
    now, and `narrow` the same for layers that see a window of it. `lengths` are [rows].
    """

    layers: list[Any]
    count: int
    hidden: Any
    narrow: Any | None
    lengths: Any
    began: int
    """The slot after the shortest prompt."""

    @property
    def slots(self) -> int:
        """How many tokens a row has room for."""
        return int(self.hidden.shape[1])

    def grow(self, window: int | None) -> None:
        """A token is to come to each row: make room where there is none, and let it be seen."""
        import torch

        lengths = self.lengths[: self.count]
        if int(lengths.max()) == self.slots:
            more = (0, AHEAD)
            for number, layer in enumerate(self.layers):
                self.layers[number] = torch.nn.functional.pad(layer[:, : self.count], (0, 0, *more))
            self.hidden = torch.nn.functional.pad(self.hidden[: self.count], more, value=-torch.inf)
            if self.narrow is not None:
                self.narrow = torch.nn.functional.pad(self.narrow[: self.count], more, value=-torch.inf)
            self.lengths = lengths
        rows = torch.arange(self.count)
        self.hidden[rows, lengths] = 0
        if self.narrow is not None and window is not None:
            self.narrow[rows, lengths] = 0
            beyond = lengths - window >= 0
            self.narrow[rows[beyond], (lengths - window)[beyond]] = -torch.inf

    def keep(self, rows: list[int]) -> dict[int, int]:
        """Only these rows stay; where each of them stands now. Those at the end move into the places of the others."""
        stay = set(rows)
        free = [row for row in range(len(stay)) if row not in stay]
        last = [row for row in stay if row >= len(stay)]
        moved = dict(zip(last, free, strict=True))
        for one, other in moved.items():
            for kept in (*((layer[:, other], layer[:, one]) for layer in self.layers), *self._rest(other, one)):
                kept[0].copy_(kept[1])
        self.count = len(stay)
        return {row: moved.get(row, row) for row in stay}

    def take(self, rows: list[int]) -> None:
        """These rows, in this order; a row may be taken more than once."""
        import torch

        chosen = torch.tensor(rows)
        for number in range(len(self.layers)):  # one after the other: two of all would need twice the memory
            self.layers[number] = self.layers[number][:, chosen]
        self.hidden, self.lengths = self.hidden[chosen], self.lengths[chosen]
        self.narrow = None if self.narrow is None else self.narrow[chosen]
        self.count = len(rows)

    def swap(self, rows: list[int]) -> None:
        """As `take`, of as many rows, each in the place of one of the same prompt and length."""
        import torch

        chosen = torch.tensor(rows)
        for layer in self.layers:
            grown = layer[:, : self.count, :, self.began :]
            grown.copy_(grown[:, chosen])

    def _rest(self, one: int, other: int) -> list[tuple[Any, Any]]:
        held = [self.hidden, self.lengths, *([] if self.narrow is None else [self.narrow])]
        return [(kept[one], kept[other]) for kept in held]


class Growing:
    """A batch between two tokens: its shelves, and after each text the logits of what comes next, [rows, vocabulary],
    in the order of the batch."""

    leaves: Final = True
    """Whether texts that are done leave at next to no cost."""

    def __init__(self, decoder: Decoder, held: list[Shelf], places: list[tuple[int, int]], logits: Any) -> None:
        self.logits = logits
        self._decoder, self._shelves = decoder, held
        self._places = places  # of each text: its shelf, and its row there
        self._steps: list[Any] = []  # of each shelf: where in its layers the token goes that is being fed

    def keep(self, rows: Any) -> None:
        """Only these rows, in this order; a row may be taken more than once."""
        wanted = [self._places[row] for row in rows.tolist()]
        places: list[tuple[int, int]] = list(wanted)
        for number, shelf in enumerate(self._shelves):
            mine = [at for at, (which, _) in enumerate(wanted) if which == number]
            held = [wanted[at][1] for at in mine]
            if len(set(held)) == len(held):
                now = shelf.keep(held)
                for at in mine:
                    places[at] = number, now[wanted[at][1]]
            else:
                shelf.take(held)
                for row, at in enumerate(mine):
                    places[at] = number, row
        full = [number for number, shelf in enumerate(self._shelves) if shelf.count]
        self._places = [(full.index(number), row) for number, row in places]
        self._shelves = [self._shelves[number] for number in full]
        self.logits = self.logits[rows]

    def swap(self, rows: Any) -> None:
        """As `keep` before a step, of as many rows, each in the place of one of the same prompt."""
        wanted = [self._places[row] for row in rows.tolist()]
        for number, shelf in enumerate(self._shelves):
            chosen = {row: wanted[at][1] for at, (which, row) in enumerate(self._places) if which == number}
            shelf.swap([chosen[row] for row in range(shelf.count)])

    def step(self, _model: Any, tokens: Any) -> None:
        """Feed one token to each row."""
        import torch

        begins = [0, *accumulate(shelf.count for shelf in self._shelves)]
        inner = torch.tensor([begins[number] + row for number, row in self._places])
        fed = torch.empty_like(tokens)
        fed[inner] = tokens
        self._steps = []
        for shelf in self._shelves:
            shelf.grow(self._decoder.window)
            heads = torch.arange(shelf.count)[:, None] * self._decoder.kv_heads + torch.arange(self._decoder.kv_heads)
            self._steps.append((heads * shelf.slots + shelf.lengths[: shelf.count, None]).flatten())
        positions = torch.cat([shelf.lengths[: shelf.count] for shelf in self._shelves])
        hidden = self._decoder.hidden(fed, positions, self._attend)
        for shelf in self._shelves:
            shelf.lengths[: shelf.count] += 1
        self.logits = self._decoder.logits(hidden[inner])

    def _attend(self, layer: int, q: Any, k: Any, v: Any) -> Any:
        import torch

        begins = accumulate((shelf.count for shelf in self._shelves), initial=0)
        found = [
            self._on_shelf(layer, number, q[:, begin:end], k[:, begin:end], v[:, begin:end])
            for number, (begin, end) in enumerate(pairwise(begins))
        ]
        return found[0] if len(found) == 1 else torch.cat(found)

    def _on_shelf(self, layer: int, number: int, q: Any, k: Any, v: Any) -> Any:
        import torch

        heads, rows, group, size = q.shape
        shelf = self._shelves[number]
        hidden = shelf.hidden
        if shelf.narrow is not None and self._decoder.layers[layer].kind == "sliding_attention":
            hidden = shelf.narrow
        keys, values = shelf.layers[layer][:, :rows].flatten(1, 2).unbind(0)
        for held, new in ((keys, k), (values, v)):
            held.view(-1, size).index_copy_(0, self._steps[number], new.transpose(0, 1).reshape(-1, size))
        # All slots, those to come included, are one piece of memory; a part of them would be copied to make it one.
        asked = q.transpose(0, 1).reshape(rows * heads, group, size)
        weights = torch.bmm(asked, keys.transpose(1, 2))
        weights.view(rows, heads * group, -1).add_(hidden[:rows, None])
        return torch.bmm(torch.softmax(weights, -1), values).view(rows, heads * group * size)


def shelves(lengths: Sequence[int], new: int) -> list[list[int]]:
    """Which texts stand on a shelf, by their numbers, the longest first: a shelf is looked at in its whole length, and
    each costs something of its own."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    best, begins = [0], [0]  # of the first so many: what they cost, and where their last shelf begins
    for end in range(1, len(order) + 1):
        costs = [
            (best[begin] + (end - begin) * (lengths[order[begin]] + min(new, AHEAD)) + SHELF, begin)
            for begin in range(end)
        ]
        cost, begin = min(costs)
        best.append(cost)
        begins.append(begin)
    found: list[list[int]] = []
    end = len(order)
    while end:
        found.append(order[begins[end] : end])
        end = begins[end]
    return found[::-1]


def empty_shelf(decoder: Decoder, lengths: Sequence[int], new: int) -> Shelf:
    """A shelf for texts of these lengths, with room for as many as `new` tokens more for a while."""
    import torch

    like = decoder.layers[0].middle.weight.new_empty(0, dtype=decoder.model.dtype)
    slots = max(lengths) + min(new, AHEAD)
    shape = (2, len(lengths), decoder.kv_heads, slots, decoder.size)
    # Zeros and not just memory: what is hidden is still multiplied, and NaN times zero is NaN.
    layers = [like.new_zeros(shape) for _ in decoder.layers]
    held, slot = torch.tensor(lengths), torch.arange(slots)
    hidden = like.new_zeros((len(lengths), slots)).masked_fill_(slot >= held[:, None], -torch.inf)
    narrow = None
    if decoder.window is not None:
        narrow = hidden.masked_fill(slot < held[:, None] - decoder.window, -torch.inf)
    return Shelf(layers, len(lengths), hidden, narrow, held, min(lengths))

"""A key–value cache with room made beforehand: growing it would copy all of it at every token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def slotted(config: Any) -> bool:
    """Whether every layer attends to keys and values that can stand in slots; others keep a running state."""
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    shared = getattr(config, "num_kv_shared_layers", 0) or 0
    return set(kinds) <= {"full_attention", "sliding_attention"} and not shared


def slots(layers: int, rows: int, room: int) -> Any:
    """A transformers cache for `rows` texts of at most `room` tokens each; all of them end at the same slot.

    It is first filled with `place`, prompts of any length together, each pushed to the right; then it is read and grown
    by one slot a token. Layers with a sliding window keep all slots: the model's own mask hides what is out of sight.
    """
    from transformers.cache_utils import Cache, DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.is_initialized = False
            self.length = self.began = 0
            self.filling: tuple[Sequence[int], Sequence[int], int] | None = None

        def update(self, key_states: Any, value_states: Any, *_args: Any, **_kwargs: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                # Zeros and not just memory: what the mask hides is still multiplied, and NaN times zero is NaN.
                self.key_room = key_states.new_zeros((rows, key_states.shape[1], room, key_states.shape[3]))
                self.value_room = value_states.new_zeros((rows, value_states.shape[1], room, value_states.shape[3]))
                self.is_initialized = True
            if self.filling is not None:
                places, lengths, end = self.filling
                for number, (row, length) in enumerate(zip(places, lengths, strict=True)):
                    self.key_room[row, :, end - length : end] = key_states[number, :, :length]
                    self.value_room[row, :, end - length : end] = value_states[number, :, :length]
                return key_states, value_states
            new = self.length + key_states.shape[2]
            self.key_room[:, :, self.length : new] = key_states
            self.value_room[:, :, self.length : new] = value_states
            self.length = new
            return self.key_room[:, :, :new], self.value_room[:, :, :new]

        def get_seq_length(self) -> int:
            return self.length

        def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
            return self.length + query_length, 0

        def batch_select_indices(self, indices: Any) -> None:
            self.key_room = self.key_room[indices]
            self.value_room = self.value_room[indices]

        def reorder_cache(self, beam_idx: Any) -> None:
            # Beams of one prompt change places: what stands before `began` is the same for all of them.
            for kept in (self.key_room, self.value_room):
                grown = kept[:, :, self.began : self.length]
                grown.copy_(grown[beam_idx])

    class Slots(Cache):  # type: ignore[misc]
        def place(self, places: Sequence[int], lengths: Sequence[int], end: int) -> None:
            """The next pass computes whole prompts: keep their keys and values, right-aligned at slot `end`."""
            for layer in self.layers:
                layer.filling = (places, lengths, end)

        def placed(self, end: int) -> None:
            """All prompts are in; from here on tokens are added at slot `end`."""
            for layer in self.layers:
                layer.filling, layer.length, layer.began = None, end, end

    return Slots(layers=[Layer() for _ in range(layers)])

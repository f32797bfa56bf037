"""Generates texts for many prompts at once, token by token, each row from its own random stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from auditc.backends.transformers import pick
from auditc.backends.transformers.batches import by_length
from auditc.backends.transformers.beginnings import Beginnings
from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.filling import begin
from auditc.backends.transformers.score import last_logits
from auditc.backends.transformers.slots import slots
from auditc.ir.exchange import Sampling


@dataclass(frozen=True, slots=True)
class Written:
    """What a row wrote: its tokens, without the one that ended it, and whether it ended by itself."""

    ids: tuple[int, ...]
    finished: Literal["stop", "length"]
    steps: int


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes with one model. `stopped(prompt, ids)` says whether a stop string is in what was written. `kept` are the
    beginnings of prompts that were computed before."""

    model: Any
    ends: frozenset[int]
    budget: int
    slotted: bool
    decoder: Decoder | None = None
    kept: Beginnings | None = None

    def write(
        self, prompts: Sequence[tuple[int, ...]], streams: Sequence[int], sampling: Sampling, stopped: Any
    ) -> list[Written]:
        """One text for each prompt, in order. Equal prompts are computed once."""
        import torch

        with torch.inference_mode():
            return self._write(prompts, streams, sampling, stopped)

    def _write(
        self, prompts: Sequence[tuple[int, ...]], streams: Sequence[int], sampling: Sampling, stopped: Any
    ) -> list[Written]:
        import numpy
        import torch

        device = self.model.device
        state = self.begin(prompts, sampling.max_new_tokens)
        vocabulary = state.logits.shape[1]
        numbers = torch.empty(0)
        if sampling.sample:
            drawn = [pick.randoms(stream, sampling.max_new_tokens, vocabulary) for stream in streams]
            numbers = torch.from_numpy(numpy.stack(drawn))
        ids: list[list[int]] = [[] for _ in prompts]
        done: dict[int, Written] = {}
        rows = list(range(len(prompts)))  # which request each row of the batch is
        for step in range(sampling.max_new_tokens):
            if sampling.sample:
                tokens = pick.sampled(state.logits, sampling, numbers[rows, step].to(device))
            else:
                tokens = pick.greedy(state.logits)
            for row, token in zip(rows, tokens.tolist(), strict=True):
                if row in done:
                    continue
                if token in self.ends:
                    done[row] = Written(tuple(ids[row]), "stop", step + 1)
                    continue
                ids[row].append(token)
                if sampling.stop and stopped(prompts[row], ids[row]):
                    done[row] = Written(tuple(ids[row]), "stop", step + 1)
            if len(done) == len(prompts) or step + 1 == sampling.max_new_tokens:
                break
            live = [place for place, row in enumerate(rows) if row not in done]
            # Where the cache is moved, that costs about as much as a few dead rows do.
            if len(live) < len(rows) if state.leaves else len(live) * 4 <= len(rows) * 3:
                state.keep(torch.tensor(live, device=device))
                tokens, rows = tokens[live], [rows[place] for place in live]
            state.step(self.model, tokens)
        return [done.get(row) or Written(tuple(ids[row]), "length", len(ids[row])) for row in range(len(prompts))]

    def begin(self, prompts: Sequence[tuple[int, ...]], new: int) -> Any:
        """Compute each different prompt once, then give every row its copy."""
        import torch

        different = list(dict.fromkeys(prompts))
        if self.decoder is not None and self.slotted:
            state: Any = begin(self.decoder, different, new, self.budget, self.kept)
        else:
            state = self._begin_by_library(different, new)
        if len(different) < len(prompts):
            number = {ids: place for place, ids in enumerate(different)}
            state.keep(torch.tensor([number[ids] for ids in prompts], device=self.model.device))
        return state

    def _begin_by_library(self, different: list[tuple[int, ...]], new: int) -> _State:
        import torch

        device = self.model.device
        lengths = [len(ids) for ids in different]
        longest = max(lengths)
        if self.slotted:
            cache, logits = self._fill(different, lengths, longest, longest + new)
        else:
            cache, logits = self._pad(different, longest)
        mask = torch.zeros((len(different), longest + new), dtype=torch.long, device=device)
        for row, length in enumerate(lengths):
            mask[row, longest - length :] = 1
        return _State(cache, logits, mask, torch.tensor(lengths, device=device), longest, self.slotted)

    def _fill(self, prompts: list[tuple[int, ...]], lengths: list[int], longest: int, room: int) -> tuple[Any, Any]:
        import torch

        cache = slots(self.model.config.get_text_config().num_hidden_layers, len(prompts), room)
        parts: dict[int, Any] = {}
        for batch in by_length(range(len(prompts)), lengths, self.budget):
            cache.place(batch, [lengths[row] for row in batch], longest)
            logits = last_logits(self.model, [prompts[row] for row in batch], cache)
            parts.update(zip(batch, logits, strict=True))
        cache.placed(longest)
        return cache, torch.stack([parts[row] for row in range(len(prompts))])

    def _pad(self, prompts: list[tuple[int, ...]], longest: int) -> tuple[Any, Any]:
        """For layers that keep a running state: padding on the left, and the library's own cache."""
        import torch
        from transformers import DynamicCache

        device = self.model.device
        ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in prompts], device=device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts], device=device)
        cache = DynamicCache(config=self.model.config)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        out = self.model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, logits_to_keep=1
        )
        return cache, out.logits[:, -1]


@dataclass(slots=True)
class _State:
    """A batch between two tokens. `mask` has room for all tokens to come; `used` is how much of it the cache holds."""

    cache: Any
    logits: Any
    mask: Any
    positions: Any
    used: int
    slotted: bool
    leaves = False
    """Whether texts that are done leave at next to no cost."""

    def keep(self, rows: Any) -> None:
        """Only these rows, in this order; a row may be taken more than once."""
        if self.slotted:
            self.cache.batch_select_indices(rows)
        else:
            self.cache.reorder_cache(rows)  # layers that keep a running state know only this one
        self.logits, self.mask, self.positions = self.logits[rows], self.mask[rows], self.positions[rows]

    def swap(self, rows: Any) -> None:
        """As `keep` before a step, of as many rows, each in the place of one of the same prompt."""
        self.cache.reorder_cache(rows)

    def step(self, model: Any, tokens: Any) -> None:
        """Feed one token to each row."""
        self.mask[:, self.used] = 1
        self.used += 1
        out = model(
            input_ids=tokens.unsqueeze(1),
            attention_mask=self.mask[:, : self.used],
            position_ids=self.positions.unsqueeze(1),
            past_key_values=self.cache,
            use_cache=True,
        )
        self.positions = self.positions + 1
        self.logits = out.logits[:, -1]

"""The engine: scores and generates in micro-batches, and turns what goes wrong into replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.backends._contract import Identity, ModelSource
from auditc.backends._prompts import Fed, Prompts
from auditc.backends.transformers.adapters import put_on, take_off
from auditc.backends.transformers.batches import answered, by_length
from auditc.backends.transformers.beginnings import Beginnings
from auditc.backends.transformers.decode import Writer
from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.identity import identify
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.predict import token_logprobs
from auditc.backends.transformers.prefixes import Group, groups, laid_batches, micro_batches
from auditc.backends.transformers.score import score_rows
from auditc.backends.transformers.slots import slotted
from auditc.backends.transformers.texts import write
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    Sampling,
    ScoreReply,
    ScoreRequest,
)

DECODE = 32
"""A batch of texts may hold this many times `batch_tokens`: its memory is keys and values, not activations."""


class Transformers:
    """A loaded model. Not for use by several threads at once."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        ends: frozenset[int],
        identity: Identity,
        params: Params,
        decoder: Decoder | None = None,
    ) -> None:
        import torch

        self._torch = torch
        self._model = model
        self._tokenizer = tokenizer
        self._identity, self._params = identity, params
        self._budget = int(identity["batch_tokens"])
        config = model.config.get_text_config()
        self._prompts = Prompts(tokenizer, getattr(config, "max_position_embeddings", None))
        self._kept = Beginnings()
        self._writer: Any = Writer(model, ends, self._budget, slotted(config), decoder, self._kept)

    @property
    def identity(self) -> Identity:
        """What `identify` said before the model was loaded."""
        return self._identity

    def become(self, source: ModelSource) -> bool:
        """Change the adapter, and keep the weights. Raises BackendUnavailable where it does not fit.

        A model that is taken apart has no place for one, and one that is to be taken apart is opened for it.
        """
        identity = identify(source, self._params)
        if "own" in (identity["layers"], self._identity["layers"]):
            return False
        self._identity = identity
        take_off(self._model)
        if source.adapter is not None:
            put_on(self._model, source.adapter, source.name)
        return True

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """Tokens of each prompt; 0 for one that the chat template refuses."""
        whole = Prompts(self._tokenizer, None)  # a prompt beyond the window has a length too
        return [len(fed.ids) if isinstance(fed, Fed) else 0 for fed in whole.feed(prompts)]

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]:
        """Exact option probabilities: the softmax runs over the whole vocabulary, in float32."""
        self._kept.clear()
        feds = self._prompts.feed([request.prompt for request in requests])
        replies: dict[int, ScoreReply | Failure] = {}
        options: dict[int, tuple[tuple[int, ...], ...]] = {}
        tails: dict[str, tuple[int, ...]] = {}
        for index, (request, fed) in enumerate(zip(requests, feds, strict=True)):
            if isinstance(fed, Failure):
                replies[index] = fed
                continue
            found = self._prompts.options(fed, request, tails)
            if isinstance(found, Failure):
                replies[index] = found
            else:
                options[index] = found
        prompts = {index: fed.ids for index, fed in enumerate(feds) if isinstance(fed, Fed) and index in options}
        shared: dict[int, int] = {}

        def compute(batch: list[int]) -> list[ScoreReply]:
            rows = [prompts[index] for index in batch]
            alike, wanted = [shared[i] for i in batch], [options[i] for i in batch]
            logprobs = score_rows(self._model, self._writer.decoder, rows, alike, wanted)
            return [ScoreReply(tuple(p), len(ids)) for p, ids in zip(logprobs, rows, strict=True)]

        for parts in self._together(prompts):
            shared.update({row: part.shared for part in parts for row in part.rows})
            replies.update(answered([row for part in parts for row in part.rows], compute, self._torch))
        return [replies[index] for index in range(len(requests))]

    def _together(self, prompts: dict[int, tuple[int, ...]]) -> list[list[Group]]:
        """Which prompts are computed together, and what they share."""
        if not self._writer.slotted:
            return micro_batches([Group((index,), 0) for index in prompts], prompts, self._budget)
        if self._writer.decoder is not None:
            return laid_batches(prompts, self._budget)
        return micro_batches(groups(prompts), prompts, self._budget)

    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]:
        """Texts, each from its own random stream."""
        if any(request.again for request in requests):
            self._kept.clear()  # what is asked a second time is computed a second time
        feds = self._prompts.feed([request.prompt for request in requests])
        replies: dict[int, GenerateReply | Failure] = {}
        groups: dict[Sampling, list[int]] = {}
        for index, (request, fed) in enumerate(zip(requests, feds, strict=True)):
            if isinstance(fed, Failure):
                replies[index] = fed
            elif (beyond := self._prompts.beyond(fed, request.sampling.max_new_tokens)) is not None:
                replies[index] = beyond
            else:
                groups.setdefault(request.sampling, []).append(index)
        rows = {index: fed for index, fed in enumerate(feds) if isinstance(fed, Fed) and index not in replies}
        for sampling, members in groups.items():
            # Room for the text counts as its tokens do, once for each beam; equal prompts stand together to be shared.
            room = [
                (len(fed.ids) + sampling.max_new_tokens) * sampling.beams if isinstance(fed, Fed) else 0 for fed in feds
            ]
            members.sort(key=lambda i: (rows[i].ids, i))

            def compute(batch: list[int], sampling: Sampling = sampling) -> list[GenerateReply]:
                streams = [requests[i].stream for i in batch]
                try:
                    return write(self._writer, self._tokenizer, [rows[i] for i in batch], streams, sampling)
                except Exception:  # it may have been memory, and what was half done is of no use
                    self._kept.clear()
                    raise

            for batch in by_length(members, room, self._budget * DECODE):
                replies.update(answered(batch, compute, self._torch))
        return [replies[index] for index in range(len(requests))]

    def likelihoods(self, requests: Sequence[LikelihoodRequest]) -> list[LikelihoodReply | Failure]:
        """Every token of each text after those before it: the softmax runs over the whole vocabulary, in float32."""
        self._kept.clear()
        feds = self._prompts.plain([request.prompt.opening for request in requests])
        replies: dict[int, LikelihoodReply | Failure] = {}
        replies.update((index, fed) for index, fed in enumerate(feds) if isinstance(fed, Failure))
        rows = {index: fed for index, fed in enumerate(feds) if isinstance(fed, Fed)}

        def compute(batch: list[int]) -> list[LikelihoodReply]:
            found = token_logprobs(self._model, self._writer.decoder, [rows[index].ids for index in batch])
            return [
                LikelihoodReply(logprobs, len(rows[index].ids), self._prompts.given(rows[index]))
                for index, logprobs in zip(batch, found, strict=True)
            ]

        lengths = [len(fed.ids) if isinstance(fed, Fed) else 0 for fed in feds]
        for batch in by_length(list(rows), lengths, self._budget):
            replies.update(answered(batch, compute, self._torch))
        return [replies[index] for index in range(len(requests))]

    def close(self) -> None:
        """Give the weights' memory back."""
        self._model = self._writer = None
        self._kept.clear()
        if self._torch.cuda.is_initialized():
            self._torch.cuda.empty_cache()

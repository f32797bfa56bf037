"""The engine: hands whole batches of tokens to vLLM, and turns what goes wrong into replies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from auditc.backends._contract import Adapter, BackendUnavailable, Identity
from auditc.backends._faults import plain
from auditc.backends._prompts import Fed, Prompts, text
from auditc.backends.vllm.asking import MOST_TOKENS, predicting, scoring, searching, writing
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

R = TypeVar("R")


class Vllm:
    """A loaded model. Not for use by several threads at once."""

    def __init__(self, llm: Any, prompts: Prompts, ends: frozenset[int], identity: Identity) -> None:
        self._llm = llm
        self._prompts = prompts
        self._ends = ends
        self._identity = identity
        self._lora: Any = None

    @property
    def identity(self) -> Identity:
        """What `identify` said before the model was loaded."""
        return self._identity

    def put_on(self, adapter: Adapter, model: str) -> None:
        """Put an adapter on every request. Raises BackendUnavailable where it does not fit.

        It stays: an engine with room for adapters computes otherwise than one without, so another model is opened anew.
        """
        from vllm.lora.request import LoRARequest

        lora = LoRARequest("adapter", 1, adapter.folder)
        try:
            self._llm.llm_engine.add_lora(lora)
        except Exception as fault:  # vLLM's own faults, for a folder can be wrong in any way
            raise BackendUnavailable(
                f"the adapter of model {model} could not be put on by vLLM ({plain(fault)}): merge it into the weights"
            ) from fault
        self._lora = lora

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """Tokens of each prompt; 0 for one that the chat template refuses."""
        whole = Prompts(self._prompts.tokenizer, None)  # a prompt beyond the window has a length too
        return [len(fed.ids) if isinstance(fed, Fed) else 0 for fed in whole.feed(prompts)]

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]:
        """Exact option probabilities: the softmax runs over the whole vocabulary, in float32."""
        feds = self._prompts.feed([request.prompt for request in requests])
        replies: dict[int, ScoreReply | Failure] = {}
        rows: dict[int, tuple[Fed, tuple[tuple[int, ...], ...]]] = {}
        tails: dict[str, tuple[int, ...]] = {}
        for index, (request, fed) in enumerate(zip(requests, feds, strict=True)):
            options = self._scored(request, fed, tails)
            if isinstance(options, Failure):
                replies[index] = options
            elif isinstance(fed, Fed):
                rows[index] = fed, options

        def compute(batch: list[int]) -> Sequence[ScoreReply]:
            wanted = [[token for tokens in rows[index][1] for token in tokens] for index in batch]
            outputs = self._run([rows[index][0] for index in batch], [scoring(tokens) for tokens in wanted])
            return [_scores(output, *rows[index]) for index, output in zip(batch, outputs, strict=True)]

        replies.update(self._answered(list(rows), compute))
        return [replies[index] for index in range(len(requests))]

    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]:
        """Texts, each from its own random stream."""
        feds = self._prompts.feed([request.prompt for request in requests])
        replies: dict[int, GenerateReply | Failure] = {}
        rows: dict[int, Fed] = {}
        searches: dict[Sampling, list[int]] = {}
        for index, (request, fed) in enumerate(zip(requests, feds, strict=True)):
            failed = fed if isinstance(fed, Failure) else self._prompts.beyond(fed, request.sampling.max_new_tokens)
            if failed is not None:
                replies[index] = failed
            elif isinstance(fed, Fed):
                rows[index] = fed
                if request.sampling.beams > 1:
                    searches.setdefault(request.sampling, []).append(index)

        def write(batch: list[int]) -> Sequence[GenerateReply]:
            params = [writing(requests[index].sampling, requests[index].stream, self._ends) for index in batch]
            outputs = self._run([rows[index] for index in batch], params)
            return [
                self._written(rows[index], requests[index].sampling, output.outputs[0])
                for index, output in zip(batch, outputs, strict=True)
            ]

        replies.update(self._answered([index for index in rows if requests[index].sampling.beams == 1], write))
        for sampling, members in searches.items():

            def search(batch: list[int], sampling: Sampling = sampling) -> Sequence[GenerateReply]:
                return self._search([rows[index] for index in batch], sampling)

            replies.update(self._answered(members, search))
        return [replies[index] for index in range(len(requests))]

    def likelihoods(self, requests: Sequence[LikelihoodRequest]) -> list[LikelihoodReply | Failure]:
        """Every token of each text after those before it; vLLM writes one token more, which needs room."""
        replies: dict[int, LikelihoodReply | Failure] = {}
        rows: dict[int, Fed] = {}
        for index, fed in enumerate(self._prompts.plain([request.prompt.opening for request in requests])):
            found = fed if isinstance(fed, Failure) else self._prompts.beyond(fed, 1) or fed
            if isinstance(found, Failure):
                replies[index] = found
            else:
                rows[index] = found

        def compute(batch: list[int]) -> Sequence[LikelihoodReply]:
            outputs = self._run([rows[index] for index in batch], [predicting() for _ in batch])
            return [self._predicted(rows[index], output) for index, output in zip(batch, outputs, strict=True)]

        replies.update(self._answered(list(rows), compute))
        return [replies[index] for index in range(len(requests))]

    def close(self) -> None:
        """End the engine. Its memory is given back for certain when its process ends."""
        llm, self._llm = self._llm, None
        if llm is not None:
            with suppress(Exception):
                llm.llm_engine.engine_core.shutdown()

    def _scored(
        self, request: ScoreRequest, fed: Fed | Failure, tails: dict[str, tuple[int, ...]]
    ) -> tuple[tuple[int, ...], ...] | Failure:
        """The tokens of each option."""
        if isinstance(fed, Failure):
            return fed
        found = self._prompts.beyond(fed, 1) or self._prompts.options(fed, request, tails)
        if not isinstance(found, Failure) and sum(map(len, found)) > MOST_TOKENS:
            return Failure("spelling", f"the options have more than {MOST_TOKENS} spellings")
        return found

    def _run(self, feds: Sequence[Fed], params: list[Any]) -> list[Any]:
        prompts = [{"prompt_token_ids": list(fed.ids)} for fed in feds]
        outputs = self._llm.generate(prompts, params, use_tqdm=False, lora_request=self._lora)
        if len(outputs) != len(feds):
            raise RuntimeError(f"{len(outputs)} outputs of {len(feds)} prompts")
        return list(outputs)

    def _predicted(self, fed: Fed, output: Any) -> LikelihoodReply:
        following = zip(output.prompt_logprobs[1:], fed.ids[1:], strict=True)
        logprobs = tuple(float(found[token].logprob) for found, token in following)
        return LikelihoodReply(logprobs, len(fed.ids), self._prompts.given(fed))

    def _search(self, feds: Sequence[Fed], sampling: Sampling) -> list[GenerateReply]:
        prompts = [{"prompt_token_ids": list(fed.ids)} for fed in feds]
        outputs = self._llm.beam_search(prompts, searching(sampling), lora_request=self._lora)
        replies = []
        for fed, output in zip(feds, outputs, strict=True):
            ids = list(output.sequences[0].tokens[len(fed.ids) :])
            end = next((at for at, token in enumerate(ids) if token in self._ends), None)
            words, cut = _cut(text(self._prompts.tokenizer, fed.ids, ids[:end]), sampling.stop)
            stopped = cut or end is not None
            replies.append(GenerateReply(words, len(fed.ids), len(ids), "stop" if stopped else "length"))
        return replies

    def _written(self, fed: Fed, sampling: Sampling, output: Any) -> GenerateReply:
        if output.finish_reason not in ("stop", "length"):
            raise RuntimeError(f"the engine gave a request up ({output.finish_reason})")
        ids = list(output.token_ids)
        said = ids[:-1] if ids and ids[-1] in self._ends else ids
        words, cut = _cut(text(self._prompts.tokenizer, fed.ids, said), sampling.stop)
        return GenerateReply(words, len(fed.ids), len(ids), "stop" if cut else output.finish_reason)

    def _answered(self, batch: list[int], compute: Callable[[list[int]], Sequence[R]]) -> dict[int, R | Failure]:
        """Reply by index. A batch that fails is asked again in halves, so that a fault of one request is its own."""
        waiting, replies = ([batch] if batch else []), dict[int, R | Failure]()
        # What an earlier batch left in the cache would make this one round otherwise than when it is asked again.
        self._llm.reset_prefix_cache()
        while waiting:
            rows = waiting.pop()
            try:
                replies.update(zip(rows, compute(rows), strict=True))
                continue
            except Exception as fault:  # a fault of a request is a counted failure, never the end of the run
                self._recover(fault)
                failed = Failure(*_reason(fault))
            if len(rows) == 1:
                replies[rows[0]] = failed
            else:
                middle = len(rows) // 2
                waiting += [rows[middle:], rows[:middle]]
        return replies

    def _recover(self, fault: Exception) -> None:
        """Give up what is still in the engine. Raises SystemExit where it is dead: the worker is started again."""
        if type(fault).__name__ == "EngineDeadError":
            raise SystemExit(f"the engine died: {plain(fault)}") from fault
        try:
            engine = self._llm.llm_engine
            engine.abort_request(list(engine.output_processor.request_states), internal=True)
            if engine.has_unfinished_requests():
                raise RuntimeError("requests are left in the engine")
        except Exception as second:
            raise SystemExit(f"the engine did not recover: {plain(second)}") from fault


def _scores(output: Any, fed: Fed, options: tuple[tuple[int, ...], ...]) -> ScoreReply:
    found = output.outputs[0].logprobs[0]
    sums = []
    for tokens in options:
        values = [float(found[token].logprob) for token in tokens]
        top = max(values)
        sums.append(top + math.log(math.fsum(math.exp(value - top) for value in values)) if top > -math.inf else top)
    return ScoreReply(tuple(sums), len(fed.ids))


def _cut(words: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before its first stop string, and whether there is one."""
    cuts = [at for stop in stops if (at := words.find(stop)) >= 0]
    return (words[: min(cuts)], True) if cuts else (words, False)


def _reason(fault: BaseException) -> tuple[str, str]:
    said = str(fault)
    if isinstance(fault, MemoryError) or "out of memory" in said or "not enough memory" in said:
        return "out_of_memory", "one request alone does not fit into memory"
    return "engine", plain(fault)

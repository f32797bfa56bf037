"""What vLLM is told of a request: every field of its sampling that could change an answer, so that no default does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from auditc.ir.exchange import Sampling

MOST_TOKENS = 128
"""vLLM gives the probabilities of at most this many chosen tokens."""

SEEDS = 1 << 63
"""PyTorch takes seeds of 64 bits with a sign."""


def scoring(tokens: Sequence[int]) -> Any:
    """One step, for the natural-log probabilities of `tokens` out of the full softmax."""
    return _params(temperature=0.0, max_tokens=1, logprob_token_ids=list(tokens), logprobs=len(tokens))


def predicting() -> Any:
    """One step, for the natural-log probability of each token of the prompt after those before it."""
    return _params(temperature=0.0, max_tokens=1, prompt_logprobs=0)


def writing(sampling: Sampling, stream: int, ends: Collection[int]) -> Any:
    """A text from its own random stream, to a token of `ends` or a stop string."""
    return _params(
        temperature=sampling.temperature if sampling.sample else 0.0,
        top_p=sampling.top_p if sampling.sample else 1.0,
        top_k=sampling.top_k if sampling.sample else 0,
        seed=stream % SEEDS if sampling.sample else None,
        max_tokens=sampling.max_new_tokens,
        stop=list(sampling.stop) or None,
        stop_token_ids=sorted(ends),
        detokenize=bool(sampling.stop),
    )


def searching(sampling: Sampling) -> Any:
    """A search with beams, without sampling."""
    from vllm.sampling_params import BeamSearchParams

    return BeamSearchParams(
        beam_width=sampling.beams,
        max_tokens=sampling.max_new_tokens,
        ignore_eos=False,
        temperature=0.0,
        length_penalty=1.0,
    )


def _params(**told: Any) -> Any:
    from vllm import SamplingParams

    plain = {
        "n": 1,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "min_p": 0.0,
        "seed": None,
        "stop": None,
        "stop_token_ids": None,
        "ignore_eos": False,
        "min_tokens": 0,
        "logprobs": None,
        "prompt_logprobs": None,
        "detokenize": False,
        "skip_special_tokens": True,
        "include_stop_str_in_output": False,
        "logit_bias": None,
        "allowed_token_ids": None,
        "bad_words": None,
    }
    return SamplingParams(**{**plain, **told})

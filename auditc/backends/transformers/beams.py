"""Beam search and beam sampling, as transformers has them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from auditc.backends.transformers.decode import Written
from auditc.ir.exchange import Sampling


def write_with_beams(
    model: Any,
    tokenizer: Any,
    ends: frozenset[int],
    prompts: Sequence[Sequence[int]],
    streams: Sequence[int],
    sampling: Sampling,
) -> list[Written]:
    """One text for each prompt. Random numbers are drawn for the batch as a whole, from the seeds of all its rows."""
    import torch
    from transformers import GenerationConfig

    device = model.device
    longest = max(len(ids) for ids in prompts)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    batch = torch.tensor([[pad] * (longest - len(ids)) + list(ids) for ids in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts], device=device)
    drawn: dict[str, Any] = {}
    if sampling.sample:
        drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    settings = GenerationConfig(
        num_beams=sampling.beams,
        do_sample=sampling.sample,
        max_new_tokens=sampling.max_new_tokens,
        num_return_sequences=1,
        repetition_penalty=1.0,
        length_penalty=1.0,
        early_stopping=False,
        eos_token_id=sorted(ends) or None,
        pad_token_id=pad,
        stop_strings=list(sampling.stop) or None,
        **drawn,
    )
    seed = hashlib.sha256(b"".join(stream.to_bytes(8, "big") for stream in streams)).digest()
    with torch.inference_mode(), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int.from_bytes(seed[:8], "big") >> 1)
        out = model.generate(
            input_ids=batch,
            attention_mask=mask,
            generation_config=settings,
            tokenizer=tokenizer if sampling.stop else None,
        )
    return [_written(row[longest:].tolist(), ends, pad, sampling) for row in out]


def _written(ids: list[int], ends: frozenset[int], pad: int, sampling: Sampling) -> Written:
    for place, token in enumerate(ids):
        if token in ends:
            return Written(tuple(ids[:place]), "stop", place + 1)
    # Without an end a row was stopped by a string or by its length; then padding fills it up to the longest.
    while ids and ids[-1] == pad and len(ids) < sampling.max_new_tokens:
        ids = ids[:-1]
    return Written(tuple(ids), "length" if len(ids) == sampling.max_new_tokens else "stop", len(ids))

"""Next-token probabilities of chosen tokens after many prompts, in one pass of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.packed import pack
from auditc.backends.transformers.slots import slots


def score_rows(
    model: Any,
    decoder: Decoder | None,
    prompts: Sequence[tuple[int, ...]],
    shared: Sequence[int],
    options: Sequence[Sequence[Sequence[int]]],
) -> list[list[float]]:
    """For each prompt the natural-log probability of each of its options, summed over the option's tokens.

    The first `shared[row]` tokens of a prompt are computed once for all prompts that begin with just these.
    """
    import torch

    with torch.inference_mode():
        if decoder is not None:
            logits = pack(prompts, shared).logits(decoder).float()
        else:
            logits = (continued_logits(model, prompts, shared) if any(shared) else last_logits(model, prompts)).float()
        norms = torch.logsumexp(logits, dim=-1)
        results: list[list[float]] = []
        for row, option_tokens in enumerate(options):
            wanted = torch.tensor([token for tokens in option_tokens for token in tokens], device=logits.device)
            values = (logits[row, wanted] - norms[row]).double()
            parts = values.split([len(tokens) for tokens in option_tokens])
            results.append([float(torch.logsumexp(part, dim=0)) for part in parts])
    return results


def continued_logits(model: Any, prompts: Sequence[tuple[int, ...]], shared: Sequence[int]) -> Any:
    """As `last_logits`, in two passes: the different beginnings, then what each prompt has after its own."""
    import torch

    own = [ids[:length] for ids, length in zip(prompts, shared, strict=True)]
    beginnings = list(dict.fromkeys(own))
    ends = [ids[length:] for ids, length in zip(prompts, shared, strict=True)]
    longest, longest_end = max(shared), max(len(ids) for ids in ends)
    cache = slots(model.config.get_text_config().num_hidden_layers, len(beginnings), longest + longest_end)
    cache.place(range(len(beginnings)), [len(ids) for ids in beginnings], longest)
    last_logits(model, beginnings, cache)
    cache.placed(longest)
    number = {ids: place for place, ids in enumerate(beginnings)}
    cache.batch_select_indices(torch.tensor([number[ids] for ids in own], device=model.device))
    mask = torch.zeros((len(prompts), longest + longest_end), dtype=torch.long, device=model.device)
    for row, length in enumerate(shared):
        mask[row, longest - length :] = 1
    positions = torch.tensor(shared, device=model.device)[:, None] + torch.arange(longest_end, device=model.device)
    return last_logits(model, ends, cache, attention_mask=mask, position_ids=positions)


def last_logits(model: Any, prompts: Sequence[Sequence[int]], cache: Any = None, **feed: Any) -> Any:
    """Logits after the last token of each prompt, [rows, vocabulary].

    Padding stands on the right, where a causal model never looks from the left: so no mask and no shifted positions are
    needed, and the fastest attention applies. Only the rows of the output head that are read are computed. A `cache`,
    if given, is handed all keys and values, padding included.
    """
    import torch

    longest = max(len(ids) for ids in prompts)
    device = model.device
    batch = torch.tensor([list(ids) + [0] * (longest - len(ids)) for ids in prompts], device=device)
    last = torch.tensor([len(ids) - 1 for ids in prompts], device=device)

    def only_last(_module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = arguments[0]
        return (hidden[torch.arange(hidden.shape[0], device=device), last].unsqueeze(1), *arguments[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(only_last)
    try:
        logits = model(input_ids=batch, past_key_values=cache, use_cache=cache is not None, **feed).logits
    finally:
        hook.remove()
    if logits.shape[:2] != (len(prompts), 1):
        raise RuntimeError("this architecture does not pass its last hidden state through its output head alone")
    return logits[:, 0]

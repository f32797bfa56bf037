"""Next-token probabilities of chosen tokens after many prompts, in one pass of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def score_rows(
    model: Any, prompts: Sequence[Sequence[int]], options: Sequence[Sequence[Sequence[int]]]
) -> list[list[float]]:
    """For each prompt the natural-log probability of each of its options, summed over the option's tokens."""
    import torch

    with torch.inference_mode():
        logits = last_logits(model, prompts).float()
        norms = torch.logsumexp(logits, dim=-1)
        results: list[list[float]] = []
        for row, option_tokens in enumerate(options):
            wanted = torch.tensor([token for tokens in option_tokens for token in tokens], device=logits.device)
            values = (logits[row, wanted] - norms[row]).double()
            parts = values.split([len(tokens) for tokens in option_tokens])
            results.append([float(torch.logsumexp(part, dim=0)) for part in parts])
    return results


def last_logits(model: Any, prompts: Sequence[Sequence[int]], cache: Any = None) -> Any:
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
        logits = model(input_ids=batch, past_key_values=cache, use_cache=cache is not None).logits
    finally:
        hook.remove()
    if logits.shape[:2] != (len(prompts), 1):
        raise RuntimeError("this architecture does not pass its last hidden state through its output head alone")
    return logits[:, 0]

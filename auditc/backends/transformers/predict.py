"""How likely each token of a text is after those before it, in one pass of the model for many texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from auditc.backends.transformers.decoder import Decoder
from auditc.backends.transformers.packed import pack

HELD = 1 << 25
"""So many numbers of the output head are held at a time: 128 MiB in float32, whatever the vocabulary."""


def token_logprobs(model: Any, decoder: Decoder | None, texts: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
    """For each text the natural-log probabilities of its second token and all that follow, out of the full softmax.

    Raises RuntimeError where a model does something to its output head's numbers that is not known here.
    """
    import torch

    with torch.inference_mode():
        if decoder is not None:
            laid = pack(texts, [0] * len(texts))
            hidden, places = laid.hidden(decoder), [(row.begin, row.end) for row in laid.rows]
            head = decoder.logits
        else:
            hidden, head = _hidden(model, texts)
            longest = max(map(len, texts))
            places = [(row * longest, row * longest + len(ids)) for row, ids in enumerate(texts)]
        # The last token of a text predicts nothing that is in it.
        rows = torch.cat([torch.arange(begin, end - 1) for begin, end in places]).to(hidden.device)
        following = torch.tensor([token for ids in texts for token in ids[1:]], device=hidden.device)
        found: list[float] = []
        step = max(1, HELD // model.get_output_embeddings().weight.shape[0])
        for first in range(0, len(rows), step):
            some = slice(first, first + step)
            logits = head(hidden[rows[some]]).float()
            chosen = logits.gather(1, following[some, None])[:, 0]
            found += (chosen - torch.logsumexp(logits, dim=-1)).double().tolist()
    given = iter(found)
    return [tuple(next(given) for _ in ids[1:]) for ids in texts]


def _hidden(model: Any, texts: Sequence[tuple[int, ...]]) -> tuple[Any, Any]:
    """The states that the output head is given, [texts × longest, hidden], and what makes logits of some of them.

    Padding stands on the right, where a causal model never looks from the left.
    """
    import torch

    longest, device = max(map(len, texts)), model.device
    batch = torch.tensor([list(ids) + [0] * (longest - len(ids)) for ids in texts], device=device)
    kept: list[Any] = []

    def keep(_module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        kept.append(arguments[0])
        return (arguments[0][:, :1], *arguments[1:])

    output = model.get_output_embeddings()
    hook = output.register_forward_pre_hook(keep)
    try:
        said = model(input_ids=batch, use_cache=False).logits
    finally:
        hook.remove()
    cap = getattr(model.config.get_text_config(), "final_logit_softcapping", None)

    def head(hidden: Any) -> Any:
        logits = output(hidden)
        return logits if cap is None else cap * torch.tanh(logits / cap)

    if len(kept) != 1 or kept[0].shape[:2] != batch.shape:
        raise RuntimeError("this architecture does not pass its last hidden state through its output head alone")
    first, own = said[:, 0].float(), head(kept[0][:, :1])[:, 0].float()
    if not math.isclose(float((first - own).abs().max()), 0.0, abs_tol=1e-3 * max(1.0, float(first.abs().max()))):
        raise RuntimeError("this architecture does more to its output than is known here")
    return kept[0].flatten(0, 1), head

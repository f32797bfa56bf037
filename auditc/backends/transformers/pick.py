"""Chooses the next token of each row from its own random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditc.ir.exchange import Sampling

if TYPE_CHECKING:
    import numpy
    import numpy.typing


def levels(vocabulary: int) -> int:
    """How many times a vocabulary is halved until one token is left: the random numbers that one token takes."""
    return (vocabulary - 1).bit_length()


def randoms(stream: int, tokens: int, vocabulary: int) -> numpy.typing.NDArray[numpy.float64]:
    """The numbers of one request's own stream, [tokens, levels], the same on every machine."""
    import numpy

    source = numpy.random.Generator(numpy.random.Philox(key=stream))
    return source.random((tokens, levels(vocabulary)))


def greedy(logits: Any) -> Any:
    """The most probable token of each row; the first of equals."""
    return logits.argmax(dim=-1)


def sampled(logits: Any, sampling: Sampling, numbers: Any) -> Any:
    """One token for each row of `logits`, from exactly the distribution that `sampling` asks for.

    The vocabulary is halved again and again, and a number decides for one half by the probability that it holds. A
    cumulative sum would do with one number, but there a last-digit difference early on moves every later boundary, and
    texts would depend on who else is in the batch far more often.
    """
    import torch

    probabilities = torch.softmax(_cut(logits.float() / sampling.temperature, sampling), dim=-1)
    rows, vocabulary = probabilities.shape
    depth = levels(vocabulary)
    sums = [torch.nn.functional.pad(probabilities, (0, (1 << depth) - vocabulary))]
    while sums[-1].shape[1] > 1:
        half = sums[-1].shape[1] // 2
        sums.append(sums[-1][:, :half] + sums[-1][:, half:])
    node = torch.zeros((rows, 1), dtype=torch.long, device=logits.device)
    for level in range(depth):
        below = sums[depth - 1 - level]
        width = below.shape[1] // 2
        left, right = below.gather(1, node).double(), below.gather(1, node + width).double()
        node = torch.where(numbers[:, level : level + 1] * (left + right) < left, node, node + width)
    return node[:, 0]


def _cut(logits: Any, sampling: Sampling) -> Any:
    """Top-k, then top-p, as every engine orders them; each off by 0 and by 1."""
    import torch

    if sampling.top_k > 0:
        kept = logits.topk(min(sampling.top_k, logits.shape[1]), dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < kept, -torch.inf)
    if sampling.top_p < 1.0:
        ordered, where = logits.sort(dim=-1, descending=True)
        shares = torch.softmax(ordered, dim=-1)
        # A token stays while those before it hold less than top_p: so the first always stays.
        gone = shares.cumsum(dim=-1) - shares >= sampling.top_p
        logits = logits.masked_fill(torch.zeros_like(gone).scatter(1, where, gone), -torch.inf)
    return logits

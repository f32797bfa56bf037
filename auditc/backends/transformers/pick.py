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

    probabilities = torch.softmax(cut(logits.float() / sampling.temperature, sampling), dim=-1)
    sums = _halved(probabilities)
    return _down(sums, numbers)[0][:, 0]


def several(probabilities: Any, numbers: Any) -> Any:
    """Places in each row of `probabilities`, drawn one after the other and none twice, in the order of drawing; -1
    where nothing probable is left. `numbers` are [rows, draws, at least levels]."""
    import torch

    sums = _halved(probabilities)
    drawn = []
    for draw in range(numbers.shape[1]):
        place, others = _down(sums, numbers[:, draw])
        drawn.append(place.masked_fill(sums[-1] <= 0, -1))
        # What was drawn weighs nothing from now on. Sums are added anew: a difference would leave the rounding behind.
        weight = torch.zeros_like(sums[-1])
        sums[0].scatter_(1, place, weight)
        for level, other in zip(sums[1:], reversed(others), strict=True):
            weight = weight + other
            level.scatter_(1, place % level.shape[1], weight)
    return torch.cat(drawn, 1)


def _halved(probabilities: Any) -> list[Any]:
    """The probabilities, and sums of them for ever fewer parts; the last is the sum of all, [rows, 1]."""
    import torch

    vocabulary = probabilities.shape[1]
    sums = [torch.nn.functional.pad(probabilities, (0, (1 << levels(vocabulary)) - vocabulary))]
    while sums[-1].shape[1] > 1:
        half = sums[-1].shape[1] // 2
        sums.append(sums[-1][:, :half] + sums[-1][:, half:])
    return sums


def _down(sums: list[Any], numbers: Any) -> tuple[Any, list[Any]]:
    """The place that a row's numbers lead to, [rows, 1], and level by level what the half that was left out weighs."""
    import torch

    node = torch.zeros((numbers.shape[0], 1), dtype=torch.long, device=sums[0].device)
    others = []
    for level, below in enumerate(reversed(sums[:-1])):
        width = below.shape[1] // 2
        left, right = below.gather(1, node), below.gather(1, node + width)
        lefts = left.double()
        first = numbers[:, level : level + 1] * (lefts + right.double()) < lefts
        node = torch.where(first, node, node + width)
        others.append(torch.where(first, right, left))
    return node, others


def cut(logits: Any, sampling: Sampling, least: int = 1) -> Any:
    """Top-k, then top-p, as every engine orders them; each off by 0 and by 1. At least `least` tokens stay."""
    import torch

    if sampling.top_k > 0:
        kept = logits.topk(min(max(sampling.top_k, least), logits.shape[1]), dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < kept, -torch.inf)
    if sampling.top_p < 1.0:
        ordered, where = logits.sort(dim=-1, descending=True)
        shares = torch.softmax(ordered, dim=-1)
        # A token stays while those before it hold less than top_p: so the first always stays.
        gone = shares.cumsum(dim=-1) - shares >= sampling.top_p
        gone[:, :least] = False
        logits = logits.masked_fill(torch.zeros_like(gone).scatter(1, where, gone), -torch.inf)
    return logits

"""Beam search and beam sampling: for each text several beginnings are kept, and those that go on best go on.

The rules are those of the library's `generate` with `length_penalty` 1 and `early_stopping` off (its `_beam_search`):
of all beams' next tokens the best are taken, or drawn without replacement from the softmax of what the beams have
gathered; one that ends counts if it stands among the first as many as there are beams; an ended text is worth its
gathered log-probability divided by its tokens; a text is done when none that goes on can be worth more by now than the
least of as many ended ones. Other than there, each text has its own random numbers and is done by itself, so that it
does not depend on the other texts of its batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditc.backends.transformers import pick
from auditc.backends.transformers.decode import Writer, Written
from auditc.ir.exchange import Sampling

TOGETHER = 1 << 23
"""Tokens are chosen for so many numbers at a time, beams times vocabulary: it bounds the memory that choosing takes."""

Candidate = tuple[float, int, int]
"""(gathered log-probability, beam, token)."""


@dataclass(frozen=True, slots=True)
class _Beam:
    """A beginning, and the logarithm of how probable it is; minus infinity where it only fills a place."""

    score: float
    ids: tuple[int, ...] = ()
    place: int = 0  # whose text, a step ago, it goes on


@dataclass(slots=True)
class _Search:
    """The search for one text. `beams` go on, the best first; `ended` are worth most, by log-probability a token."""

    width: int
    stopped: Callable[[Sequence[int]], bool]
    beams: list[_Beam] = field(default_factory=lambda: [_Beam(0.0)])
    ended: list[tuple[float, Written]] = field(default_factory=list)
    done: bool = False

    def advance(self, candidates: Sequence[Candidate], ends: frozenset[int], last: bool) -> None:
        """Go on by a token. `candidates` stand in the order in which they were taken; after `last` all have ended."""
        going: list[_Beam] = []
        for rank, (score, place, token) in enumerate(candidates):
            before = self.beams[place].ids
            ids = (*before, token)
            stop = token in ends or self.stopped(ids)
            if not stop and not last:
                going.append(_Beam(score, ids, place))
            elif rank < self.width:
                written = Written(before if token in ends else ids, "stop" if stop else "length", len(ids))
                self.ended.append((score / len(ids), written))
        # Sorting keeps equals in their order: what came first stays first.
        self.beams = sorted(going, key=lambda beam: -beam.score)[: self.width]
        self.ended = sorted(self.ended, key=lambda pair: -pair[0])[: self.width]
        if self.beams:
            best = self.beams[0]
            self.done = len(self.ended) == self.width and best.score / len(best.ids) <= self.ended[-1][0]
            self.beams += [_Beam(-math.inf, best.ids, best.place)] * (self.width - len(self.beams))
        else:
            self.done = True


def write_with_beams(
    writer: Writer,
    prompts: Sequence[tuple[int, ...]],
    streams: Sequence[int],
    sampling: Sampling,
    stopped: Callable[[tuple[int, ...], Sequence[int]], bool],
) -> list[Written]:
    """One text for each prompt, in order: the best that its search found. Equal prompts are computed once."""
    import torch

    with torch.inference_mode():
        return _write(writer, prompts, streams, sampling, stopped)


def _write(
    writer: Writer,
    prompts: Sequence[tuple[int, ...]],
    streams: Sequence[int],
    sampling: Sampling,
    stopped: Callable[[tuple[int, ...], Sequence[int]], bool],
) -> list[Written]:
    import torch

    def search(prompt: tuple[int, ...]) -> _Search:
        return _Search(sampling.beams, lambda ids: bool(sampling.stop) and stopped(prompt, ids))

    device = writer.model.device
    state = writer.begin(prompts, sampling.max_new_tokens)
    choose = _Choose(len(writer.ends), sampling, state.logits.shape[1], streams)
    searches = [search(prompt) for prompt in prompts]
    rows = list(range(len(prompts)))  # which request each row of the batch, or each `width` rows of it, is
    width = 1
    for step in range(sampling.max_new_tokens):
        live = [place for place, row in enumerate(rows) if not searches[row].done]
        scores = torch.tensor([[beam.score for beam in searches[rows[place]].beams] for place in live], device=device)
        logits = state.logits.view(len(rows), width, -1)
        found = choose(logits, live, scores, [rows[place] for place in live], step)
        for place, candidates in zip(live, found, strict=True):
            searches[rows[place]].advance(candidates, writer.ends, step + 1 == sampling.max_new_tokens)
        live = [place for place in live if not searches[rows[place]].done]
        if not live:
            break
        # Moving prompts costs about as much as a few dead rows do; beams of one prompt change places without it.
        moved = width == 1 or len(live) * 4 <= len(rows) * 3
        held = live if moved else range(len(rows))
        alive = set(live)
        beams = [
            [(place * width + beam.place, beam.ids[-1]) for beam in searches[rows[place]].beams]
            if place in alive
            else [(place * width + number, 0) for number in range(width)]
            for place in held
        ]
        flat = torch.tensor([beam for row in beams for beam in row], device=device)
        if moved:
            state.keep(flat[:, 0])
            rows, width = [rows[place] for place in live], sampling.beams
        else:
            state.swap(flat[:, 0])
        state.step(writer.model, flat[:, 1])
    return [max(search.ended, key=lambda pair: pair[0])[1] for search in searches]


class _Choose:
    """Takes the next tokens of all beams of a text together."""

    def __init__(self, ends: int, sampling: Sampling, vocabulary: int, streams: Sequence[int]) -> None:
        import numpy
        import torch

        self._sampling = sampling
        # So many that enough go on even if the ones before them end.
        self._least = max(2, 1 + ends)
        self._count = self._least * sampling.beams
        self._numbers = torch.empty(0)
        if sampling.sample:
            shape = (sampling.max_new_tokens, self._count, -1)
            drawn = [
                pick.randoms(stream, shape[0] * shape[1], sampling.beams * vocabulary).reshape(shape)
                for stream in streams
            ]
            self._numbers = torch.from_numpy(numpy.stack(drawn))

    def __call__(
        self, logits: Any, live: Sequence[int], scores: Any, rows: Sequence[int], step: int
    ) -> list[list[Candidate]]:
        """For each live place of `logits`, [places, beams, vocabulary], what may come next; `scores` are of the live
        places, [live, beams], and `rows` the requests that these are."""
        found: list[list[Candidate]] = []
        size = max(1, TOGETHER // (logits.shape[1] * logits.shape[2]))
        for begin in range(0, len(live), size):
            part = slice(begin, begin + size)
            numbers = self._numbers[rows[part], step].to(logits.device) if self._sampling.sample else None
            found += self._some(logits[live[part]], scores[part], numbers)
        return found

    def _some(self, logits: Any, scores: Any, numbers: Any) -> list[list[Candidate]]:
        import torch

        rows, width, vocabulary = logits.shape
        gathered = torch.log_softmax(logits.float(), dim=-1)
        if self._sampling.sample:
            heated = (gathered / self._sampling.temperature).view(rows * width, vocabulary)
            gathered = pick.cut(heated, self._sampling, self._least).view(rows, width, vocabulary)
        gathered = (gathered + scores[:, :, None]).view(rows, width * vocabulary)
        if self._sampling.sample:
            where = pick.several(torch.softmax(gathered, dim=-1), numbers)
        else:
            where = gathered.topk(min(self._count, width * vocabulary), dim=-1).indices
        values = gathered.gather(1, where.clamp(min=0)).masked_fill(where < 0, -torch.inf)
        return [
            # What is impossible was taken for want of anything else.
            [(score, at // vocabulary, at % vocabulary) for score, at in zip(*pair, strict=True) if score > -math.inf]
            for pair in zip(values.tolist(), where.tolist(), strict=True)
        ]

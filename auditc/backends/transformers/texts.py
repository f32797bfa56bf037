"""From tokens back to words: what a row wrote, up to its first stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.backends._prompts import Fed, decoded, text
from auditc.backends.transformers.beams import write_with_beams
from auditc.backends.transformers.decode import Writer
from auditc.ir.exchange import GenerateReply, Sampling


def write(
    writer: Writer, tokenizer: Any, feds: Sequence[Fed], streams: Sequence[int], sampling: Sampling
) -> list[GenerateReply]:
    """A text for each prompt, by beams or row by row."""
    prompts = [fed.ids for fed in feds]
    # A character is at most four tokens, so a stop string that has just been completed lies within these.
    reach = 4 * max((len(stop) for stop in sampling.stop), default=0) + 4

    def stopped(prompt: tuple[int, ...], ids: Sequence[int]) -> bool:
        end = decoded(tokenizer, ids[-reach:]) if len(ids) > reach else text(tokenizer, prompt, ids)
        return any(stop in end for stop in sampling.stop)

    if sampling.beams > 1:
        written = write_with_beams(writer, prompts, streams, sampling, stopped)
    else:
        written = writer.write(prompts, streams, sampling, stopped)
    replies = []
    for fed, row in zip(feds, written, strict=True):
        words = text(tokenizer, fed.ids, row.ids)
        cuts = [at for stop in sampling.stop if (at := words.find(stop)) >= 0]
        finished = "stop" if cuts else row.finished
        replies.append(GenerateReply(words[: min(cuts)] if cuts else words, len(fed.ids), row.steps, finished))
    return replies

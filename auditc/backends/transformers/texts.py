"""From tokens back to words: what a row wrote, up to its first stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditc.backends.transformers.beams import write_with_beams
from auditc.backends.transformers.decode import Writer
from auditc.backends.transformers.prompts import Fed
from auditc.ir.exchange import GenerateReply, Sampling


def write(
    writer: Writer, tokenizer: Any, feds: Sequence[Fed], streams: Sequence[int], sampling: Sampling
) -> list[GenerateReply]:
    """A text for each prompt, by beams or row by row."""
    prompts = [fed.ids for fed in feds]
    # A character is at most four tokens, so a stop string that has just been completed lies within these.
    reach = 4 * max((len(stop) for stop in sampling.stop), default=0) + 4

    def stopped(prompt: tuple[int, ...], ids: Sequence[int]) -> bool:
        end = _decode(tokenizer, ids[-reach:]) if len(ids) > reach else text(tokenizer, prompt, ids)
        return any(stop in end for stop in sampling.stop)

    if sampling.beams > 1:
        written = write_with_beams(writer.model, tokenizer, writer.ends, prompts, streams, sampling)
    else:
        written = writer.write(prompts, streams, sampling, stopped)
    replies = []
    for fed, row in zip(feds, written, strict=True):
        words = text(tokenizer, fed.ids, row.ids)
        cuts = [at for stop in sampling.stop if (at := words.find(stop)) >= 0]
        finished = "stop" if cuts else row.finished
        replies.append(GenerateReply(words[: min(cuts)] if cuts else words, len(fed.ids), row.steps, finished))
    return replies


def text(tokenizer: Any, prompt: Sequence[int], ids: Sequence[int]) -> str:
    """What `ids` add to the prompt. Decoded together with its end: some tokenizers drop a space at the beginning."""
    before = _decode(tokenizer, prompt[-4:])
    after = _decode(tokenizer, [*prompt[-4:], *ids])
    return after[len(before) :] if after.startswith(before) else _decode(tokenizer, ids)


def _decode(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

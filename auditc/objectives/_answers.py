"""From how people share out to single answers and pairs of them, by hash of the seed; from written texts to tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, combinations
from typing import Any

from auditc.ir.canonical import seeded
from auditc.ir.exchange import Failure, Prompt, Turn
from auditc.ir.training import Example, NotTrained

from ._contract import Trainee

WHOLE = 1 << 64


def answers(example: Example, number: int, seed: int) -> list[int]:
    """Positions of the options that so many people answer, out of a population that shares out as the example says.

    Drawn at even steps from a random start (systematic sampling; Madow and Madow, 1944): an option's count is its share
    of `number`, rounded up or down, and its share in the mean. Plain draws would add the noise of drawing to that of
    rounding; rounding by largest remainder would never have anyone choose what few choose.
    """
    start = seeded("answers", seed, *_cell(example)) / WHOLE
    ends = list(accumulate(example.shares))
    last = max(place for place, share in enumerate(example.shares) if share)
    return [min(bisect_right(ends, (start + n) / number * ends[-1]), last) for n in range(number)]


def pairs(example: Example, number: int, seed: int) -> list[tuple[int, int]]:
    """So many pairs of positions, the chosen one first. All pairs of options come in turn, in an order by hash, but
    those that nobody chooses at all; a is chosen over b with the probability s_a / (s_a + s_b) (Bradley and Terry,
    1952)."""
    shares, cell = example.shares, _cell(example)
    every = [two for two in combinations(range(len(shares)), 2) if shares[two[0]] + shares[two[1]] > 0]
    every.sort(key=lambda two: seeded("pairs", seed, *cell, *two))
    found: list[tuple[int, int]] = []
    for n in range(number if every else 0):
        a, b = every[n % len(every)]
        chance = seeded("chosen", seed, *cell, a, b, n) / WHOLE
        found.append((a, b) if chance * (shares[a] + shares[b]) < shares[a] else (b, a))
    return found


def _cell(example: Example) -> tuple[str, ...]:
    hint = example.request.hint
    return (hint.item, hint.population, ",".join(map(str, hint.order)))


def texts(prompts: Sequence[str], written: Sequence[Sequence[str]], trainee: Trainee) -> list[list[list[int]]]:
    """For each prompt its tokens, as the model is fed a person's message, and those of each text written after it, with
    the token that ends a text. `written` [texts of a prompt][prompts]. Raises NotTrained that names the rows that do
    not fit."""
    fed = trainee.feed([Prompt((Turn("user", prompt),)) for prompt in prompts])
    end = trainee.tokenizer.eos_token_id
    after = [
        [list(ids) + ([] if end is None else [end]) for ids in _tokens(column, trainee.tokenizer)] for column in written
    ]
    window = getattr(trainee.model.config.get_text_config(), "max_position_embeddings", None)
    rows: list[list[list[int]]] = []
    bad: dict[str, list[int]] = {}
    for number, prompt in enumerate(fed):
        given = [column[number] for column in after]
        if isinstance(prompt, Failure):
            bad.setdefault(prompt.reason, []).append(number + 1)
        elif window is not None and len(prompt) + max(map(len, given)) > window:
            bad.setdefault("too_long", []).append(number + 1)
        else:
            rows.append([list(prompt), *given])
    for reason, numbers in sorted(bad.items(), reverse=True):
        listed = ", ".join(map(str, numbers))
        if reason == "too_long":
            raise NotTrained(
                "too_long", f"rows {listed} do not fit into the model's window of {window} tokens", "Shorten them."
            )
        raise NotTrained("engine", f"the prompts of rows {listed} cannot be put to the model")
    return rows


def _tokens(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    return list(tokenizer(list(texts), add_special_tokens=False)["input_ids"]) if texts else []

"""Changes to inputs that know what a spec and a table are made of: words, signs, texts, cells and lines.

Random bytes hardly ever get past the first token; these do, and so reach the rules behind the grammar.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

_PIECE = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[^\W\d]\w*|[0-9][\w.%]*|\s+|\.\.|[<>=!]=|.')

WORDS: Final = (
    *("audit", "import", "as", "model", "population", "persona", "survey", "let", "claim", "report", "budget"),
    *("first_token", "def_survey", "on", "off", "not", "and", "or", "each", "mean", "over", "where", "sample", "items"),
    *("csv", "jsonl", "env", "hf", "package", "folder", "simulated", "transformers", "holm", "nominal", "scale", "us"),
    *("title", "version", "seed", "ask", "of", "prompt", "en", "zh", "country", "by", "weight", "says", "holds"),
    *("{", "}", "[", "]", "(", ")", "=", ",", ".", "..", "+", "-", "*", "/", "<", ">", "<=", ">=", "==", "!=", '"'),
    *('"""', "#", "\n", "\r", "\t", "\\", "'", "“", "”", "，", "＝", "｛", ":", ";", "|", "//", "/*", "*/", "://"),
    *("0", "1", "2.5", "1%", "20M", "30min", "1..5", "5..1", "9" * 16, "1e5", "-0", "0.5|0.5", "true", "null"),
    *('""', '"a"', '"{{ country }}"', '"{% if x %}"', '"\\u{41}"', "中国", "größe", "e\u0301", "\u200b", "\ufeff"),
    *("\x00", "\x1b[31m", "\u2028", "\u202e", "٣", "²", "nan", "inf", "1e400", "=1+1", "\\ud800", "{}", '{"id": 1}'),
)


def pieces(data: bytes) -> list[str]:
    """Words, signs, texts and blanks; together they are the input again."""
    return _PIECE.findall(data.decode("utf-8", "surrogateescape"))


def mutate(
    data: bytes, most: int, seed: int, others: Sequence[list[str]], plain: Callable[[bytes, int], bytes]
) -> bytes:
    """One to four changes to an input, or what `plain`, a mutator of bytes, makes of it; at most `most` bytes.

    `others` are other inputs, in pieces.
    """
    rng = random.Random(seed)
    if rng.random() < 0.2:
        return plain(data, most)
    found = pieces(data) or [""]
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        found = _STEPS[rng.randrange(len(_STEPS))](found, rng, others) or [""]
    return "".join(found).encode("utf-8", "surrogateescape")[:most]


def _drop(found: list[str], rng: random.Random, _: Sequence[list[str]]) -> list[str]:
    place, count = rng.randrange(len(found)), rng.choice((1, 1, 1, 2, 8))
    return found[:place] + found[place + count :]


def _double(found: list[str], rng: random.Random, _: Sequence[list[str]]) -> list[str]:
    place, count = rng.randrange(len(found)), rng.choice((1, 2, 8, 40))
    return found[: place + count] + found[place : place + count] * rng.choice((1, 1, 3, 30)) + found[place + count :]


def _swap(found: list[str], rng: random.Random, _: Sequence[list[str]]) -> list[str]:
    one, other = rng.randrange(len(found)), rng.randrange(len(found))
    changed = list(found)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def _put(found: list[str], rng: random.Random, _: Sequence[list[str]]) -> list[str]:
    place = rng.randrange(len(found) + 1)
    return [*found[:place], rng.choice(WORDS), *found[place + rng.randrange(2) :]]


def _misspell(found: list[str], rng: random.Random, _: Sequence[list[str]]) -> list[str]:
    place = rng.randrange(len(found))
    word = found[place]
    at = rng.randrange(len(word) + 1)
    return [*found[:place], word[:at] + rng.choice(("", "x", "_", "1", " ", '"')) + word[at + 1 :], *found[place + 1 :]]


def _graft(found: list[str], rng: random.Random, others: Sequence[list[str]]) -> list[str]:
    """A stretch of another input."""
    if not others:
        return found
    other = rng.choice(others) or [""]
    place, start = rng.randrange(len(found) + 1), rng.randrange(len(other))
    return [*found[:place], *other[start : start + rng.choice((1, 4, 20, 100))], *found[place + rng.randrange(4) :]]


_STEPS: Final = (_drop, _double, _swap, _put, _put, _misspell, _graft)

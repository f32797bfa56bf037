"""Slips of authors: the examples with one word deleted, swapped with its neighbour or misspelt, and what is said of it.

    python -m tests.compiler.mutants [--count 300]

Prints how many get a diagnostic on the line of the slip, those that do not, and those that remain sound specs; these
are left out of the count, for nothing could be said of them. Words in texts and comments are left alone.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Severity, Sink, SpecRejected
from tests.fuzz.seeds import specs

_PIECE = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|(?P<word>[^\W\d]\w*)')
WAYS: Final = ("deleted", "swapped", "misspelt")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A spec with one slip in it, the lines that it touches, and the slip in words."""

    spec: Path
    text: str
    lines: frozenset[int]
    slip: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant and what checking it said: the lines of errors, and codes with lines for a reader."""

    mutant: Mutant
    errors: tuple[int, ...]
    said: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.errors

    @property
    def found(self) -> bool:
        return bool(self.mutant.lines & set(self.errors))


def mutants(spec: Path, seed: int) -> Iterator[Mutant]:
    """Every slip of one word in a spec, each once, in an order given by the seed."""
    text = spec.read_text(encoding="utf-8")
    words = [match for match in _PIECE.finditer(text) if match["word"]]
    rng = random.Random(seed)
    slips = [(way, index) for way in WAYS for index in range(len(words))]
    rng.shuffle(slips)
    for way, index in slips:
        word = words[index]
        lines = {text.count("\n", 0, word.start()) + 1}
        if way == "deleted":
            changed, slip = text[: word.start()] + text[word.end() :], f"`{word[0]}` deleted"
        elif way == "misspelt":
            wrong = misspelt(word[0], rng)
            changed, slip = text[: word.start()] + wrong + text[word.end() :], f"`{word[0]}` misspelt `{wrong}`"
        else:
            if index + 1 == len(words) or words[index + 1][0] == word[0]:
                continue
            other = words[index + 1]
            lines.add(text.count("\n", 0, other.start()) + 1)
            between = text[word.end() : other.start()]
            changed = text[: word.start()] + other[0] + between + word[0] + text[other.end() :]
            slip = f"`{word[0]}` swapped with `{other[0]}`"
        yield Mutant(spec, changed, frozenset(lines), slip)


def misspelt(word: str, rng: random.Random) -> str:
    """The word with a letter left out, doubled or wrong, or with two that changed places; never the word itself."""
    while True:
        at = rng.randrange(len(word))
        letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
        pair = word[at : at + 2][::-1]
        wrong = rng.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + pair + word[at + 2 :],
            )
        )
        if wrong and wrong != word and not wrong[0].isdigit():
            return wrong


def judged(count: int, folder: Path, seed: int = 0) -> tuple[list[Judged], list[Judged]]:
    """`count` mutants of the examples and the starter that are no sound specs any more, and the sound ones met.

    Each spec gives about as many as any other.
    """
    sources = [(spec, copied(spec, folder / str(number))) for number, spec in enumerate(specs())]
    streams = [(copy, mutants(spec, seed + number)) for number, (spec, copy) in enumerate(sources)]
    wrong: list[Judged] = []
    sound: list[Judged] = []
    while len(wrong) < count and streams:
        for copy, stream in list(streams):
            mutant = next(stream, None)
            if mutant is None:
                streams.remove((copy, stream))
            elif len(wrong) < count:
                result = judge(mutant, copy)
                (sound if result.sound else wrong).append(result)
    return wrong, sound


def copied(spec: Path, folder: Path) -> Path:
    """The spec in a folder of its own, with all that lies beside it."""
    shutil.copytree(spec.parent, folder, ignore=shutil.ignore_patterns(".auditc", "__pycache__"))
    return folder / spec.name


def judge(mutant: Mutant, copy: Path) -> Judged:
    before = copy.read_bytes()
    copy.write_text(mutant.text, encoding="utf-8")
    sink = Sink()
    try:
        with suppress(SpecRejected):
            check_spec(copy, sink)
    finally:
        copy.write_bytes(before)
    errors = [d for d in sink.sorted() if d.severity is Severity.ERROR]
    own = tuple(d.primary.span.line for d in errors if d.primary.span.source.name == copy.name)
    return Judged(mutant, own or ((0,) if errors else ()), tuple(f"{d.code}:{d.primary.span.line}" for d in errors))


def lines_of(results: Iterable[Judged]) -> Iterator[str]:
    for result in results:
        where = ", ".join(map(str, sorted(result.mutant.lines)))
        yield f"  {result.mutant.spec.name}:{where}: {result.mutant.slip} -> {' '.join(result.said) or 'sound'}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Slips of authors, and whether they are told where they slipped.")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong, sound = judged(options.count, Path(folder), options.seed)
    missed = [result for result in wrong if not result.found]
    print(f"{len(wrong) - len(missed)} of {len(wrong)} are told on the line of the slip. The others:")
    print("\n".join(lines_of(missed)))
    print(f"Left out, for they are sound: {len(sound)}")
    print("\n".join(lines_of(sound)))


if __name__ == "__main__":
    main()

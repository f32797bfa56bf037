"""How often the reader is right, on answers labelled one by one; docs/parser.md shows what this file finds."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditc.methods import methods

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "parser.md"
KINDS = ("the same option", "another option", "refused", "unparsable")


@dataclass(frozen=True, slots=True)
class Row:
    """One text; `label` and `read` are a 1-based option, `refused` or `unparsable`."""

    group: str
    seen: bool
    """Whether the text is of the half that was looked at while the reader was improved."""
    label: int | str
    read: int | str

    @property
    def kind(self) -> str:
        if isinstance(self.read, str):
            return self.read
        return KINDS[0] if self.read == self.label else KINDS[1]


def seen(name: str) -> bool:
    """The half of a text, by its name alone."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def rows(file: str) -> list[Row]:
    read = methods.take("def_survey").read
    found = []
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        options, language = tuple(given["options"]), given["language"]
        assert isinstance(given["label"], str) or 1 <= given["label"] <= len(options)
        reading = read(given["text"], options, language)
        found.append(
            Row(
                group=f"{given.get('model', 'made up later' if given.get('later') else 'made up')}, {language}",
                seen=seen(given.get("id", given["text"])),
                label=given["label"],
                read=reading.reason if reading.option is None else reading.option + 1,
            )
        )
    return found


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, hits / of
    middle, reach = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - reach) / (1 + z * z / of)), min(1.0, (middle + reach) / (1 + z * z / of))


def right(some: list[Row]) -> tuple[int, int]:
    return sum(row.label == row.read for row in some), len(some)


def wrong(some: list[Row]) -> tuple[int, int]:
    """Read as an option that is not the label, of all: the error that enters the figures unseen."""
    return sum(row.kind == KINDS[1] for row in some), len(some)


def missed(some: list[Row]) -> tuple[int, int]:
    """Not read as an option, of those labelled with one."""
    chosen = [row for row in some if isinstance(row.label, int)]
    return sum(isinstance(row.read, str) for row in chosen), len(chosen)


def share(of: tuple[int, int]) -> str:
    if not of[1]:
        return "none"
    low, high = wilson(*of)
    return f"{100 * of[0] / of[1]:.1f} % ({100 * low:.1f} to {100 * high:.1f}; {of[0]} of {of[1]})"


def groups(some: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    some = list(some)
    for name in sorted({row.group for row in some}):
        yield name, [row for row in some if row.group == name]
    yield "all", some


def confusion(some: list[Row]) -> Iterator[str]:
    yield f"| | labelled | {' | '.join(f'read: {kind}' for kind in KINDS)} |"
    yield "|---|---|---|---|---|---|"
    for name, group in groups(some):
        for label in ("an option", "refused", "unparsable"):
            kinds = Counter(
                row.kind for row in group if (row.label if isinstance(row.label, str) else "an option") == label
            )
            if kinds:
                yield f"| {name} | {label} | {' | '.join(str(kinds[kind]) for kind in KINDS)} |"


def figures(some: list[Row], by: Callable[[list[Row]], Iterable[tuple[str, list[Row]]]] = groups) -> Iterator[str]:
    yield "| | right | wrong option | missed |"
    yield "|---|---|---|---|"
    for name, group in by(some):
        yield f"| {name} | {share(right(group))} | {share(wrong(group))} | {share(missed(group))} |"


def halves(some: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    yield "looked at", [row for row in some if row.seen]
    yield "measured at the end only", [row for row in some if not row.seen]


def rates(some: list[Row]) -> Iterator[str]:
    yield "| | labelled with an option | read as an option | of the labelled, the first | of the read, the first |"
    yield "|---|---|---|---|---|"
    for name, group in groups(some):
        of = [[value for row in group if isinstance(value := getattr(row, side), int)] for side in ("label", "read")]
        whole = " | ".join(f"{len(options) / len(group):.3f}" for options in of)
        first = " | ".join(f"{options.count(1) / len(options):.3f}" for options in of)
        yield f"| {name} | {whole} | {first} |"


def tables() -> dict[str, list[str]]:
    answers, refusals = rows("answers.jsonl"), rows("refusals.jsonl")
    return {
        "confusion": list(confusion(answers)),
        "figures": list(figures(answers)),
        "halves": list(figures(answers, halves)),
        "rates": list(rates(answers)),
        "refusals": [*confusion(refusals), "", *figures(refusals)],
    }


def test_the_page_shows_what_the_reader_does_now(golden: Callable[[Path, str], None]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in tables().items():
        begin, end = f"<!-- table {name} -->\n", "<!-- end -->"
        assert begin in text, f"docs/parser.md has no place for the table {name}"
        before, rest = text.split(begin, 1)
        text = before + begin + "\n".join(lines) + "\n" + rest[rest.index(end) :]
    golden(PAGE, text)


def test_there_are_enough_answers_of_every_model_in_both_languages() -> None:
    sizes = {name: len(group) for name, group in groups(rows("answers.jsonl"))}
    assert sizes["all"] >= 360
    assert all(sizes[f"{model}, {language}"] >= 85 for model in ("gemma3", "smollm2") for language in ("en", "zh"))
    assert len(rows("refusals.jsonl")) >= 60


@pytest.mark.parametrize(("half", "bound"), [(True, 0.04), (False, 0.06)], ids=["looked at", "measured only"])
def test_an_option_that_was_not_chosen_is_seldom_read(half: bool, bound: float) -> None:
    hits, of = wrong([row for row in rows("answers.jsonl") if row.seen is half])
    assert hits / of <= bound


def test_no_option_is_ever_read_as_another() -> None:
    """Where the reader errs, it takes a text for an answer that is none; it does not mistake one answer for another."""
    for row in rows("answers.jsonl") + rows("refusals.jsonl"):
        assert not (isinstance(row.label, int) and isinstance(row.read, int) and row.label != row.read)


def test_no_refusal_is_read_as_an_option_and_no_answer_as_a_refusal() -> None:
    for row in rows("refusals.jsonl"):
        assert not (row.label == "refused" and isinstance(row.read, int))
        assert not (isinstance(row.label, int) and row.read == "refused")

"""Specs and data with random faults: the compiler answers with diagnostics or a plan, and says where a slip is."""

from __future__ import annotations

import contextlib
import random
import re
from pathlib import Path

import pytest

from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink, SpecRejected
from auditc.diagnostics.render import render
from tests.compiler.mutants import judged, lines_of
from tests.compiler.test_plans import everything

_VALUE = re.compile(r'(?<![=!<>])= *("[^"\n]*"|\[[^\]\n]*\]|[\w.%]+(?:\([^)\n]*\))?)')
_WORD = re.compile(r"\b[a-z_]{2,}\b")
_CELL = re.compile(r"[^,\n]*")
VALUES = [
    *("-1", "0", "2.5", "1%", "20M", "30m", "30s", "1..5", "5..1", "99999999999999999999", "on", '""', '"a"', "[]"),
    *("nothing", "us", "people.us", "people", "nobody.us", "fewest", "half / 0", "fewest - 1%", "[[us]]", '[1, "a"]'),
    *(
        "[us, us]",
        'env("KEY")',
        'csv("items.csv")',
        'csv("none.csv")',
        'csv("../a.csv")',
        "csv()",
        'jsonl("items.csv")',
    ),
    *('hf("a")', 'hf("a/b", revision = "main")', 'package(name = "x")', "simulated { }", "transformers { dtype = x }"),
    *("values.where(scale == x)", "values.where()", "values.sample(99)", "values.items(Q1).sample(1)", "values.x(1)"),
    *("opinions.jsd", "opinions.jsd == 1", "1 > 2", "opinions.jsd[us] > 1", "mean(opinions.jsd, over = []) > 1"),
    *("each(opinions.jsd, over = model) > 0.5", "opinions.kl > 1", '"""{{ country """', '"""{{ nobody }}"""'),
]
CELLS = [
    "",
    '"',
    "a|b",
    "0.5|0.5",
    "|",
    "\n",
    "-1",
    "1e400",
    "nan",
    '"x"y',
    "Q9",
    "China",
    "9" * 5000,
    "\x00",
    "٣",
    "²",
]


def mutated(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.choice(list(_VALUE.finditer(text)))
        text = text[: place.start(1)] + rng.choice(VALUES) + text[place.end(1) :]
    if rng.random() < 0.3:
        place = rng.choice(list(_WORD.finditer(text)))
        drop = rng.randrange(place.start(), place.end())
        text = text[:drop] + text[drop + 1 :]
    return text


@pytest.mark.parametrize("seed", range(60))
def test_no_fault_makes_the_compiler_fail(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = everything(tmp_path)
    path.write_text(mutated(path.read_text(encoding="utf-8"), rng), encoding="utf-8")
    if rng.random() < 0.5:
        data = rng.choice(sorted(tmp_path.glob("*.csv")))
        text = data.read_text(encoding="utf-8")
        cell = rng.choice(list(_CELL.finditer(text)))
        data.write_text(text[: cell.start()] + rng.choice(CELLS) + text[cell.end() :], encoding="utf-8")
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        compile_spec(path, sink)
    assert str(tmp_path) not in render(sink.sorted(), colour=False)


def test_nine_slips_of_ten_are_told_where_they_are(tmp_path: Path) -> None:
    wrong, _ = judged(200, tmp_path)
    missed = [result for result in wrong if not result.found]
    assert len(wrong) == 200
    assert len(missed) <= 20, "\n".join(lines_of(missed))

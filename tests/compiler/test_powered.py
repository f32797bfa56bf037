"""Claims that a model which answers like people would too often not bear out: what is said of them, and when."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from auditc.api.specs import best_case
from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from tests.compiler.fragments import completed, lay

BLOCK = "def_survey c { ask = values  of = [sim]  as = [us, cn]  draws = %d  kl { } }\n"


def weak(holds: str, folder: Path, draws: int = 50, more: str = "", estimand: str = "these_items") -> list[Diagnostic]:
    """What is said of too little power for a claim."""
    claim = f'claim near {{ says = "s"  holds = {holds}  estimand = {estimand} }}\n'
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(claim + BLOCK % draws + more)), sink, best_case)
    return [d for d in sink.sorted() if d.code == "AC422"]


def often(found: list[Diagnostic]) -> int:
    (one,) = found
    said = re.search(r"in (\d+) of 100 runs", one.primary.text)
    assert said is not None
    return int(said[1])


def test_a_claim_that_half_of_the_runs_bear_out_is_warned_of(tmp_path: Path) -> None:
    chances = [(t, weak(f"c.kl[population = us] < {t}", tmp_path)) for t in (0.01, 0.02, 0.03, 0.04, 0.05, 0.3)]
    assert chances[-1][1] == []
    counts = [often(found) for _, found in chances if found]
    assert counts == sorted(counts) and counts[-1] < 80 and any(30 < count < 80 for count in counts)


def test_no_figure_is_less_than_nothing_by_rounding(tmp_path: Path) -> None:
    for draws in (100, 200, 300, 400):
        (found,) = weak("c.kl[population = us] < 0.001", tmp_path, draws)
        assert "comes to 0.00 and" in found.primary.text


def test_correction_is_counted_at_its_worst(tmp_path: Path) -> None:
    holds = "c.kl[population = us] < 0.05"
    many = "".join(
        f'claim c{n} {{ says = "s"  holds = each(opinions.jsd, over = population) > 0.{n}  estimand = these_items }}\n'
        for n in range(10, 30)
    )
    apart = 'audit a { title = "t"  version = "1"  seed = 1  correct = none }\n'
    assert weak(holds, tmp_path) == [] == weak(holds, tmp_path, more=many + apart)
    assert often(weak(holds, tmp_path, more=many)) < 80


def test_a_mean_over_populations_is_surer_than_each(tmp_path: Path) -> None:
    each = weak("each(c.kl, over = population) < 0.03", tmp_path)
    mean = weak("mean(c.kl, over = population) < 0.03", tmp_path)
    assert each and (not mean or often(mean) > often(each))
    assert weak("mean(c.kl + 1, over = population) < 0.03", tmp_path) == []  # AC420 says that it never holds


def test_copies_add_no_power(tmp_path: Path) -> None:
    copies = BLOCK.replace("draws", "sampling = [off]  beams = 1..2  memory = 0..0  draws")
    fr = 'population fr { country = "United States"  language = en }\n'
    block = (copies % 400).replace("_survey c", "_survey d").replace("us, cn", "fr")
    (found,) = weak("d.kl[population = fr] < 0.5", tmp_path, more=fr + block)
    assert "with 2 draws" in found.primary.text

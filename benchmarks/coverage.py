"""Measures what docs/benchmarks/statistics.md prints: bias, coverage and false alarms, on simulated audits.

    python benchmarks/coverage.py [--repetitions 2000] [--judge]

With `--judge`, only the table of judges whose errors are corrected.

Uses the shares of the file that AUDITC_WVS_REFERENCE names, if any, beside the synthetic ones. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.calibration import simulations as sim
from tests.calibration.groups import own_shares
from tests.calibration.judging import recovered

KINDS = ("human-like", "favourite", "sharpened", "flattened", "uniform", "peaked")


def main() -> None:
    """Prints every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--judge", action="store_true")
    options = parser.parse_args()
    repetitions = options.repetitions
    if options.judge:
        judges(repetitions)
        return
    pools = {"examples/us_cn, United States": own_shares(), "synthetic shares": sim.synthetic()}
    real = sim.reference()
    if real is not None:
        pools["World Values Survey, wave 7, United States"] = real
    for name, pool in pools.items():
        print(f"\n## {name}\n\n{len(pool)} items, {pool.options.sum(1).mean():.1f} options on average.")
        estimators(pool)
        drawn(pool, repetitions)
        these(pool, repetitions)
        exact(pool, repetitions)
    alarms(pools["synthetic shares"], repetitions)
    judges(repetitions)


def estimators(pool: sim.Pool) -> None:
    print("\n### Bias of the estimate, 20 draws\n")
    rows = []
    for metric in ("kl", "jsd", "emd"):
        for kind in KINDS:
            found = sim.estimator_means(metric, pool, kind, draws=20, repetitions=200)
            rows.append([metric, kind, *(f"{found[which]:.3f}" for which in ("truth", "plug-in", "jackknife"))])
    _table(("metric", "model", "truth", "plug-in", "jackknife"), rows)
    print("\n### What is left of it for a model that answers as people do\n")
    rows = []
    for metric in ("kl", "jsd", "emd"):
        left = []
        for draws in (10, 20, 50, 100):
            found = sim.estimator_means(metric, pool, "human-like", draws=draws, repetitions=200)
            left.append(f"{found['jackknife'] - found['truth']:+.3f}")
        rows.append([metric, *left])
    _table(("metric", "10 draws", "20", "50", "100"), rows)


def drawn(pool: sim.Pool, repetitions: int) -> None:
    print("\n### Coverage of 95 % intervals for items like these, drawn answers\n")
    print("Participants' answers correlate 0.3; half-widths in brackets.\n")
    designs = [
        ("kl", 15, 20, "human-like", 1),
        ("kl", 15, 20, "sharpened", 1),
        ("kl", 30, 20, "sharpened", 1),
        ("kl", 60, 20, "sharpened", 1),
        ("kl", 60, 20, "peaked", 1),
        ("kl", 15, 50, "shifted", 1),
        ("kl", 60, 50, "shifted", 1),
        ("kl", 30, 50, "human-like", 1),
        ("kl", 30, 50, "sharpened", 1),
        ("kl", 30, 50, "flattened", 1),
        ("kl", 30, 50, "uniform", 1),
        ("kl", 30, 50, "peaked", 1),
        ("kl", 64, 50, "flattened", 8),
        ("jsd", 30, 50, "sharpened", 1),
        ("jsd", 30, 50, "shifted", 1),
        ("emd", 30, 50, "sharpened", 1),
        ("emd", 30, 50, "shifted", 1),
    ]
    which = ("default", "sum of both", "draws only", "items only")
    rows = []
    for metric, items, draws, kind, dimensions in designs:
        found = sim.drawn_coverage(
            metric, pool, kind, items=items, draws=draws, person=0.3, dimensions=dimensions, repetitions=repetitions
        )
        rows.append([metric, str(items), str(dimensions), str(draws), kind, *(_cell(found[one]) for one in which)])
    names = ("default", "sum of both (claims)", "draws only", "items only")
    _table(("metric", "items", "dimensions", "draws", "model", *names), rows)


def these(pool: sim.Pool, repetitions: int) -> None:
    print("\n### Coverage for these items, jackknife over draws\n")
    rows = []
    for items, draws, kind in (
        (8, 10, "sharpened"),
        (8, 20, "sharpened"),
        (30, 20, "sharpened"),
        (30, 50, "sharpened"),
    ):
        found = sim.drawn_coverage(
            "kl", pool, kind, items=items, draws=draws, person=0.3, repetitions=repetitions, estimand="these items"
        )
        rows.append([str(items), str(draws), kind, _cell(found["default"])])
    _table(("items", "draws", "model", "covered"), rows)


def exact(pool: sim.Pool, repetitions: int) -> None:
    print("\n### Coverage for exact probabilities\n")
    rows = []
    for metric, kind in (
        ("kl", "sharpened"),
        ("kl", "uniform"),
        ("kl", "shifted"),
        ("jsd", "sharpened"),
        ("jsd", "shifted"),
    ):
        for items, dimensions in ((10, 1), (20, 1), (60, 1), (64, 8)):
            found = sim.exact_coverage(metric, pool, kind, items=items, dimensions=dimensions, repetitions=repetitions)
            rows.append([metric, kind, str(items), str(dimensions), _cell(found["default"]), _cell(found["t"])])
    _table(("metric", "model", "items", "dimensions", "studentised bootstrap", "t"), rows)


def alarms(pool: sim.Pool, repetitions: int) -> None:
    print("\n## False alarms of claims at 95 %, synthetic shares\n")
    print("Each claim's threshold is the truth; how often at least one part is decided on either side.\n")
    rows = []
    for metric, kind in (("kl", "peaked"), ("kl", "shifted"), ("jsd", "sharpened")):
        for items, draws, parts in ((20, None, 1), (60, None, 1), (60, None, 4), (30, 50, 1), (30, 50, 4)):
            found = sim.false_alarms(metric, pool, kind, items=items, draws=draws, parts=parts, repetitions=repetitions)
            rows.append(
                [
                    metric,
                    kind,
                    str(items),
                    str(draws or "exact"),
                    str(parts),
                    f"{found['below']:.3f}",
                    f"{found['above']:.3f}",
                ]
            )
    _table(("metric", "model", "items", "draws", "parts", "wrongly below", "wrongly above"), rows)


def judges(repetitions: int) -> None:
    print("\n## Judges who err: sensitivity .85, specificity .8, interval of 95 %\n")
    rows = []
    for answers, cases, alike in ((200, 50, 0.0), (1000, 50, 0.0), (500, 100, 0.0), (1000, 300, 0.0), (500, 300, 0.3)):
        for truth in (0.05, 0.2, 0.5):
            found = recovered(truth, answers=answers, cases=cases, alike=alike, repetitions=repetitions)
            figures = (found.covered, found.half, found.bias, found.clipped_bias)
            shown = [f"{figures[0]:.3f}", f"{figures[1]:.3f}", *(f"{bias:+.3f}" for bias in figures[2:])]
            rows.append([f"{truth:g}", str(answers), str(cases), f"{alike:g}", *shown])
    names = ("truth", "answers", "cases of each kind", "alike", "covered", "half-width", "bias", "bias once clipped")
    _table(names, rows)


def _cell(found: sim.Coverage) -> str:
    return f"{found.covered:.3f} ({found.half:.3f})"


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> None:
    names = list(head)
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()

"""Metrics that look at the most frequent answer: coverage of their intervals on simulated peoples with known groups.

    python benchmarks/groups.py --repetitions 1000

The tables are for docs/benchmarks/statistics.md; tests/calibration/groups.py has the simulations.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.calibration import groups, simulations

HEAD = ("truth", "mean estimate", "its spread", "covered (half-width)", "interval without 0")
KINDS = ("human-like", "sharpened", "flattened", "peaked", "shifted")


def row(name: str, *cells: object) -> None:
    print("| " + " | ".join([name, *map(str, cells)]) + " |", flush=True)


def covered(peoples: groups.Peoples, repetitions: int, **more: object) -> tuple[str, ...]:
    truth, found, told = groups.simulate(peoples, repetitions=repetitions, **more)  # type: ignore[arg-type]
    spread = f"{told['spread']:.4f}"
    shown = f"{found.covered:.3f} ({found.half:.4f})"
    return f"{truth:.4f}", f"{told['estimate']:.4f}", spread, shown, f"{told['above 0'] + told['below 0']:.3f}"


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    pool = groups.own_shares("China")
    bias(pool, repetitions)
    correlated(pool, min(repetitions, 300))
    matching(pool, repetitions)
    these(pool, repetitions)


def bias(pool: simulations.Pool, repetitions: int) -> None:
    print("### Preference bias, 60 items, 50 draws, groups of 560, 1,282 and 1,193\n")
    row("groups", "model", "group", "base rate", "draws' part", *HEAD)
    row("---", *["---"] * 9)
    for kind in ("human-like", "sharpened", "flattened"):
        same = groups.equal(pool, simulations.model(pool, kind))
        for group in range(3):
            cells = covered(same, repetitions, items=60, draws=50, group=group)
            row("alike", kind, groups.CHINA_BY_AGE[group], "corrected", "drawn again", *cells)
    for way in ("jackknife", "none"):
        cells = covered(same, repetitions, items=60, draws=50, way=way)
        row("alike", "flattened", groups.CHINA_BY_AGE[0], "corrected", way, *cells)
    for group in range(3):
        # What it estimates jumps with people's own sample, so nothing is said of its coverage.
        cells = (*covered(same, repetitions, items=60, draws=50, group=group, rate="raw")[:3], "", "")
        row("alike", "flattened", groups.CHINA_BY_AGE[group], "raw", "drawn again", *cells)
    biased = groups.planted(pool, simulations.model(pool, "shifted"), 0.3)
    for items, draws in ((30, 50), (60, 50), (60, 200)):
        cells = covered(biased, repetitions, items=items, draws=draws)
        row(f"planted, {items} items, {draws} draws", "shifted", 560, "corrected", "drawn again", *cells)


def correlated(pool: simulations.Pool, repetitions: int) -> None:
    print(f"\n### Preference bias where the answers of one person correlate, {repetitions} audits\n")
    row("correlation", "model", "group", *HEAD)
    row("---", *["---"] * 7)
    for alike in (0.05, 0.3):
        for kind, group in (("sharpened", 0), ("sharpened", 1), ("uniform", 1)):
            peoples = groups.equal(pool, simulations.model(pool, kind))
            cells = covered(peoples, repetitions, items=60, draws=50, group=group, alike=alike)
            row(str(alike), kind, groups.CHINA_BY_AGE[group], *cells)


def matching(pool: simulations.Pool, repetitions: int) -> None:
    print("\n### Items that match, 50 draws\n")
    row("items", "model", "draws' part", *HEAD[:-1])
    row("---", *["---"] * 6)
    designs = [(items, kind, "drawn again") for items in (30, 60) for kind in KINDS]
    for items, kind, way in (*designs, (60, "flattened", "jackknife")):
        peoples = groups.equal(pool, simulations.model(pool, kind))
        cells = covered(peoples, repetitions, items=items, draws=50, metric="matching", way=way)[:-1]
        row(str(items), kind, way, *cells)


def these(pool: simulations.Pool, repetitions: int) -> None:
    print("\n### These items alone, 60 items, 50 draws\n")
    row("metric", "model", "draws' part", *HEAD[:-1])
    row("---", *["---"] * 6)
    biased = groups.planted(pool, simulations.model(pool, "flattened"), 0.3)
    for metric in ("preference_bias", "matching"):
        for way in ("drawn again", "jackknife"):
            more = {"metric": metric, "way": way, "estimand": "these items"}
            row(metric, "flattened", way, *covered(biased, repetitions, items=60, draws=50, **more)[:-1])


if __name__ == "__main__":
    main()

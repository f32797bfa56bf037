"""Measures what docs/benchmarks/statistics.md prints of groups of models: false alarms where there is no difference.

    python benchmarks/model_groups.py [--repetitions 1000]

Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.calibration import model_groups, simulations

TESTS = ("auditc", "models alone", "sum of both", "sum of clusters", "as published")
AUDITS = ((5, 30, 20, 0.1), (5, 30, 20, 0.3), (5, 60, 20, 0.1), (10, 30, 20, 0.3), (10, 60, 20, 0.3))


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    said = ("models", "items", "of models", "of items", "of items in a group", "of chance", "skewed", "dimensions")
    _head(said)
    for case in model_groups.CASES:
        given = [f"{case.left}, {case.right}", case.items, case.model, case.item, case.between, case.chance]
        given += ["yes" if case.skewed else "no", case.dimensions]
        _row(given, model_groups.effects(case, repetitions))
    print()
    _head(("models a side", "items", "draws", "spread of models"))
    pool = simulations.synthetic()
    for models, items, draws, spread in AUDITS:
        found = model_groups.audits(
            pool, models=models, items=items, draws=draws, spread=spread, repetitions=repetitions
        )
        _row([models, items, draws, spread], found)


def _head(said: tuple[str, ...]) -> None:
    print("| " + " | ".join((*said, *TESTS)) + " |")
    print("|" + "---|" * (len(said) + len(TESTS)), flush=True)


def _row(given: list[object], found: dict[str, simulations.Coverage]) -> None:
    measured = [f"{1 - found[name].covered:.3f} ({found[name].half:.3f})" for name in TESTS]
    print("| " + " | ".join([*map(str, given), *measured]) + " |", flush=True)


if __name__ == "__main__":
    main()

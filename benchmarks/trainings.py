"""Simulated trainings: how often the intervals of before and after hold the truth, and how often something is found
where nothing changed, as tables for `docs/benchmarks/statistics.md`.

    python benchmarks/trainings.py --repetitions 1000
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.calibration import simulations, trainings


def main() -> None:
    """Prints the rows of four tables, as they are ready."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    pool = simulations.synthetic()
    for case in trainings.CASES:
        found = trainings.coverage(case, pool, repetitions)
        row(*_told(case), case.toward, _rate(found.covered, repetitions), f"{found.half:.4f}")
    for case in trainings.NOTHING:
        row(*_told(case), _rate(trainings.false_alarms(case, pool, repetitions), repetitions))
    for kept, draws in ((1.0, None), (0.5, None), (0.5, 50), (1.0, 50)):
        both, error = trainings.variation(kept=kept, items=60, draws=draws, people=1000, repetitions=repetitions)
        row(kept, draws or "exact", _rate(both.covered, repetitions), f"{both.half:.3f}", f"{error:+.4f}")
    for case in trainings.TEXTS:
        alone, _ = trainings.predicted(case, moved=0.0, repetitions=repetitions, alone=True)
        moved, _ = trainings.predicted(case, moved=0.05, repetitions=repetitions)
        _, alarms = trainings.predicted(case, moved=0.0, repetitions=repetitions)
        of_it = [f"{_rate(each.covered, repetitions)} ({each.half:.3g})" for each in (alone, moved)]
        row(case.metric, case.texts, case.lengths, *of_it, _rate(alarms, repetitions))


def row(*cells: object) -> None:
    """One row of a table."""
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def _told(case: trainings.Case) -> tuple[object, ...]:
    control = "no" if case.control is None else "taken off"
    return case.metric, case.base, case.items, case.draws or "exact", control


def _rate(rate: float, repetitions: int) -> str:
    """With its standard error."""
    return f"{rate:.3f} ± {math.sqrt(rate * (1 - rate) / repetitions):.3f}"


if __name__ == "__main__":
    main()

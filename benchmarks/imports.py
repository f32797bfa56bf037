"""How long importing a file of respondents takes, on a made-up one with the columns of a survey; prints one JSON line.

    python benchmarks/imports.py [--rows 97000] [--columns 600] [--items 60]

A whole process is timed, and also how long it used a processor: on a machine that is busy the latter is to be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
COUNTRIES = ((840, "USA"), (156, "CHN"), (32, "ARG"), (276, "DEU"), (392, "JPN"), (404, "KEN"), (604, "PER"))
BLOCK = 1_000
"""Rows that are drawn at once: this process stays small, for what it holds counts as its child's most memory."""


def made(path: Path, rows: int, columns: int) -> None:
    """A file with the columns of wave 7, and others to the number that is wanted."""
    draw = np.random.default_rng(7)
    head = ["A_WAVE", "B_COUNTRY", "B_COUNTRY_ALPHA", "D_INTERVIEW", "Q260", "Q262", "W_WEIGHT"]
    names = [f"Q{number}" for number in range(1, 260)] + [f"Z{number}" for number in range(columns)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join((head + names)[:columns]) + "\n")
        for row in range(rows):
            if row % BLOCK == 0:
                size = (BLOCK, columns - len(head))
                answers = draw.choice([1, 2, 3, 4, -1, -2], size=size, p=[0.3, 0.3, 0.2, 0.15, 0.03, 0.02]).tolist()
            code, letters = COUNTRIES[draw.integers(len(COUNTRIES))]
            file.write(
                f"7,{code},{letters},{row},{draw.integers(1, 3)},{draw.integers(16, 90)},{draw.gamma(4, 0.25):.6f},"
            )
            file.write(",".join(map(str, answers[row % BLOCK])) + "\n")


def main() -> None:
    """Makes the file, imports it, and says what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=97_000)
    parser.add_argument("--columns", type=int, default=600)
    parser.add_argument("--items", type=int, default=60)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made(folder / "survey.csv", wanted.rows, wanted.columns)
        items = ",".join(f"Q{number}" for number in range(1, wanted.items + 1))
        command = [sys.executable, "-m", "auditc", "data", "import", "wvs", "survey.csv"]
        command += ["--items", items, "--weight", "W_WEIGHT", "--json"]
        begun = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = (folder / "survey.csv").stat().st_size
    counts = json.loads(done.stdout.splitlines()[-1])["counts"]
    print(
        json.dumps(
            {
                "rows": counts["respondents"]["read"],
                "columns": wanted.columns,
                "items": wanted.items,
                "megabytes": round(size / 1e6, 1),
                "seconds": round(seconds, 2),
                "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
                "most_memory_mb": round(used.ru_maxrss / 1000),
            }
        )
    )


if __name__ == "__main__":
    main()

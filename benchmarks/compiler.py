"""How quick and how small the compiler is, on generated specs of given sizes; prints one JSON line for each measure.

    python benchmarks/compiler.py [--runs 5] [--example examples/us_cn/us_cn.audit]

A whole process is timed from its start to its end, as a user waits for it; its memory is the most that it held at once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HEAD = """audit generated {
  title   = "Generated to be timed"
  version = "1"
  seed    = 1
}

survey values {
  items     = csv("items.csv")
  reference = csv("shares.csv")
}
"""
MODEL = """
model model_{i} {{
  title   = "Model number {i}"
  family  = "Generated"
  backend = simulated {{ like = values   tilt = {i} / 100   refuse = 1% }}
}}
"""
POPULATION = """
population people_{i} {{
  country  = "{country}"
  language = en
  named {{ en = "the country of {country}" }}
}}
"""
QUESTIONS = """
{method} block_{i} {{
  ask = values.where(scale != nominal)
  of  = [{models}]
  as  = [people_0, people_1]
  {settings}
  jsd {{ }}
  emd {{ }}
}}
"""
CLAIM = """
claim claim_{i} {{
  says  = "Claim number {i}"
  # A comment, as people write them.
  holds = each(block_{block}.jsd, over = [model, population]) > {level}%
}}
"""


def lay(folder: Path, spec: str, items: int) -> Path:
    """A spec in a folder with a survey of so many items."""
    folder.mkdir(parents=True)
    options = "Very much|Somewhat|A little|Not at all"
    rows = [f"Q{i},dimension {i % 6},ordinal,How important is matter {i} to you?,{options}" for i in range(items)]
    head = "id,dimension,scale,text.en,options.en"
    (folder / "items.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    shares = [f"Q{i},{country},1000,0.4|0.3|0.2|0.1" for i in range(items) for country in ("North", "South")]
    (folder / "shares.csv").write_text("\n".join(["item,country,n,shares", *shares]) + "\n", encoding="utf-8")
    path = folder / "generated.audit"
    path.write_text(spec, encoding="utf-8")
    return path


def generated(lines: int) -> str:
    """A spec of so many lines: models, questions to them, claims about their answers."""
    parts = [HEAD, *(POPULATION.format(i=i, country=country) for i, country in enumerate(("North", "South")))]
    number = 0
    while "".join(parts).count("\n") < lines:
        models = ", ".join(f"model_{i}" for i in range(max(0, number - 2), number + 1))
        parts.append(MODEL.format(i=number))
        if number % 2 == 0:
            settings = "low_mass = 5%"
            parts.append(QUESTIONS.format(method="first_token", i=number, models=models, settings=settings))
        parts.append(CLAIM.format(i=number, block=number - number % 2, level=50 + number % 40))
        number += 1
    return "".join(parts)


def of_a_million_cells() -> str:
    """500 items, ten models, two populations, a hundred participants each."""
    parts = [HEAD, *(POPULATION.format(i=i, country=country) for i, country in enumerate(("North", "South")))]
    parts += [MODEL.format(i=i) for i in range(10)]
    models = ", ".join(f"model_{i}" for i in range(10))
    parts.append(QUESTIONS.format(method="def_survey", i=0, models=models, settings="draws = 100"))
    return "".join(parts)


def process(*words: str) -> Callable[[], dict[str, float]]:
    """A run of the command line in a process of its own: seconds, and megabytes at the most."""

    def run() -> dict[str, float]:
        start = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "auditc", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            out = child.stdout.read() if child.stdout else b""
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if child.returncode:
            raise SystemExit(f"auditc {' '.join(words)} ended with {child.returncode}")
        found = {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}
        last = out.decode().strip().splitlines()[-1:]
        return found | ({"cells": json.loads(last[0]).get("cells", 0)} if "--json" in words and last else {})

    return run


def keystroke(path: Path) -> Callable[[], dict[str, float]]:
    """Parsing and checking in a process that goes on: what an editor waits for at each key."""
    from auditc.compiler.pipeline import check_spec
    from auditc.diagnostics import Sink

    def run() -> dict[str, float]:
        start, begun = time.perf_counter(), time.process_time()
        check_spec(path, Sink())
        return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - begun}

    run()
    return run


def measured(work: str, goal: dict[str, float], runs: int, once: Callable[[], dict[str, float]], **facts: Any) -> None:
    found = [once() for _ in range(runs)]
    line = {"work": work, **facts, "goal": goal}
    for key in found[0]:
        line[key] = round(statistics.median(one[key] for one in found), 4)
    line["all_seconds"] = [round(one["seconds"], 4) for one in found]
    line["met"] = all(line[key] <= most for key, most in goal.items())
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the compiler on generated specs.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--example", type=Path, default=ROOT / "examples" / "us_cn" / "us_cn.audit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long = lay(folder / "long", generated(2_000), items=60)
        short = lay(folder / "short", generated(500), items=60)
        large = lay(folder / "large", of_a_million_cells(), items=500)
        lines = {path: path.read_text(encoding="utf-8").count("\n") for path in (long, short)}
        runs = options.runs
        example = process("check", str(options.example))
        measured("check the example, whole process", {"seconds": 0.5}, runs, example)
        whole = process("check", str(long))
        measured("check a long spec, whole process", {"seconds": 1.0}, runs, whole, lines=lines[long])
        measured("check in an editor", {"seconds": 0.15}, runs, keystroke(short), lines=lines[short])
        output = str(folder / "large" / "generated.plan.json")
        plan = process("compile", str(large), "-o", output, "--json")
        measured("compile a million cells, whole process", {"seconds": 5.0, "peak_mb": 500}, runs, plan)


if __name__ == "__main__":
    main()

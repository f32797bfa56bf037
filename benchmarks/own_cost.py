"""What auditc itself costs for each cell, beside lm-evaluation-harness with a model that does nothing; prints a line.

    python benchmarks/own_cost.py PEERS_FOLDER --peer-python PEER/bin/python [--cells 100000] [--runs 3] [--million]

Both answer from a model that costs next to nothing, in a process of their own, in turns. auditc compiles a spec over
made-up items and people, asks every cell of the simulated model, puts the answers on disk, and makes findings and a
report of them; then it runs the same plan a second time, when all is stored. The harness reads its items, asks, and
keeps nothing. `--million` runs 1,000,000 cells as well, for their memory.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GOALS = {"cells_per_s": 20_000, "ratio": 50, "second_run_s": 3.0, "million_rss_mb": 2_000}

_SPEC = """audit own_cost {{
  title   = "Own cost"
  version = "1"
  seed    = 1
}}

model simulated {{
  title   = "Simulated"
  family  = "none"
  origin  = "none"
  stage   = "none"
  backend = simulated {{ like = matters   refuse = 1% }}
}}
{populations}
survey matters {{
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country])
}}

first_token letters {{
  ask      = matters
  of       = [simulated]
  as       = [{names}]
  orders   = 4
  in_words = 0%
  jsd {{ }}
}}

def_survey people {{
  ask    = matters.sample(60)
  of     = [simulated]
  as     = [{names}]
  draws  = {draws}
  memory = 0..3
  jsd {{ }}
}}

report result {{
  formats   = [html, json]
  languages = [en]
}}
"""
_COUNTRIES = 10


def write_spec(folder: Path, cells: int) -> None:
    """A spec of so many cells over ten countries: 250 items scored in four orders, and the rest turns of participants
    who answer 60 items each."""
    chance = random.Random(20261121)
    items, sampled = 250, 60
    draws = max(1, (cells - items * 4 * _COUNTRIES) // (sampled * _COUNTRIES))
    names = [f"land{number}" for number in range(_COUNTRIES)]
    blocks = "".join(
        f'\npopulation {name} {{\n  country  = "{name.title()}"\n  language = en\n'
        f'  named {{ en = "{name.title()}" }}\n}}\n'
        for name in names
    )
    words = "Very important|Rather important|Not very important|Not at all important"
    rows = ["id,dimension,reason,scale,source,text.en,options.en"]
    shares = ["item,country,n,n_status,shares"]
    for number in range(items):
        text = f"How important is matter {number} in your life?"
        rows.append(f"m{number},topic{number % 12},made up,ordinal,made up,{text},{words}")
        for name in names:
            cuts = sorted(chance.randrange(1, 1000) for _ in range(3))
            ends = [0, *cuts, 1000]
            parts = "|".join(str((high - low) / 1000) for low, high in itertools.pairwise(ends))
            shares.append(f"m{number},{name.title()},1000,counted,{parts}")
    (folder / "items.csv").write_text("\n".join(rows) + "\n")
    (folder / "shares.csv").write_text("\n".join(shares) + "\n")
    (folder / "cost.audit").write_text(_SPEC.format(populations=blocks, names=", ".join(names), draws=draws))


def child(folder: str) -> None:
    """One run in this process: what each part took, in seconds by the clock and of the processor, and the memory."""
    start, busy = time.perf_counter(), time.process_time()
    import os

    os.chdir(folder)
    from auditc.api import plans, runs
    from auditc.evidence import conclude
    from auditc.runtime import execute
    from auditc.runtime import runs as kept

    parts: dict[str, float] = {"imports": time.perf_counter() - start}

    def timed(owner: Any, name: str, part: str) -> None:
        real = getattr(owner, name)

        def wrapped(*given: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return real(*given, **named)
            finally:
                parts[part] = parts.get(part, 0.0) + time.perf_counter() - begun

        setattr(owner, name, wrapped)

    timed(runs, "open_plan", "plan")
    timed(execute, "run", "asking_and_storing")
    timed(conclude, "conclude", "evidence")
    timed(kept.Started, "finish", "writing_the_run")
    timed(runs, "_render", "reports")
    assert plans
    done = runs.run(None, show="quiet")
    whole = time.perf_counter() - start
    print(
        json.dumps(
            {
                "cells": done.record.cells["planned"],
                "asked": done.record.cells["asked"],
                "seconds": round(whole, 3),
                "cpu_seconds": round(time.process_time() - busy, 3),
                "parts": {name: round(seconds, 3) for name, seconds in parts.items()},
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


def own(folder: Path) -> dict[str, Any]:
    """A run in a process of its own; `process_s` is the whole of it, the interpreter's start among it."""
    started = time.perf_counter()
    made = _last_line([sys.executable, __file__, "--child", str(folder)])
    return {**made, "process_s": round(time.perf_counter() - started, 3)}


def _last_line(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[1]} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def once(cells: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A first and a second run of a plan of so many cells."""
    folder = Path(tempfile.mkdtemp(prefix="auditc-benchmark-"))
    try:
        write_spec(folder, cells)
        compiled = subprocess.run(
            [sys.executable, "-m", "auditc", "compile", "cost.audit"], cwd=folder, capture_output=True, text=True
        )
        if compiled.returncode != 0:
            raise SystemExit(compiled.stderr)
        return own(folder), own(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def versions(peer_python: str) -> dict[str, str]:
    """Of whatever was timed."""
    from importlib import metadata

    asked = "from importlib.metadata import version; print(version('lm_eval'))"
    peer = subprocess.run([peer_python, "-c", asked], capture_output=True, text=True, check=False).stdout.strip()
    own = {name: metadata.version(name) for name in ("numpy", "pyarrow", "scipy")}
    return {"python": platform.python_version(), **own, "lm_eval": peer or "not there"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", type=Path, nargs="?")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument(
        "--peer-cells", type=int, default=20_000, help="documents the peer reads, of four requests each"
    )
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    rounds = []
    for _ in range(options.runs):
        first, second = once(options.cells)
        row: dict[str, Any] = {"first": first, "second": second}
        row["cells_per_s"] = round(first["cells"] / first["parts"]["asking_and_storing"], 1)
        row["cells_per_s_with_evidence_and_report"] = round(first["cells"] / first["seconds"], 1)
        if options.peers is not None:
            script = str(options.peers / "noop_lm_eval.py")
            row["peer"] = _last_line([options.peer_python, script, str(options.peer_cells)])
            row["ratio"] = round(row["cells_per_s"] / row["peer"]["cells_per_s"], 1)
        rounds.append(row)
    result: dict[str, Any] = {"work": "own cost", "versions": versions(options.peer_python), "runs": rounds}
    figures = {
        name: statistics.median(row[name] for row in rounds) for name in ("cells_per_s", "ratio") if name in rounds[0]
    }
    figures["second_run_s"] = statistics.median(row["second"]["process_s"] for row in rounds)
    if options.million:
        result["million"] = dict(zip(("first", "second"), once(1_000_000), strict=True))
        figures["million_rss_mb"] = max(run["rss_mb"] for run in result["million"].values())
    lower = ("second_run_s", "million_rss_mb")
    met = {name: (value <= GOALS[name] if name in lower else value >= GOALS[name]) for name, value in figures.items()}
    print(json.dumps(result | {"figures": figures, "goals": GOALS, "met": met}))


if __name__ == "__main__":
    main()

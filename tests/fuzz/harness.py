"""The fuzzer: atheris feeds inputs to one of the laws, guided by which lines of auditc they reach.

    python -m tests.fuzz.harness text -runs=1000000 -max_total_time=600
    python -m tests.fuzz.harness spec -runs=20000
    python -m tests.fuzz.harness table -runs=20000

Begins from the corpus and the examples; what it finds goes to build/fuzz/LAW, a crash to build/fuzz/crash-LAW-*.
Options with a dash are libFuzzer's. With AUDITC_FUZZ_QUICK=1 nothing guides it, and it is twice as quick: for many
inputs made out of those that a guided run has found. Needs the extra `fuzz`.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from pathlib import Path

import atheris

from tests.fuzz.mutator import mutate, pieces
from tests.fuzz.seeds import seeds, statements

QUICK = bool(os.environ.get("AUDITC_FUZZ_QUICK"))

with atheris.instrument_imports(include=["tests.fuzz.laws" if QUICK else "auditc"]):
    from tests.fuzz import laws
ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in ("text", "spec", "table"):
        raise SystemExit(__doc__)
    law, *options = sys.argv[1:]
    found = ROOT / "build" / "fuzz" / law
    found.mkdir(parents=True, exist_ok=True)
    inputs = seeds(law) + (statements() if law == "text" else [])
    for number, data in enumerate(inputs):
        (found / f"seed-{number:03}").write_bytes(data)
    others = [pieces(data) for data in inputs]
    if law == "text":
        one = laws.of_text
    else:
        workshop = laws.Workshop(Path(tempfile.mkdtemp(prefix="auditc-fuzz-")))
        atexit.register(workshop.remove)
        one = workshop.of_spec if law == "spec" else workshop.of_table

    def custom(data: bytes, most: int, seed: int) -> bytes:
        return mutate(data, most, seed, others, atheris.Mutate)

    prefix = f"-artifact_prefix={found.parent}/crash-{law}-"
    atheris.Setup(
        [sys.argv[0], prefix, "-timeout=20", "-max_len=12000", "-print_final_stats=1", *options, str(found)],
        one,
        custom_mutator=custom,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()

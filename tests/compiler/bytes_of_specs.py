"""Prints the sha256 of the plan and the lock of each spec that is named: what any interpreter must print alike.

    python tests/compiler/bytes_of_specs.py SPEC…

Needs no more than the compiler itself needs, so that it runs in an environment that has nothing else.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from auditc.compiler.pipeline import as_bytes, compile_spec
from auditc.diagnostics import Sink


def main() -> None:
    for name in sys.argv[1:]:
        made = compile_spec(Path(name), Sink())
        digests = (hashlib.sha256(as_bytes(form)).hexdigest() for form in (made.plan, made.lock))
        print(Path(name).name, *digests)


if __name__ == "__main__":
    main()

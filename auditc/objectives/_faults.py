"""What the world does to a training, told from the faults of the libraries."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Final

from auditc.diagnostics.scrub import scrubbed
from auditc.ir.training import NotTrained

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
LITTLE: Final = 64 << 20
"""With less than this left on a disk, a file that could not be written was too long for it."""
OUT: Final = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")
WRITING: Final = ("no space left", "os error 28", "disk quota", "os error 122")
FILES: Final = ("pytorchstreamwriter", "file write failed", "inline_container", "safetensorerror", "i/o error")


def fault_of(fault: BaseException, folder: Path) -> NotTrained | None:
    """What to say of a fault; None where it is not the world's. `folder` is where files are written."""
    said = f"{type(fault).__name__}: {fault}".lower()
    if isinstance(fault, MemoryError) or any(word in said for word in OUT):
        return NotTrained(
            "out_of_memory",
            "the training ran out of memory",
            "Write a smaller `batch`, `gradient_checkpointing = on`, `precision = bfloat16`, or a smaller model.",
        )
    full = isinstance(fault, OSError) and fault.errno in FULL
    if full or any(word in said for word in WRITING) or (any(word in said for word in FILES) and _little(folder)):
        return NotTrained(
            "disk_full",
            "the disk was full when a state of the training was written",
            "Make room and run again.",
        )
    if isinstance(fault, OSError | RuntimeError | ValueError):
        first = (str(fault).strip().splitlines() or [""])[0]
        return NotTrained("engine", f"the training failed: {type(fault).__name__}: {scrubbed(first)}"[:300])
    return None


def _little(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LITTLE
    except OSError:
        return False

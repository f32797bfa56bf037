"""What to call the faults of a library, and which of them are a lack of memory."""

from __future__ import annotations

from typing import Any

from auditc.backends._faults import plain
from auditc.ir.exchange import Failure


def out_of_memory(fault: BaseException, torch: Any) -> bool:
    """CUDA has an exception of its own; the CPU allocator says it in words."""
    if isinstance(fault, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(fault, RuntimeError) and (
        "can't allocate memory" in str(fault) or "not enough memory" in str(fault)
    )


def failure(fault: BaseException, torch: Any) -> Failure:
    """The reply to the requests that `fault` hit."""
    if out_of_memory(fault, torch):
        return Failure("out_of_memory", "one request alone does not fit into memory")
    return Failure("engine", plain(fault))

"""The header of a file of safetensors, as far as it can be believed before any of its numbers is read."""

from __future__ import annotations

import json
import math
import struct
from typing import Any, BinaryIO, Final

LONGEST: Final = 100_000_000
"""Bytes of a header: the format's own limit."""
AXES: Final = 64
"""Of a tensor, at most."""


def header(source: BinaryIO, size: int) -> tuple[int, dict[str, dict[str, Any]]]:
    """How many bytes the header of a file of `size` bytes takes, and its entries by the names of the tensors; each has
    a `shape` of whole numbers and a `dtype` that is a text. Raises ValueError for what is none, OSError."""
    start = source.read(8)
    (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
    if not 0 < length <= min(size - 8, LONGEST):
        raise ValueError("header beyond the file")
    try:
        said = json.loads(source.read(length))
    except RecursionError:
        raise ValueError("header without an end") from None
    if not isinstance(said, dict):
        raise ValueError("no header")
    entries = {name: entry for name, entry in said.items() if name != "__metadata__"}
    if not all(isinstance(entry, dict) and _told(entry) for entry in entries.values()):
        raise ValueError("no tensor")
    return length, entries


def _told(entry: dict[str, Any]) -> bool:
    shape = entry.get("shape")
    if not isinstance(shape, list) or len(shape) > AXES:
        return False
    sized = all(type(count) is int and count >= 0 for count in shape) and math.prod(shape) < 1 << 63
    return sized and isinstance(entry.get("dtype"), str)

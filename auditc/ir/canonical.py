"""One text for one value: canonical JSON, and the digests that identities are made of.

Layout, comments, file paths and the place in the spec are never part of what is digested.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8, no NaN: equal values give equal bytes on every platform."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def seeded(*parts: str | int) -> int:
    """A 64-bit number that depends on all `parts` and nothing else: the root of every random choice.

    Draws, orders and remembered turns are chosen by hash and not by a running generator, so that adding draws or
    items leaves the choices of the others as they were.
    """
    text = "\x1f".join([str(part) for part in parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

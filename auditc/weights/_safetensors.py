"""The digest of a folder of safetensors: of what the tensors are, whatever their files are called or who wrote them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from auditc.ir.tensors import header
from auditc.weights._contract import WeightsUnavailable

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    end: int


def content_digest(folder: Path, cache: Path) -> str:
    """sha256 over sorted (name, dtype, shape, bytes). Remembered in `cache` until one of the files changes: what lies
    in the folder itself cannot say what it is, or it could pass for another model and take over its answers."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise WeightsUnavailable(
            f"the folder {folder.name} holds no safetensors: auditc loads no other form of weights"
        )
    stamps = {file.name: _stamp(file) for file in files}
    card = cache / "digests" / f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]}.json"
    try:
        known = json.loads(card.read_bytes())
        if known["files"] == stamps:
            return str(known["digest"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    digest = _digest(files)
    # A cache that cannot be written to remembers nothing.
    with contextlib.suppress(OSError):
        card.parent.mkdir(parents=True, exist_ok=True)
        written = card.with_name(f"{card.name}.{os.getpid()}")
        written.write_text(json.dumps({"files": stamps, "digest": digest}) + "\n", encoding="utf-8")
        written.replace(card)
    return digest


def _stamp(file: Path) -> list[int]:
    """The time of change cannot be set back, as that of writing can."""
    found = file.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _digest(files: list[Path]) -> str:
    tensors: dict[str, _Tensor] = {}
    for file in files:
        for tensor in _header(file):
            if tensor.name in tensors:
                raise WeightsUnavailable(f"{file.name} repeats a tensor of {tensors[tensor.name].file.name}")
            tensors[tensor.name] = tensor
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(json.dumps([name, tensor.dtype, tensor.shape, tensor.end - tensor.start]).encode() + b"\n")
        with tensor.file.open("rb") as source:
            source.seek(tensor.start)
            left = tensor.end - tensor.start
            while left and (block := source.read(min(left, BLOCK))):
                total.update(block)
                left -= len(block)
    return total.hexdigest()


def _header(file: Path) -> list[_Tensor]:
    size = file.stat().st_size
    try:
        with file.open("rb") as source:
            length, entries = header(source, size)
        tensors = []
        for name, entry in entries.items():
            start, end = (int(at) + 8 + length for at in entry["data_offsets"])
            shape = tuple(entry["shape"])
            if not 8 + length <= start <= end <= size or (math.prod(shape) == 0) != (start == end):
                raise ValueError("tensor beyond the file")
            tensors.append(_Tensor(name, entry["dtype"], shape, file, start, end))
        return tensors
    except (ValueError, KeyError, TypeError, OverflowError) as fault:
        raise WeightsUnavailable(f"{file.name} is no whole safetensors file: fetch or save it again") from fault

"""Writes a folder of files that belong together: all or none, and over nothing that somebody else wrote or changed."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from .faults import Refused, WorldFailed


def put(folder: Path, files: dict[str, bytes], record: str, others: frozenset[str], force: bool) -> None:
    """All files at once into a new folder, or one after the other into one that is there, the record last.

    `record` is the file that lists the others with their digests, `{"outputs": [{"name", "sha256"}]}`: by it a later
    call knows what was written here and is as it was. Of the files called `others` it takes away those that an earlier
    call wrote and this one does not. Raises Refused where a file would be lost, WorldFailed.
    """
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file", "Name a folder: `-o FOLDER`.")
    for name in files:
        if (folder / name).is_dir() and not (folder / name).is_symlink():
            raise Refused(f"{folder / name} is a folder", "Name another folder: `-o FOLDER`.")
    earlier = _earlier(folder, record)
    if not force:
        _refuse_loss(folder, files, earlier, record)
    fresh = not folder.exists()
    aside = (folder.parent if fresh else folder) / f".auditc-import-{os.getpid()}"
    try:
        aside.mkdir(parents=True)
        for name, content in files.items():
            _write(aside / name, content)
        if fresh:
            aside.rename(folder)
            return
        for name in files:
            (aside / name).replace(folder / name)
        for name in (others & set(earlier)) - set(files):
            if _digest(folder / name) == earlier[name]:
                (folder / name).unlink()
    except OSError as error:
        raise WorldFailed(f"{folder} cannot be written: {error.strerror}", "Mend that, and do it again.") from None
    finally:
        _clear(aside)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _clear(aside: Path) -> None:
    with suppress(OSError):
        for left in aside.iterdir():
            left.unlink()
        aside.rmdir()


def _earlier(folder: Path, record: str) -> dict[str, str]:
    """Digests of what an earlier import wrote here, by name; names that are no plain files of the folder do not
    count."""
    try:
        found = json.loads((folder / record).read_bytes())
        return {one["name"]: one["sha256"] for one in found["outputs"] if Path(one["name"]).name == one["name"]}
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return {}


def _refuse_loss(folder: Path, files: dict[str, bytes], earlier: dict[str, str], record: str) -> None:
    """Refuse to write over what no import wrote, or what somebody has changed since."""
    for name, content in files.items():
        path = folder / name
        if not (path.exists() or path.is_symlink()):
            continue
        there = "" if path.is_symlink() else _digest(path)
        ours = (hashlib.sha256(content).hexdigest(), earlier.get(name))
        if there not in ours and not (name == record and earlier):
            message = f"{path} is there already, and is not as an import wrote it"
            raise Refused(message, "Name another folder, `-o FOLDER`, or write over it with `--force`.")


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""

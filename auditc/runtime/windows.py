"""From when to when answers of a model count as given by one and the same: for models that nobody can pin.

A provider may put another model under the same name on any day, so the identity of a hosted model has one more field,
the `window`: the moment at which the run began whose answers may be used again. A run takes over the last window while
it is younger than the author's `reuse`, and where the last run with it did not end, or some of its cells failed, for a
day at least: then the audit goes on, and nothing is paid for twice. Otherwise it begins a new one. Stored answers keep
the window that they were given in.

`.auditc/windows.json` holds the last window of each identity. `.auditc/jobs/` holds engines' notes, a folder for each
window; they go when the run has ended.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditc.backends._contract import Identity
from auditc.ir.canonical import digest

from . import journal
from .faults import WorldFailed

FORMAT = "auditc.windows.v1"

GOES_ON = 86_400.0
"""Seconds after its start in which an audit that did not end may be gone on with: what a provider has under a name in
another month is another model. A job takes a day at most."""


@dataclass(slots=True, eq=False)
class Windows:
    """The windows of a workspace, as they were at the start, and those that are in use now."""

    workspace: Path
    now: datetime
    _known: dict[str, tuple[str, bool]]
    """By identity: when the last window began, and whether the last run with it ended."""
    _used: dict[str, str] = field(default_factory=dict)
    _notes: list[Path] = field(default_factory=list)

    @staticmethod
    def read(workspace: Path, now: datetime | None = None) -> Windows:
        """Without the file, or with one that is not what was written, no window is known, and all begin anew."""
        return Windows(workspace, now or datetime.now(UTC), _known(workspace / "windows.json"))

    def of(self, identity: Identity, reuse: float) -> str:
        """The window of a model in this run: the last one, or a new one, which begins now."""
        model = digest(dict(identity))
        known = self._known.get(model)
        window = self.now.isoformat(timespec="microseconds")
        if known is not None:
            began, ended = known
            age = (self.now - datetime.fromisoformat(began)).total_seconds()
            # A window that has not begun yet was opened by a clock that has been set back since.
            if 0 <= age < (reuse if ended else max(reuse, GOES_ON)):
                window = began
        self._used[model] = window
        return window

    def before(self, window: object) -> bool:
        """Whether a window is one that began in an earlier run."""
        return isinstance(window, str) and window != self.now.isoformat(timespec="microseconds")

    def notes(self, identity: Identity) -> str:
        """Where the engine of an identity, its window in it, may note what a later run must find again."""
        folder = self.workspace / "jobs" / digest(dict(identity))[:16]
        self._notes.append(folder)
        return str(folder)

    def begin(self) -> None:
        """Write down which windows are in use, before anything is asked; with the store's lock. Raises WorldFailed."""
        if self._used and _known(self.workspace / "windows.json") != self._known:
            # Between the reading and the lock another run may have ended: its answers are its own.
            raise WorldFailed("another run in this workspace has just ended", "run again")
        self._write(ended=False)

    def end(self) -> None:
        """Write down that the run with them ended. Raises WorldFailed."""
        self._write(ended=True)
        for folder in self._notes:
            shutil.rmtree(folder, ignore_errors=True)

    def _write(self, ended: bool) -> None:
        if not self._used:
            return
        self._known |= {model: (window, ended) for model, window in self._used.items()}
        models = {model: {"began": began, "ended": over} for model, (began, over) in sorted(self._known.items())}
        content = json.dumps({"format": FORMAT, "models": models}, indent=1).encode() + b"\n"
        try:
            journal.write_aside(self.workspace / "windows.json", content)
        except OSError as error:
            raise WorldFailed(
                f"the workspace cannot be written: {error.strerror or error}", "make room or give access to `.auditc`"
            ) from error


def _known(path: Path) -> dict[str, tuple[str, bool]]:
    try:
        held: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    models = held.get("models") if isinstance(held, dict) and held.get("format") == FORMAT else None
    if not isinstance(models, dict):
        return {}
    return {str(model): entry for model, told in models.items() if (entry := _entry(told)) is not None}


def _entry(told: object) -> tuple[str, bool] | None:
    if not isinstance(told, Mapping) or not isinstance(told.get("began"), str):
        return None
    try:
        began = datetime.fromisoformat(told["began"])
    except ValueError:
        return None
    return (told["began"], told.get("ended") is True) if began.tzinfo is not None else None

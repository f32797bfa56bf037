"""Whose fault it is when something cannot be done, and the way in which that reaches the command line."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auditc import __version__

if TYPE_CHECKING:
    from auditc.ir.plan import Origin


class WorldFailed(Exception):
    """The world lacks something or broke something: exit code 3. Nothing that was stored is lost."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Refused(Exception):
    """The author or caller asked for something that cannot be done as asked: exit code 2."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


DATA = (".csv", ".tsv", ".json", ".jsonl", ".gz", ".parquet", ".sav", ".dta", ".xlsx", ".yaml", ".yml", ".toml", ".md")


def refuse_data(file: Path) -> None:
    """Refuse a file of data where a spec belongs: read as one, every line of it would be a mistake."""
    if file.suffix.lower() in DATA:
        raise Refused(f"{file} is no spec", "Name the spec that uses it: FILE.audit")


def bug_report(bug: Exception) -> tuple[str, str]:
    """What to tell a user about an error that is ours: a sentence and how to report it. The trace goes to a file."""
    trace = "".join(traceback.format_exception(bug))
    if os.environ.get("AUDITC_TRACEBACK"):
        print(trace, file=sys.stderr)
    facts = f"auditc {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    try:
        handle, name = tempfile.mkstemp(prefix="auditc-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{facts}\n{trace}")
        where = f"The trace is in {name}; please send it with the command you gave."
    except OSError:
        where = "Set AUDITC_TRACEBACK=1 to see the trace."
    return f"this is a bug in auditc ({type(bug).__name__})", f"{facts}\n{where}\nNothing that was stored is lost."


@contextmanager
def world() -> Iterator[None]:
    """What the world did becomes one kind of error, with a remedy. A disk that is full is the world's doing too."""
    from auditc.backends._contract import BackendUnavailable
    from auditc.runtime import faults
    from auditc.weights._contract import WeightsUnavailable

    try:
        yield
    except faults.CannotBind as error:
        lines = [f"{_place(p.origin)}{p.message}" + (f": {p.help}" if p.help else "") for p in error.problems]
        raise WorldFailed("the plan cannot be run here", "\n".join(lines)) from error
    except faults.WorldFailed as error:
        raise WorldFailed(error.message, error.help) from error
    except (BackendUnavailable, WeightsUnavailable) as error:
        raise WorldFailed(str(error)) from error
    except OSError as error:
        raise WorldFailed(f"{error.strerror or error}", f"{error.filename or ''}") from error


def _place(origin: Origin | None) -> str:
    return f"{origin.file}:{origin.line}: " if origin else ""


def write_file(path: Path, content: bytes) -> None:
    """Replace a file whole, or leave it as it was."""
    from auditc.runtime.journal import write_aside

    try:
        write_aside(path, content)
    except OSError as error:
        raise WorldFailed(f"{path} cannot be written: {error.strerror}") from error

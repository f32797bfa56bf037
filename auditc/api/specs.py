"""What can be asked of a spec as it stands: is it sound, is it in canonical form, what does a word of it mean."""

from __future__ import annotations

import importlib.resources
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditc.diagnostics import Diagnostic, Severity, Silenced, Sink, SpecRejected

from . import data
from .faults import Refused, refuse_data, world, write_file

if TYPE_CHECKING:
    from auditc.ir.design import Design


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking some specs said."""

    diagnostics: tuple[Diagnostic, ...]
    silenced: tuple[Silenced, ...] = ()

    @property
    def hushed(self) -> tuple[str, ...]:
        """What was switched off, in a sentence for each file that did it."""
        by = {one.by: [each for each in self.silenced if each.by == one.by] for one in self.silenced}
        return tuple(
            f"{counted(sum(one.count for one in those), 'warning')} switched off by {file}: "
            + ", ".join(dict.fromkeys(one.code for one in those))
            for file, those in by.items()
        )

    @property
    def rejected(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


def best_case(design: Design) -> tuple[float, float] | None:
    """See `evidence.power`. It is loaded when a claim rests on draws, for most specs have none and must start fast."""
    from auditc.evidence import power

    return power.best_case(design)


def check(files: list[Path]) -> Checked:
    """Every mistake in every file, sorted by file and place."""
    from auditc.compiler.pipeline import check_spec

    found: dict[Diagnostic, None] = {}
    silenced: list[Silenced] = []
    for file in files:
        refuse_data(file)
        sink = Sink()
        with suppress(SpecRejected):
            check_spec(file, sink, best_case)
        found.update(dict.fromkeys(sink.sorted()))
        silenced += sink.silenced()
    return Checked(tuple(found), tuple(silenced))


def counted(number: int, word: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def format_spec(file: Path, *, write: bool) -> bool:
    """Whether the canonical text differs from the file; with `write` the file is replaced by it."""
    from auditc.compiler.secrets import strike_secrets
    from auditc.spec.contents import NotOrdinary, contents
    from auditc.spec.format import format_file
    from auditc.spec.parse import parse
    from auditc.spec.read import LARGEST, read, refuse_size

    refuse_data(file)
    sink = Sink()
    try:
        data = contents(file, LARGEST)
    except NotOrdinary:
        raise Refused(f"{file} is a pipe or a device", "Name an ordinary file.") from None
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no spec can have this path"
        raise Refused(f"{file} cannot be read: {why}", "Name a spec: FILE.audit") from None
    if data is None:
        refuse_size(file.name, sink)
    source = read(file.name, data, sink) if data is not None else None
    tree = parse(source, sink) if source else None
    strike_secrets(sink)
    sink.checkpoint()
    assert source is not None and tree is not None
    text = format_file(tree)
    if text == source.text:
        return False
    if write:
        write_file(file, text.encode())
    return True


def explain(name: str) -> str:
    """The page of a diagnostic's code, of a kind of block, of a thing on a shelf, or of a kind of data."""
    from auditc.compiler.pages import names, page_of
    from auditc.diagnostics.suggest import suggest

    page = data.page(name) if name in data.kinds() else page_of(name)
    if page is None:
        close = suggest(name, (*names(), *data.kinds()))
        remedy = "Name a code (AC201), a kind of block (survey), a method, a metric, a backend or a source of weights."
        raise Refused(f"there is no page called {name}", f"Did you mean {close}?" if close else remedy)
    return page


def init(folder: Path) -> list[Path]:
    """Copy the starter spec and its data into a folder that is new or empty."""
    source = importlib.resources.files("auditc") / "starter"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is not empty", "Name a new folder: nothing is ever overwritten.")
    written = []
    with world():
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(source.iterdir(), key=lambda entry: entry.name):
            write_file(folder / file.name, file.read_bytes())
            written.append(folder / file.name)
    return written

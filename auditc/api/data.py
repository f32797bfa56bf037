"""Human data as it is published, turned into the files that a spec names, with a record of where they are from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditc import __version__
from auditc.diagnostics.suggest import suggest

from .faults import Refused, WorldFailed
from .folders import put

if TYPE_CHECKING:
    from auditc.sources._contract import BadData, Count, DataSource, Imported

RECORD: Final = "import.json"
"""What an import says of itself, beside the files it wrote."""

FORM: Final = 1
"""The number of the record's form."""

_PLAIN: Final = re.compile(r"[\w./ -]+")


@dataclass(frozen=True, slots=True)
class Done:
    """An import that was carried out: its folder, its record, and the block of a spec that names its files."""

    folder: str
    record: dict[str, Any]
    block: str

    def summary(self) -> dict[str, Any]:
        """For programs: one object."""
        return {"folder": self.folder, **self.record, "block": self.block}

    def lines(self) -> Iterator[str]:
        """For people."""
        for output in self.record["outputs"]:
            yield f"{self.folder}/{output['name']}: {output['rows']:,} rows"
        yield f"{self.folder}/{RECORD}: digests, options and counts"
        for what, count in self.record["counts"].items():
            yield f"{what}: {count['read']:,} read, {count['used']:,} used"
            for why, times in count["left_out"].items():
                yield f"  left out, {why}: {times:,}"
        yield from (f"note: {note}" for note in self.record["notes"])
        yield f"licence: {self.record['licence']}"
        yield f"cite: {self.record['cite']}"
        yield ""
        yield from self.block.splitlines()


def import_data(kind: str, files: list[Path], folder: Path | None, given: dict[str, Any], force: bool) -> Done:
    """Import files of one kind into a folder, all or nothing. `given` are the options that were given, by their names.

    Raises Refused for wrong files and options, and where a file would be lost; WorldFailed for what cannot be read.
    """
    from auditc.sources import sources
    from auditc.sources._contract import BadData, Unreadable
    from auditc.sources._written import NAMES, block
    from auditc.sources._written import files as written

    if kind not in sources.names():
        near = suggest(kind, sources.names())
        remedy = f"Did you mean {near}?" if near else f"The kinds are {', '.join(sources.names())}."
        raise Refused(f"there is no kind of data called {kind}", remedy)
    source = sources.take(kind)
    params = _params(source, kind, given)
    into = folder if folder is not None else Path(kind)
    shown = _shown(into)
    try:
        inputs = tuple(_known(path) for path in (*files, *source.also(params)))
        found = source.read(tuple(files), params)
        if tuple(_known(path) for path in (*files, *source.also(params))) != inputs:
            raise WorldFailed("a file changed while it was read", "Import again when nobody writes it.")
    except BadData as wrong:
        raise Refused(*_told(wrong)) from None
    except Unreadable as error:
        raise WorldFailed(error.message, error.remedy) from None
    except MemoryError:
        raise WorldFailed("there is not memory enough to read the file", "Take fewer columns or countries.") from None
    outputs = written(found.rows)
    record = _record(kind, source, inputs, outputs, found, params.model_dump(mode="json"))
    put(
        into,
        {**outputs, RECORD: json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n"},
        RECORD,
        NAMES,
        force,
    )
    return Done(into.as_posix(), record, block(found.rows, kind, shown))


def _params(source: DataSource[Any], kind: str, given: dict[str, Any]) -> Any:
    """The parameters of a kind; an option that it does not have is refused, for nothing would come of it."""
    from pydantic import ValidationError

    known = source.params.model_fields
    for name in given:
        if name not in known:
            has = ", ".join(f"--{option.replace('_', '-')}" for option in known)
            remedy = f"It has {has}." if has else "It has none."
            raise Refused(f"{kind} has no option --{name.replace('_', '-')}", remedy)
    try:
        return source.params.model_validate(given)
    except ValidationError as error:
        one = error.errors(include_url=False)[0]
        name = str(one["loc"][0]).replace("_", "-")
        raise Refused(f"--{name} cannot be {one['input']}", f"{one['msg']}.") from None


def _shown(folder: Path) -> str:
    """The folder as a spec in this folder names it; one elsewhere by its name, to be copied beside the spec."""
    if not _PLAIN.fullmatch(folder.as_posix()):
        raise Refused("the folder's name has a sign that a path in a spec should not have", "Use letters and digits.")
    try:
        inside = folder.absolute().resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return folder.absolute().name
    return inside


def _known(path: Path) -> dict[str, Any]:
    """Name, size and digest of an input. Nothing of where it lies: records are passed on."""
    from auditc.sources._files import LARGEST, ordinary

    size = ordinary(path, LARGEST).st_size
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WorldFailed(f"{path.name} cannot be read: {error.strerror}", "Look at its permissions.") from None
    return {"name": path.name, "bytes": size, "sha256": digest}


def _told(wrong: BadData) -> tuple[str, str]:
    """The first fault with its remedy, and then the others."""
    first, *others = wrong.faults
    lines = [first.remedy]
    for fault in others:
        lines += [f"also {fault}", f"  {fault.remedy}"]
    return str(first), "\n".join(lines)


def _record(
    kind: str,
    source: DataSource[Any],
    inputs: tuple[dict[str, Any], ...],
    outputs: dict[str, bytes],
    found: Imported,
    options: dict[str, Any],
) -> dict[str, Any]:
    if options.get("codebook"):
        options["codebook"] = Path(options["codebook"]).name
    return {
        "form": FORM,
        "importer": kind,
        "auditc": __version__,
        "inputs": list(inputs),
        "outputs": [
            {"name": name, "rows": _rows(name, content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in outputs.items()
        ],
        "options": options,
        "counts": {what: _counted(count) for what, count in found.counts.items()},
        "left_out": [asdict(one) for one in found.dropped],
        "notes": list(found.notes),
        "licence": source.licence,
        "cite": source.cite,
    }


def _rows(name: str, content: bytes) -> int:
    """No cell of ours holds a line break."""
    return content.count(b"\n") - name.endswith(".csv")


def _counted(count: Count) -> dict[str, Any]:
    left_out = dict(sorted(count.left_out.items(), key=lambda entry: (-entry[1], entry[0])))
    return {"read": count.read, "used": count.used, "left_out": left_out}


def kinds() -> tuple[str, ...]:
    """The kinds of data that can be imported."""
    from auditc.sources import sources

    return sources.names()


def page(kind: str) -> str:
    """What there is to say of a kind of data, as Markdown: what becomes of its files, and its options."""
    import inspect
    import sys

    from auditc.compiler.described import docstring_under
    from auditc.sources import sources

    source = sources.take(kind)
    lines = [f"# {kind} (kind of data)", "", inspect.getdoc(sys.modules[f"{sources.package}.{kind}"]) or ""]
    lines += ["", f"- Files: {', '.join(f'`{ending}`' for ending in source.endings)}."]
    lines += [
        f"- Licence: {source.licence}",
        f"- Cite: {source.cite}",
        "",
        "```",
        f"auditc data import {kind} FILE…",
        "```",
    ]
    options = [(name, docstring_under(source.params, name)) for name in source.params.model_fields]
    lines += ["", *(f"- `--{name.replace('_', '-')}`: {says}" for name, says in options)] if options else []
    return "\n".join(lines)

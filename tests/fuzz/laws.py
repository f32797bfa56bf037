"""What holds of any bytes: the laws that fuzzing, the replay of its corpus and Hypothesis check alike.

Each law takes an input as bytes and raises AssertionError where it is broken; whatever else is raised breaks it too.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from auditc.compiler.pipeline import Compiled, as_bytes, compile_spec
from auditc.diagnostics import Sink, Source, SpecRejected
from auditc.diagnostics.codes import codes
from auditc.diagnostics.diagnostic import MOST
from auditc.diagnostics.render import render, to_json
from auditc.ir.plan import Plan
from auditc.spec import format_file, parse, read
from tests.compiler.test_plans import everything
from tests.laws.test_language_laws import spans_of, without_places

LARGE: Final = 100_000
"""Bytes below which an input is dealt with in a second."""

CODES: Final = frozenset(codes())


@contextmanager
def in_time(size: int, seconds: float = 1.0) -> Iterator[None]:
    """Processor time, so that what else the machine does counts for nothing."""
    started = time.process_time()
    yield
    taken = time.process_time() - started
    assert size >= LARGE or taken < seconds, f"{taken:.1f} s for {size} bytes"


def of_text(data: bytes) -> None:
    """Any bytes are read, parsed and shown; what has no mistake is formatted, says the same, and stays as it is."""
    sink = Sink()
    with in_time(len(data)):
        source = read("any.audit", data, sink)
        file = parse(source, sink) if source else None
        shown(sink, [])
    if source is None or file is None:
        assert sink.diagnostics
        return
    for span in spans_of((file.statements, file.comments)):
        assert 0 <= span.start <= span.end <= len(source.text)
    if not sink.diagnostics:
        formatted = format_file(file)
        second = Sink()
        again = parse(read_whole(formatted), second)
        assert not second.diagnostics, render(second.sorted(), colour=False)
        assert without_places(again) == without_places(file)
        assert format_file(again) == formatted


def read_whole(text: str) -> Source:
    """A formatted text as the source that it would be read back as."""
    source = read("any.audit", text.encode(), Sink())
    assert source is not None
    return source


def shown(sink: Sink, never: list[str]) -> None:
    """Diagnostics have a page, a place within their text and something to say, and hold nothing of the machine."""
    for diagnostic in sink.diagnostics:
        assert diagnostic.code in CODES
        assert diagnostic.message
        assert diagnostic.help or diagnostic.primary.text, diagnostic.code
        for label in (diagnostic.primary, *diagnostic.related):
            assert 0 <= label.span.start <= label.span.end <= len(label.span.source.text)
        json.dumps(to_json(diagnostic), ensure_ascii=False).encode()
    text = render(sink.sorted(), colour=False)
    text.encode()
    assert "\x1b" not in text
    assert not any(word in text for word in never)
    assert len(sink.diagnostics) <= 2 * MOST


class Workshop:
    """A folder with a spec that holds every construct and its small data files, one of which is replaced at a time."""

    def __init__(self, folder: Path) -> None:
        self.entry = everything(folder / "csv")
        self.lines = everything(folder / "jsonl")
        text = self.lines.read_text(encoding="utf-8")
        for name in ("items", "shares"):
            text = text.replace(f'csv("{name}.csv"', f'jsonl("{name}.jsonl"')
            table = self.lines.parent / f"{name}.csv"
            table.with_suffix(".jsonl").write_text(as_lines(table.read_text(encoding="utf-8")), encoding="utf-8")
        self.lines.write_text(text, encoding="utf-8")
        self.tables = {
            path.name: path for path in sorted([*self.entry.parent.glob("*.csv"), *self.lines.parent.glob("*.jsonl")])
        }
        self.never = [str(folder)]

    def of_spec(self, data: bytes) -> None:
        """Any bytes in the place of the spec give diagnostics or a plan."""
        path = self.entry.with_name("any.audit")
        path.write_bytes(data)
        with in_time(len(data)):
            self._compiled(path)

    def of_table(self, data: bytes) -> None:
        """Any bytes in the place of a data file do, too. The first line of an input says which file it is."""
        name, _, content = data.partition(b"\n")
        names = sorted(self.tables)
        word = name.decode("ascii", "replace")
        path = self.tables[word if word in self.tables else names[len(name) % len(names)]]
        before = path.read_bytes()
        path.write_bytes(content)
        try:
            with in_time(len(data)):
                self._compiled(self.lines if path.suffix == ".jsonl" else self.entry)
        finally:
            path.write_bytes(before)

    def _compiled(self, path: Path) -> Compiled | None:
        sink = Sink()
        made = None
        with suppress(SpecRejected):
            made = compile_spec(path, sink)
        assert made or any(d.severity.value == "error" for d in sink.diagnostics)
        shown(sink, self.never)
        if made is not None:
            written = as_bytes(made.plan)
            assert Plan.model_validate_json(written) == made.plan
            assert as_bytes(made.lock)
            assert not any(word.encode() in written for word in self.never)
        return made

    def remove(self) -> None:
        shutil.rmtree(self.entry.parent.parent, ignore_errors=True)


def as_lines(table: str) -> str:
    """A small CSV without quotes as JSON lines."""
    head, *rows = [line.split(",") for line in table.splitlines()]
    return "".join(json.dumps(dict(zip(head, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)

"""Bytes of a file to a source text: UTF-8, not too large, and no binary file."""

from __future__ import annotations

from typing import Final

from auditc.diagnostics import Sink, Source

from .notes import Mark, Note, Notes

LARGEST: Final = 1_000_000


def read(name: str, data: bytes, sink: Sink) -> Source | None:
    """The source of a file, without a byte order mark; None, and a diagnostic, if it cannot be text of a spec."""
    if len(data) > LARGEST:
        refuse_size(name, sink)
        return None
    body = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        good = body[: error.start].decode("utf-8")
        _refuse(name, good, _not_utf8(body, error.start, len(good)), sink)
        return None
    if "\0" in text:
        _refuse(name, text, has_nul(text), sink)
        return None
    return Source(name, text)


def refuse_size(name: str, sink: Sink) -> None:
    """Report a file that is larger than LARGEST; of a file much larger nobody needs to have read the rest."""
    _refuse(name, "", too_large(), sink)


def too_large() -> Note:
    advice = "Split the spec and `import` its parts, or move long data into a file that the spec names."
    return Note("AC002", Mark(0, 0, f"more than {LARGEST:,} bytes, which is the limit"), advice)


def has_nul(text: str) -> Note:
    place = text.index("\0")
    return Note("AC003", Mark(place, place + 1, "a NUL character"), "Check that this is a spec and no binary file.")


def _not_utf8(data: bytes, offset: int, place: int) -> Note:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        advice = "The file is UTF-16; save it as UTF-8."
    else:
        advice = "Save the file as UTF-8 in your editor."
    return Note("AC001", Mark(place, place, f"the byte 0x{data[offset]:02x} does not belong to UTF-8 text"), advice)


def _refuse(name: str, text: str, note: Note, sink: Sink) -> None:
    notes = Notes(Source(name, text))
    notes.add(note)
    notes.report(sink)

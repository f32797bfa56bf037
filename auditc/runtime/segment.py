"""One batch of stored answers: its rows, its columns in Parquet, and its arrays once it is read."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from auditc.ir.exchange import Failure, Finished, GenerateReply, LikelihoodReply, Prompt, Reply, ScoreReply, Turn

KEY_BYTES = 16

SCHEMA = pa.schema(
    [
        ("key", pa.binary(KEY_BYTES)),
        ("kind", pa.string()),
        ("ok", pa.bool_()),
        ("text", pa.string()),
        ("logprobs", pa.list_(pa.float64())),
        ("tokens_in", pa.int64()),
        ("tokens_out", pa.int64()),
        ("finished", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("prompt", pa.string()),
        ("settings", pa.string()),
        ("reported", pa.string()),
        ("at", pa.int64()),
    ]
)
_READ = tuple(name for name in SCHEMA.names if name not in ("prompt", "settings"))
"""What answering from the store needs: not the prompts, which are the bulk of it. A store of an older form lacks
some: they are read as empty."""

_SINCE_V2 = frozenset({"reported", "at"})

_UNKNOWN = np.iinfo(np.int64).min
"""Stands for the time of an answer that was stored without one."""


_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Given(NamedTuple):
    """One asked cell, as it comes to the store. `settings` is JSON; it can be shown and is not looked up."""

    key: bytes
    kind: str
    prompt: Prompt
    settings: str
    reply: Reply


class Taken(NamedTuple):
    """Cells that were taken in together, and when: whole seconds since 1970 in UTC, as this machine's clock had it."""

    given: Sequence[Given]
    at: int


def prompt_text(prompt: Prompt, written: dict[int, str] | None = None) -> str:
    """A prompt as JSON: its turns as pairs of role and text, and its opening. `written` remembers turns by their
    identity, for as long as they live: the prompts of a batch share most of them."""
    written = {} if written is None else written
    turns = []
    for turn in prompt.turns:
        text = written.get(id(turn))
        if text is None:
            text = written[id(turn)] = _AS_JSON([turn.role, turn.text])
        turns.append(text)
    return f"[[{','.join(turns)}],{_AS_JSON(prompt.opening)}]"


def prompt_of(text: str) -> Prompt:
    """The prompt that `prompt_text` wrote."""
    turns, opening = json.loads(text)
    return Prompt(tuple(Turn(role, said) for role, said in turns), opening)


def table(taken: Sequence[Taken]) -> Any:
    """Asked cells as an Arrow table."""
    written: dict[int, str] = {}
    columns = zip(*(_row(given, batch.at, written) for batch in taken for given in batch.given), strict=True)
    return pa.Table.from_arrays(
        [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _row(given: Given, at: int, written: dict[int, str]) -> tuple[object, ...]:
    """The columns of one cell, in the order of the schema."""
    key, kind, prompt, settings, reply = given
    asked = prompt_text(prompt, written)
    if isinstance(reply, ScoreReply):
        found = (None, reply.logprobs, reply.tokens_in, 0, None, None, None)
        return key, kind, True, *found, asked, settings, reply.reported, at
    if isinstance(reply, LikelihoodReply):
        read = (reply.given, reply.logprobs, reply.tokens_in, 0, None, None, None)
        return key, kind, True, *read, asked, settings, reply.reported, at
    if isinstance(reply, GenerateReply):
        said = (reply.text, None, reply.tokens_in, reply.tokens_out, reply.finished, None, None)
        return key, kind, True, *said, asked, settings, reply.reported, at
    return key, kind, False, None, None, 0, 0, None, reply.reason, reply.detail, asked, settings, "", at


def to_bytes(rows: Any) -> bytes:
    """A table as one Parquet file."""
    sink = io.BytesIO()
    # Statistics and page indexes serve queries over many files; here each file is read whole.
    few = ["kind", "finished", "settings", "reported", "at"]
    pq.write_table(rows, sink, compression="zstd", write_statistics=False, use_dictionary=few)
    return sink.getvalue()


def content_digest(data: bytes) -> str:
    """sha256 of a file's bytes; the name of a batch holds it."""
    return hashlib.sha256(data).hexdigest()


def from_bytes(data: bytes, everything: bool = False) -> Any:
    """The table in a Parquet file; without prompts and settings unless `everything` is asked for. Columns that the
    file's form did not have yet are empty. Raises ArrowException or KeyError where it is no batch of any form."""
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        there = set(file.schema_arrow.names)
        wanted = [name for name in (SCHEMA.names if everything else _READ) if name in there or name not in _SINCE_V2]
        rows = file.read(columns=wanted)
    for name in _SINCE_V2 - there:
        rows = rows.append_column(SCHEMA.field(name), pa.nulls(rows.num_rows, SCHEMA.field(name).type))
    return rows.select(SCHEMA.names if everything else list(_READ))


class Few(NamedTuple):
    """A column of few different words, the empty one where there is none: looking one up makes no object."""

    words: list[str]
    code: NDArray[np.int32]

    def word(self, index: int) -> str:
        """The word of one row."""
        return self.words[int(self.code[index])]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The arrays of one batch, made for looking up single rows."""

    name: str
    keys: Any
    """An Arrow array: keys as objects are kept once, by what looks them up."""
    kind: Few
    ok: NDArray[np.bool_]
    tokens_in: NDArray[np.int64]
    tokens_out: NDArray[np.int64]
    starts: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    text: Any
    finished: Few
    reason: Any
    detail: Any
    reported: Few
    at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def reply(self, index: int) -> Reply:
        """What was replied in one row."""
        if not self.ok[index]:
            return Failure(self.reason[index].as_py(), self.detail[index].as_py())
        tokens_in, reported = int(self.tokens_in[index]), self.reported.word(index)
        kind = self.kind.word(index)
        if kind in ("score", "predict"):
            logprobs = tuple(self.logprobs[self.starts[index] : self.starts[index + 1]].tolist())
            if kind == "score":
                return ScoreReply(logprobs, tokens_in, reported)
            return LikelihoodReply(logprobs, tokens_in, self.text[index].as_py(), reported)
        finished: Finished = self.finished.word(index)  # type: ignore[assignment]
        return GenerateReply(self.text[index].as_py(), tokens_in, int(self.tokens_out[index]), finished, reported)

    def taken(self, index: int) -> int | None:
        """When a row was taken in, in seconds since 1970; None where its store did not say so yet."""
        at = int(self.at[index])
        return None if at == _UNKNOWN else at


def segment(name: str, rows: Any) -> Segment:
    """The arrays of a table."""
    columns = {column: _whole(rows.column(column)) for column in _READ}
    logprobs = columns["logprobs"]
    starts = _array(logprobs.offsets)
    return Segment(
        name=name,
        keys=columns["key"],
        kind=_few(columns["kind"]),
        ok=_array(columns["ok"].cast(pa.int8())).view(np.bool_),
        tokens_in=_array(columns["tokens_in"]),
        tokens_out=_array(columns["tokens_out"]),
        starts=(starts - starts[0]).astype(np.int64),
        logprobs=_array(logprobs.flatten()),
        text=columns["text"],
        finished=_few(columns["finished"]),
        reason=columns["reason"],
        detail=columns["detail"],
        reported=_few(columns["reported"]),
        at=_array(_known(columns["at"])),
    )


def _few(column: Any) -> Few:
    coded = column.dictionary_encode("encode")
    words = coded.dictionary.to_pylist()
    return Few([word or "" for word in words], _array(coded.indices))


def _array(column: Any) -> Any:
    """By DLPack: `to_numpy` would load pandas first, which takes longer than all reading."""
    return np.from_dlpack(column)


def _known(times: Any) -> Any:
    return times.fill_null(_UNKNOWN) if times.null_count else times


def _whole(column: Any) -> Any:
    """A column as one array, however many pieces it was read in."""
    pieces = column.combine_chunks()
    return pa.concat_arrays(pieces.chunks) if isinstance(pieces, pa.ChunkedArray) else pieces

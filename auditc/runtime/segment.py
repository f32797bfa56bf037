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

from auditc.ir.exchange import Failure, Finished, GenerateReply, Prompt, Reply, ScoreReply, Turn

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
    ]
)
_READ = ("key", "kind", "ok", "text", "logprobs", "tokens_in", "tokens_out", "finished", "reason", "detail")
"""What answering from the store needs: not the prompts, which are the bulk of it."""


class Given(NamedTuple):
    """One asked cell, as it comes to the store. `settings` is JSON; it can be shown and is not looked up."""

    key: bytes
    kind: str
    prompt: Prompt
    settings: str
    reply: Reply


def prompt_text(prompt: Prompt) -> str:
    """A prompt as JSON: its turns as pairs of role and text, and its opening."""
    turns = [[turn.role, turn.text] for turn in prompt.turns]
    return json.dumps([turns, prompt.opening], ensure_ascii=False, separators=(",", ":"))


def prompt_of(text: str) -> Prompt:
    """The prompt that `prompt_text` wrote."""
    turns, opening = json.loads(text)
    return Prompt(tuple(Turn(role, said) for role, said in turns), opening)


def table(given: Sequence[Given]) -> Any:
    """Asked cells as an Arrow table."""
    columns = zip(*map(_row, given), strict=True)
    return pa.Table.from_arrays(
        [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _row(given: Given) -> tuple[object, ...]:
    """The columns of one cell, in the order of the schema."""
    key, kind, prompt, settings, reply = given
    asked = prompt_text(prompt)
    if isinstance(reply, ScoreReply):
        return key, kind, True, None, reply.logprobs, reply.tokens_in, 0, None, None, None, asked, settings
    if isinstance(reply, GenerateReply):
        tokens = (reply.tokens_in, reply.tokens_out)
        return key, kind, True, reply.text, None, *tokens, reply.finished, None, None, asked, settings
    return key, kind, False, None, None, 0, 0, None, reply.reason, reply.detail, asked, settings


def to_bytes(rows: Any) -> bytes:
    """A table as one Parquet file."""
    sink = io.BytesIO()
    # Statistics and page indexes serve queries over many files; here each file is read whole.
    pq.write_table(
        rows, sink, compression="zstd", write_statistics=False, use_dictionary=["kind", "finished", "settings"]
    )
    return sink.getvalue()


def content_digest(data: bytes) -> str:
    """sha256 of a file's bytes; the name of a batch holds it."""
    return hashlib.sha256(data).hexdigest()


def from_bytes(data: bytes, everything: bool = False) -> Any:
    """The table in a Parquet file; without prompts and settings unless `everything` is asked for."""
    return pq.read_table(pa.BufferReader(data), columns=None if everything else list(_READ))


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The arrays of one batch, made for looking up single rows."""

    name: str
    keys: tuple[bytes, ...]
    score: NDArray[np.bool_]
    ok: NDArray[np.bool_]
    tokens_in: NDArray[np.int64]
    tokens_out: NDArray[np.int64]
    starts: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    text: Any
    finished: Any
    reason: Any
    detail: Any

    def __len__(self) -> int:
        return len(self.keys)

    def reply(self, index: int) -> Reply:
        """What was replied in one row."""
        if not self.ok[index]:
            return Failure(self.reason[index].as_py(), self.detail[index].as_py())
        tokens_in = int(self.tokens_in[index])
        if self.score[index]:
            start, end = self.starts[index], self.starts[index + 1]
            return ScoreReply(tuple(self.logprobs[start:end].tolist()), tokens_in)
        finished: Finished = self.finished[index].as_py()
        return GenerateReply(self.text[index].as_py(), tokens_in, int(self.tokens_out[index]), finished)


def segment(name: str, rows: Any) -> Segment:
    """The arrays of a table."""
    columns = {column: _whole(rows.column(column)) for column in _READ}
    logprobs = columns["logprobs"]
    starts = logprobs.offsets.to_numpy()
    return Segment(
        name=name,
        keys=tuple(columns["key"].to_pylist()),
        score=np.array([kind == "score" for kind in columns["kind"].to_pylist()], dtype=bool),
        ok=columns["ok"].to_numpy(zero_copy_only=False),
        tokens_in=columns["tokens_in"].to_numpy(),
        tokens_out=columns["tokens_out"].to_numpy(),
        starts=(starts - starts[0]).astype(np.int64),
        logprobs=logprobs.flatten().to_numpy(zero_copy_only=False),
        text=columns["text"],
        finished=columns["finished"],
        reason=columns["reason"],
        detail=columns["detail"],
    )


def _whole(column: Any) -> Any:
    """A column as one array, however many pieces it was read in."""
    pieces = column.combine_chunks()
    return pa.concat_arrays(pieces.chunks) if isinstance(pieces, pa.ChunkedArray) else pieces

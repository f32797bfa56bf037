"""What a run and its worker process say to each other: JSON messages, each with its length before it."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from auditc.backends._contract import Adapter, ModelSource
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    Hint,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    Reply,
    Request,
    Sampling,
    ScoreReply,
    ScoreRequest,
    Turn,
)

_LENGTH = struct.Struct(">Q")
Message = dict[str, Any]


def pack(message: Message) -> bytes:
    """A message as bytes on a pipe."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> Message:
    """The message in a frame's body."""
    message: Message = json.loads(body.decode("utf-8", "surrogatepass"))
    return message


def split(buffer: bytearray) -> bytes | None:
    """Take the first whole frame's body out of a buffer; None while it is not whole."""
    if len(buffer) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(buffer)
    end = _LENGTH.size + length
    if len(buffer) < end:
        return None
    body = bytes(buffer[_LENGTH.size : end])
    del buffer[:end]
    return body


def messages(stream: BinaryIO) -> Iterator[Message]:
    """All messages until the other side closes its end, or dies in the middle of one."""
    while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        body = stream.read(length)
        if len(body) < length:
            return
        yield unpack(body)


def from_source(source: ModelSource) -> Message:
    """What an engine is made of, as JSON."""
    return asdict(source)


def to_source(message: Message) -> ModelSource:
    """The source in a message."""
    reference = {
        country: {item: tuple(shares) for item, shares in items.items()}
        for country, items in message["reference"].items()
    }
    adapter = Adapter(**message["adapter"]) if message["adapter"] else None
    return ModelSource(**{**message, "reference": reference, "adapter": adapter})


def from_request(request: Request) -> Message:
    """A request as JSON."""
    message: Message = {
        "turns": [[turn.role, turn.text] for turn in request.prompt.turns],
        "opening": request.prompt.opening,
        "hint": [request.hint.item, request.hint.population, list(request.hint.order), request.hint.draw],
    }
    if isinstance(request, ScoreRequest):
        message["spellings"] = [list(option) for option in request.spellings]
    elif isinstance(request, GenerateRequest):
        message["sampling"] = asdict(request.sampling)
        message["stream"] = request.stream
    if request.hint.listed:
        message["listed"] = [list(request.hint.listed), list(request.hint.choose)]
    if request.again:
        message["again"] = True
    return message


def to_request(message: Message) -> Request:
    """The request in a message."""
    prompt = Prompt(tuple(Turn(role, text) for role, text in message["turns"]), message["opening"])
    item, population, order, draw = message["hint"]
    hint, again = Hint(item, population, tuple(order), draw), message.get("again", False)
    if "listed" in message:
        listed, (least, most) = message["listed"]
        hint = replace(hint, listed=tuple(listed), choose=(least, most))
    if "spellings" in message:
        return ScoreRequest(prompt, tuple(tuple(option) for option in message["spellings"]), hint, again)
    if "sampling" not in message:
        return LikelihoodRequest(prompt, hint, again)
    sampling = Sampling(**{**message["sampling"], "stop": tuple(message["sampling"]["stop"])})
    return GenerateRequest(prompt, sampling, message["stream"], hint, again)


def from_replies(replies: Sequence[Reply]) -> list[list[Any]]:
    """Replies as JSON, in their order."""
    written: list[list[Any]] = []
    for reply in replies:
        if isinstance(reply, ScoreReply):
            written.append(["score", list(reply.logprobs), reply.tokens_in, reply.reported, reply.tokens_out])
        elif isinstance(reply, GenerateReply):
            said = (reply.text, reply.tokens_in, reply.tokens_out, reply.finished, reply.reported)
            written.append(["text", *said])
        elif isinstance(reply, LikelihoodReply):
            written.append(["likelihood", list(reply.logprobs), reply.tokens_in, reply.given, reply.reported])
        else:
            written.append(["failure", reply.reason, reply.detail, reply.tokens_in, reply.tokens_out])
    return written


def to_replies(written: Sequence[Sequence[Any]]) -> list[Reply]:
    """The replies in a message."""
    replies: list[Reply] = []
    for kind, *rest in written:
        if kind == "score":
            replies.append(ScoreReply(tuple(rest[0]), *rest[1:]))
        elif kind == "text":
            replies.append(GenerateReply(*rest))
        elif kind == "likelihood":
            replies.append(LikelihoodReply(tuple(rest[0]), *rest[1:]))
        else:
            replies.append(Failure(*rest))
    return replies

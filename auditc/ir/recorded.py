"""Recorded exchanges as lines of JSON: what was asked of which model, and what came back; `auditc.exchanges.v1`.

    {"format": "auditc.exchanges.v1", "exchanges": 2, "failures": 0, "models": [...], "sha256": "..."}
    {"who": 0, "kind": "score", "turns": [["user", "..."]], "opening": "(", ..., "logprobs": [-0.3, null]}
    {"who": 0, "kind": "generate", ..., "text": " 2", "finished": "stop"}

The first line counts the others, says who answered, and holds the sha256 of all bytes after it. `null` stands for the
log-probability of what is impossible. Data only: files are read and written elsewhere. What a line says is untrusted.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, NamedTuple

from annotated_types import Ge, Le, Len
from pydantic import ValidationError

from .exchange import (
    Failure,
    Finished,
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
from .values import Form

FORMAT: Final = "auditc.exchanges.v1"
LONGEST: Final = 16_000_000
"""Bytes of a line."""
ABOVE: Final = 1e-6
"""By how much rounding may lift a log-probability above 0."""

_Count = Annotated[int, Ge(0), Le(2**53)]
_Words = Annotated[str, Len(0, 200)]


class NotRecorded(ValueError):
    """A line is not what a recording holds. The message says why, and quotes nothing of it."""


class Who(Form):
    """A model that answered: its name in the plan, the digest and terms of its weights, the engine's whole identity.

    `declared` is a digest of what the spec said of its weights and its backend.
    """

    name: _Words
    identity: dict[_Words, str | int | float | bool]
    weights: _Words = ""
    licence: _Words = ""
    declared: _Words = ""


class Head(Form):
    """The first line. `plan` is the digest of the plan that asked."""

    format: Literal["auditc.exchanges.v1"] = FORMAT
    plan: _Words
    exchanges: _Count
    failures: _Count
    models: Annotated[tuple[Who, ...], Len(1, 1000)]
    sha256: Annotated[str, Len(64, 64)]

    def who(self, name: str) -> int | None:
        """Which of the models has this name."""
        return next((index for index, model in enumerate(self.models) if model.name == name), None)


class Exchange(NamedTuple):
    """One question and its answer. `who` is a place in the head's models; the request's stream is 0: the engine's
    identity is in it, and another engine's says nothing."""

    who: int
    request: Request
    reply: Reply


_KINDS: Final = {ScoreRequest: "score", GenerateRequest: "generate", LikelihoodRequest: "predict"}


class _Line(Form):
    """A line with the form of an exchange. Which of its keys go together is looked at afterwards."""

    who: _Count
    kind: Literal["score", "generate", "predict"]
    turns: tuple[tuple[Literal["system", "user", "assistant"], str], ...]
    opening: str
    item: str
    population: str
    order: tuple[_Count, ...]
    draw: Annotated[int, Ge(-1), Le(2**53)] = -1
    spellings: tuple[tuple[str, ...], ...] | None = None
    sampling: Sampling | None = None
    logprobs: tuple[float | None, ...] | None = None
    text: str | None = None
    given: str = ""
    tokens_in: _Count = 0
    tokens_out: _Count = 0
    finished: Finished | None = None
    reported: str = ""
    reason: str | None = None
    detail: str = ""
    at: str = ""
    """When it was answered; not every store knows."""


def asked(who: int, request: Request) -> bytes:
    """A digest of all by which an exchange is found: who is asked, what, of which item, for whom, in which order, and
    for a sampled text whose draw it is. The seed of its stream is none of it."""
    prompt, hint = request.prompt, request.hint
    how: object
    if isinstance(request, ScoreRequest):
        how, draw = request.spellings, -1
    elif isinstance(request, LikelihoodRequest):
        how, draw = "text", -1
    else:
        how, draw = tuple(asdict(request.sampling).items()), hint.draw if request.sampling.sample else -1
    turns = tuple((turn.role, turn.text) for turn in prompt.turns)
    content = repr((who, turns, prompt.opening, how, hint.item, hint.population, tuple(hint.order), draw))
    return hashlib.sha256(content.encode("ascii", "backslashreplace")).digest()[:16]


def line_of(exchange: Exchange) -> bytes:
    """An exchange as a line, with its line break."""
    who, request, reply = exchange
    prompt, hint = request.prompt, request.hint
    line: dict[str, Any] = {
        "who": who,
        "kind": _KINDS[type(request)],
        "turns": [[turn.role, turn.text] for turn in prompt.turns],
        "opening": prompt.opening,
        "item": hint.item,
        "population": hint.population,
        "order": list(hint.order),
    }
    if isinstance(request, ScoreRequest):
        line["spellings"] = request.spellings
    elif isinstance(request, GenerateRequest):
        line |= {"sampling": asdict(request.sampling), "draw": hint.draw if request.sampling.sample else -1}
    if isinstance(reply, ScoreReply | LikelihoodReply):
        line["logprobs"] = [None if value == -math.inf else value for value in reply.logprobs]
        line["tokens_in"] = reply.tokens_in
        if isinstance(reply, LikelihoodReply):
            line["given"] = reply.given
    elif isinstance(reply, GenerateReply):
        line |= {"text": reply.text, "tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out}
        line["finished"] = reply.finished
    else:
        line |= {"reason": reply.reason, "detail": reply.detail}
    if not isinstance(reply, Failure) and reply.reported:
        line["reported"] = reply.reported
    return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def exchange_of(line: bytes, models: int) -> Exchange:
    """The exchange that a line holds, of one of so many models. Raises NotRecorded."""
    try:
        said = _Line.model_validate(_json(line), strict=False)
    except ValidationError as error:
        raise NotRecorded(_first(error)) from None
    if said.who >= models:
        raise NotRecorded(f"`who` is {said.who}, and there are {models} models")
    prompt = Prompt(tuple(Turn(role, text) for role, text in said.turns), said.opening)
    hint = Hint(said.item, said.population, said.order, said.draw)
    if said.kind == "score":
        if said.spellings is None:
            raise NotRecorded("it scores, and has no `spellings`")
        return Exchange(said.who, ScoreRequest(prompt, said.spellings, hint), _scored(said))
    if said.kind == "predict":
        return Exchange(said.who, LikelihoodRequest(prompt, hint), _predicted(said))
    if said.sampling is None:
        raise NotRecorded("it generates, and has no `sampling`")
    return Exchange(said.who, GenerateRequest(prompt, said.sampling, 0, hint), _written(said))


def head_of(line: bytes) -> Head:
    """What the first line says. Raises NotRecorded."""
    said = _json(line)
    if not isinstance(said, Mapping) or said.get("format") != FORMAT:
        raise NotRecorded(f"its format is not `{FORMAT}`")
    try:
        return Head.model_validate(said)
    except ValidationError as error:
        raise NotRecorded(_first(error)) from None


def _scored(said: _Line) -> ScoreReply | Failure:
    if said.reason is not None:
        return Failure(said.reason, said.detail)
    if said.logprobs is None:
        raise NotRecorded("it holds neither `logprobs` nor a `reason`")
    values = tuple(-math.inf if value is None else value for value in said.logprobs)
    if not said.spellings or len(values) != len(said.spellings):
        raise NotRecorded("there is not one log-probability for each option")
    if any(value > ABOVE for value in values) or sum(map(math.exp, values)) > 1 + ABOVE * len(values):
        raise NotRecorded("a probability is more than 1")
    return ScoreReply(tuple(min(value, 0.0) for value in values), said.tokens_in, said.reported)


def _predicted(said: _Line) -> LikelihoodReply | Failure:
    if said.reason is not None:
        return Failure(said.reason, said.detail)
    if not said.logprobs:
        raise NotRecorded("it holds neither `logprobs` nor a `reason`")
    values = tuple(-math.inf if value is None else value for value in said.logprobs)
    if any(value > ABOVE for value in values):
        raise NotRecorded("a probability is more than 1")
    if not said.opening.startswith(said.given):
        raise NotRecorded("the text does not begin with what was `given` of it")
    return LikelihoodReply(tuple(min(value, 0.0) for value in values), said.tokens_in, said.given, said.reported)


def _written(said: _Line) -> GenerateReply | Failure:
    if said.reason is not None:
        return Failure(said.reason, said.detail)
    if said.text is None or said.finished is None:
        raise NotRecorded("it holds neither a `text` with its end nor a `reason`")
    return GenerateReply(said.text, said.tokens_in, said.tokens_out, said.finished, said.reported)


def _json(line: bytes) -> Any:
    if len(line) > LONGEST:
        raise NotRecorded(f"it is longer than {LONGEST:,} bytes")
    try:
        said = json.loads(line.decode(), parse_constant=_no_number)
        if b"\\ud" in line.lower():
            json.dumps(said, ensure_ascii=False).encode()
        return said
    except NotRecorded:
        raise
    except UnicodeDecodeError:
        raise NotRecorded("it is no UTF-8") from None
    except UnicodeEncodeError:
        raise NotRecorded("it holds half a character") from None
    except json.JSONDecodeError as error:
        raise NotRecorded(f"it is no JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError):
        raise NotRecorded("it is no JSON that can be read") from None


def _no_number(word: str) -> float:
    raise NotRecorded(f"{word} is no number")


def _first(error: ValidationError) -> str:
    """The first thing that is wrong: its place in the line, and what is wanted there."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in found["loc"])[:100]
    return f"`{place}`: {found['msg']}"[:300] if place else found["msg"][:300]

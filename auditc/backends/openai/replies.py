"""What came back through the OpenAI protocol: texts, and the probabilities of first tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from auditc.backends._hosted.answers import count, needed, part, tokens, who, without_opening
from auditc.backends._hosted.key import Key
from auditc.backends._hosted.trouble import Trouble, invalid
from auditc.ir.exchange import Failure, Finished, GenerateReply, GenerateRequest, ScoreReply, ScoreRequest

from .params import Params

ENDED: Mapping[str, Finished] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "tool_calls", "function_call"), "stop"),
    **dict.fromkeys(("length", "max_tokens"), "length"),
    **dict.fromkeys(("content_filter", "sensitive"), "refused"),
}
BROKE_OFF = frozenset({"insufficient_system_resource", "network_error", "abort", "error"})
"""The server gave up in the middle; it may do better the next time."""

IMPOSSIBLE = -9000.0
"""Servers write -9999 for a token that they call very improbable."""


def text_reply(request: GenerateRequest, answer: Any, params: Params, key: Key) -> GenerateReply:
    """The text, and why it ended. Raises Trouble where there is none."""
    choice, usage = _choice(answer), part(answer, "usage", dict)
    finished = _ended(choice)
    if params.protocol == "completions":
        text = part(choice, "text", str) or ""
    else:
        message = needed(choice, "message", dict)
        text = part(message, "content", str) or ""
        if refusal := part(message, "refusal", str):
            text, finished = text or refusal, "refused"
    text = key.without(text)
    if params.protocol == "chat" and params.opening == "ask":
        text = without_opening(text, request.prompt.opening)
    tokens_in, tokens_out, said = tokens(
        request.prompt, text, count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    )
    return GenerateReply(text, tokens_in, tokens_out, finished, _who(answer, said, key))


def score_reply(request: ScoreRequest, answer: Any, params: Params, key: Key) -> ScoreReply | Failure:
    """Exact probabilities of the options, or a Failure where the server lists too few tokens to tell them.

    A spelling that is not listed is counted as 0 if all those together can hold no more than `unlisted`: each is less
    probable than the least probable of the most probable tokens, and all of them than what the listed leave over.
    """
    choice, usage = _choice(answer), part(answer, "usage", dict)
    tokens_in, tokens_out, said = tokens(
        request.prompt, "", count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    )
    if _ended(choice) == "refused":
        return Failure("rejected", "the server withheld its answer", tokens_in, tokens_out)
    listed, drawn = _listed(choice, params)
    if not listed:
        told = "the server lists no probabilities: it does not offer `logprobs`"
        return Failure("truncated", told, tokens_in, tokens_out)
    missing = sum(spelling not in listed for spellings in request.spellings for spelling in spellings)
    left = max(0.0, 1.0 - sum(listed.values()))
    most = min(left, missing * _least(listed, drawn))
    if most > params.unlisted:
        told = f"{most:.3g} of the probability may lie on spellings that are not among the {len(listed)} tokens listed"
        told = f"{told}: ask for more by `logprobs`, or allow it by `unlisted`"
        return Failure("truncated", told, tokens_in, tokens_out)
    sums = [sum(listed.get(spelling, 0.0) for spelling in dict.fromkeys(option)) for option in request.spellings]
    logs = tuple(min(0.0, math.log(chance)) if chance else -math.inf for chance in sums)
    return ScoreReply(logs, tokens_in, _who(answer, said, key), tokens_out)


def _choice(answer: Any) -> dict[str, Any]:
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict) and "choices" not in answer:
        raise invalid("an error in an answer that says it is none")
    choices = needed(answer, "choices", list)
    if not choices or not isinstance(choices[0], dict):
        raise invalid("an answer without a choice")
    first: dict[str, Any] = choices[0]
    return first


def _ended(choice: dict[str, Any]) -> Finished:
    reason = part(choice, "finish_reason", str)
    if reason in BROKE_OFF:
        raise Trouble("server", f"the server broke off: {reason}", again=True)
    if reason is None or reason not in ENDED:
        raise invalid(
            "an answer that does not say why it ended" if reason is None else f"an answer that ended by {reason[:40]!r}"
        )
    return ENDED[reason]


def _least(listed: dict[str, float], drawn: str | None) -> float:
    """How probable the least of the most probable tokens is; 1 where that cannot be told.

    The token that was drawn is listed beside the most probable ones wherever it lies, so it tells nothing of them.
    Where a server does not say which it is, it is taken to be the least of all that are listed.
    """
    others = sorted(chance for token, chance in listed.items() if chance and token != drawn)
    return next(iter(others[drawn is None :]), 1.0)


def _listed(choice: dict[str, Any], params: Params) -> tuple[dict[str, float], str | None]:
    """Probabilities of the first token, by its text, of two tokens with one text the sum; and the one that was drawn,
    None where the server does not say."""
    told = part(choice, "logprobs", dict)
    if told is None:
        return {}, None
    pairs: list[tuple[Any, Any]] = []
    if params.protocol == "completions":
        first = (part(told, "top_logprobs", list) or [None])[0]
        pairs = list(first.items()) if isinstance(first, dict) else []
        drawn = (part(told, "tokens", list) or [None])[0]
    else:
        first = (part(told, "content", list) or [None])[0]
        entries = part(first, "top_logprobs", list) if first is not None else None
        pairs = [(entry.get("token"), entry.get("logprob")) for entry in entries or () if isinstance(entry, dict)]
        drawn = first.get("token") if first is not None else None
    found: dict[str, float] = {}
    for token, logprob in pairs:
        if not isinstance(token, str) or not isinstance(logprob, int | float) or not logprob <= 1e-3:
            raise invalid("an answer whose probabilities are none")
        found[token] = found.get(token, 0.0) + (math.exp(min(0.0, logprob)) if logprob > IMPOSSIBLE else 0.0)
    if sum(found.values()) > 1.01:
        raise invalid("an answer whose probabilities add up to more than 1")
    return found, drawn if isinstance(drawn, str) else None


def _who(answer: Any, said: str, key: Key) -> str:
    return key.without(who(part(answer, "model", str), part(answer, "system_fingerprint", str), said))

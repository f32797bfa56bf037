"""Requests in the words of Anthropic's Messages protocol, and the texts that come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditc.backends._hosted.answers import count, needed, part, tokens, who, without_opening
from auditc.backends._hosted.engine import Body
from auditc.backends._hosted.key import Key
from auditc.backends._hosted.trouble import invalid
from auditc.ir.exchange import Finished, GenerateReply, GenerateRequest, Sampling

from .params import Params

VERSIONS = {"fixed": "2026-10-21", "sent": "2023-06-01"}
"""Of the protocol: since the newer one a request that holds a temperature is turned down."""

ENDED: Mapping[str, Finished] = {
    **dict.fromkeys(("end_turn", "stop_sequence", "tool_use", "pause_turn"), "stop"),
    **dict.fromkeys(("max_tokens", "model_context_window_exceeded"), "length"),
    "refusal": "refused",
}


def body_of(request: GenerateRequest, params: Params) -> Body:
    """A request for a text. What the system says stands apart from the turns."""
    prompt, how = request.prompt, request.sampling
    turns: list[Body] = [{"role": turn.role, "content": turn.text} for turn in prompt.turns if turn.role != "system"]
    system = "\n\n".join(turn.text for turn in prompt.turns if turn.role == "system")
    if prompt.opening and params.opening == "ask":
        turns[-1]["content"] += f"\n\n{prompt.opening.rstrip()}"
    elif prompt.opening:
        # A message that is begun may not end in a blank.
        turns.append({"role": "assistant", "content": prompt.opening.rstrip()})
    body: Body = {"model": params.model, "max_tokens": how.max_new_tokens, "messages": turns}
    if system:
        body["system"] = system
    if how.stop:
        body["stop_sequences"] = list(how.stop)
    if params.settings == "sent":
        body["temperature"] = how.temperature if how.sample else 0.0
        if how.sample and how.top_p < 1:
            body["top_p"] = how.top_p
        if how.sample and how.top_k:
            body["top_k"] = how.top_k  # without it there is no cut
    return body


def refuses(params: Params, sampling: Sampling | None) -> tuple[str, ...]:
    """What the server would have to leave out, each with what to do."""
    if sampling is None:
        return ()
    found = []
    if params.settings == "fixed":
        as_sent = "or, with a model that takes it, write `settings = sent`"
        if not sampling.sample:
            found.append(f"with `settings = fixed` the model samples, always: write `sampling = [on]`, {as_sent}")
        for name, given, fixed in (
            ("temperature", sampling.temperature, 1.0),
            ("top_p", sampling.top_p, 1.0),
            ("top_k", sampling.top_k, 0),
        ):
            if sampling.sample and given != fixed:
                found.append(f"with `settings = fixed` it takes no `{name}`: leave it out, {as_sent}")
    elif sampling.sample:
        if sampling.temperature > 1:
            found.append("`anthropic` takes temperatures up to 1: lower `temperature`")
        if sampling.temperature != 1 and sampling.top_p < 1:
            found.append("`anthropic` takes a `temperature` or a `top_p`, and not both: leave one of them out")
    return tuple(found)


def text_reply(request: GenerateRequest, answer: Any, params: Params, key: Key) -> GenerateReply:
    """The text, and why it ended. Raises Trouble where there is none."""
    usage, reason = part(answer, "usage", dict), part(answer, "stop_reason", str)
    if reason not in ENDED:
        raise invalid(f"an answer that ended by {str(reason)[:40]!r}")
    blocks = [block for block in needed(answer, "content", list) if isinstance(block, dict)]
    told = [part(block, "text", str) or "" for block in blocks if block.get("type") == "text"]
    text = key.without("".join(told))
    if params.opening == "ask":
        text = without_opening(text, request.prompt.opening)
    read = count(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    tokens_in, tokens_out, said = tokens(request.prompt, text, read, count(usage, "output_tokens"))
    reported = key.without(who(part(answer, "model", str), said))
    return GenerateReply(text, tokens_in, tokens_out, ENDED[reason], reported)

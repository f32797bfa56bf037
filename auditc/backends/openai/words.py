"""Requests of the OpenAI protocol in its words, and what of a plan a server would have to leave out of them."""

from __future__ import annotations

from dataclasses import dataclass

from auditc.backends._hosted.engine import Body
from auditc.ir.exchange import GenerateRequest, Prompt, Sampling, ScoreRequest

from .params import Params
from .servers import Server, kind, server


@dataclass(frozen=True, slots=True)
class Words:
    """Puts requests into the words of one server."""

    params: Params
    server: Server

    def text(self, request: GenerateRequest) -> Body:
        """A request for a text. Every setting that the server knows is told it."""
        how, server = request.sampling, self.server
        body = self._asked(request.prompt) | {
            server.length: how.max_new_tokens,
            "temperature": how.temperature if how.sample else 0.0,
            "top_p": how.top_p if how.sample else 1.0,
        }
        if how.stop:
            body["stop"] = list(how.stop)
        if server.top_k:
            body[server.top_k] = (how.top_k if how.sample else 0) or server.no_top_k
        if server.seed and how.sample:
            body[server.seed] = request.stream >> 33  # 31 bits, which every server takes
        return body | ({} if how.sample else dict(server.greedy))

    def score(self, request: ScoreRequest) -> Body:
        """A request for the probabilities of the first token: one token, at temperature 1, without a cut."""
        body = self._asked(request.prompt) | {self.server.length: 1, "temperature": 1.0, "top_p": 1.0}
        if self.server.top_k:
            body[self.server.top_k] = self.server.no_top_k
        if self.params.protocol == "completions":
            return body | {"logprobs": self.params.logprobs}
        return body | {"logprobs": True, "top_logprobs": self.params.logprobs}

    def _asked(self, prompt: Prompt) -> Body:
        body: Body = {"model": self.params.model} | dict(self.server.always)
        if self.params.protocol == "completions":
            # As every base model gets it: see `Prompt`.
            return body | {"prompt": "\n\n".join(turn.text for turn in prompt.turns) + "\n" + prompt.opening}
        messages: list[Body] = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        if prompt.opening and self.params.opening == "ask":
            messages[-1]["content"] += f"\n\n{prompt.opening.rstrip()}"
        elif prompt.opening:
            begun: Body = {"role": "assistant", "content": prompt.opening}
            messages.append(begun | ({self.server.mark: True} if self.server.mark else {}))
            body |= dict(self.server.goes_on or {})
        return body | {"messages": messages}


def words(params: Params) -> Words:
    return Words(params, server(params))


def refuses(params: Params, sampling: Sampling | None) -> tuple[str, ...]:
    """What the server would have to leave out, each with what to do."""
    name, takes = kind(params), server(params)
    found = []
    if params.opening == "continue" and params.protocol == "chat" and takes.goes_on is None:
        found.append(
            f"`{name}` continues no message: write `opening = ask`, or say what the server is: `server = vllm`"
        )
    if params.batch and not takes.jobs:
        found.append(f"`{name}` takes no jobs: leave `batch` out")
    if sampling is None:
        if not params.logprobs:
            found.append(
                "`logprobs` is 0, and nobody tells probabilities unasked: write `logprobs = 20`, if the server has them"
            )
        elif params.logprobs > takes.listed:
            found.append(f"`{name}` tells the probability of {takes.listed} tokens at most: lower `logprobs`")
        return tuple(found)
    if sampling.sample and sampling.top_k and not takes.top_k:
        found.append(f"`{name}` takes no `top_k`: leave it out, or say what the server is: `server = vllm`")
    if sampling.sample and sampling.temperature > takes.hottest:
        found.append(f"`{name}` takes temperatures up to {takes.hottest:g}: lower `temperature`")
    if len(sampling.stop) > takes.stops:
        found.append(f"`{name}` stops at {takes.stops} texts at most: shorten `stop`")
    return tuple(found)

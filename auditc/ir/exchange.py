"""What is asked of a backend and what it replies: the only vocabulary that runtime and engines share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation, and the words with which the model's next message begins.

    A chat model gets the turns through its template and `opening` as the start of its own message. A base model has no
    template: it gets the texts of the turns, one blank line between, then a line break and `opening`.
    """

    turns: tuple[Turn, ...]
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """Which cell a request stands for. Real engines ignore it; `simulated` answers by it, `replay` finds by it.

    `population` is the country whose people are asked for, as the survey calls it. `order[position]` is the 0-based
    index, in the survey's own order, of the option shown at `position`. `draw` is the participant's, -1 for a score.
    `asks` is what a judge is asked about somebody else's answer; empty for whoever answers, and on its way to a worker.
    Where `listed` are the items of a list that are asked together, `item` is the list's name, `order` is one of them,
    and at least and at most as many as `choose` says may be chosen.
    """

    item: str
    population: str
    order: tuple[int, ...]
    draw: int = -1
    asks: str = field(default="", compare=False)
    listed: tuple[str, ...] = ()
    choose: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Asks for the probability of each spelling of each option as the next token after `prompt`.

    `spellings[position]` are the declared spellings of the option shown at `position`; each must be one token.
    `again` marks a cell that is asked for the second time, on purpose: nothing of what is asked is other, and an engine
    that keeps answers must not give the first one again.
    """

    prompt: Prompt
    spellings: tuple[tuple[str, ...], ...]
    hint: Hint
    again: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ScoreReply:
    """Natural-log probabilities, one for each option shown, summed over its spellings, out of the full softmax.

    They are not normalised over the options: their sum is the mass on the options. `reported` is what a server says
    of who answered: the model's dated name and its fingerprint; empty where the engine's identity says it all.
    """

    logprobs: tuple[float, ...]
    tokens_in: int
    reported: str = ""
    tokens_out: int = field(default=0, compare=False)
    """Those that a server wrote, and counts, to tell the probabilities; no part of the answer."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a text is generated; every field is passed to every engine, so that no engine's default can differ.

    `sample` off is deterministic decoding. `top_k` 0 is no cut. `beams` over 1 with `sample` on is beam sampling.
    """

    sample: bool = True
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    beams: int = 1
    max_new_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """Asks for a text. `stream` is the 64-bit seed of this request's own random stream, the same when it is asked
    `again`, which is as in `ScoreRequest`."""

    prompt: Prompt
    sampling: Sampling
    stream: int
    hint: Hint
    again: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class LikelihoodRequest:
    """Asks how likely a text is, token by token. `prompt` has no turns, and the text is its opening: it is fed as it
    stands, without a chat template, after the token for the beginning of a text where the tokenizer puts one."""

    prompt: Prompt
    hint: Hint
    again: bool = field(default=False, compare=False)
    """As in `ScoreRequest`."""


@dataclass(frozen=True, slots=True)
class LikelihoodReply:
    """Natural-log probabilities, one for each token of the text that has one before it, out of the full softmax.

    `given` is the beginning of the text that was not predicted: its first token where nothing stands before it. What
    the log-probabilities are of is the rest. `reported` is as in `ScoreReply`.
    """

    logprobs: tuple[float, ...]
    tokens_in: int
    given: str = ""
    reported: str = ""
    tokens_out: int = field(default=0, compare=False)
    """As in `ScoreReply`."""


Finished = Literal["stop", "length", "refused"]


@dataclass(frozen=True, slots=True)
class GenerateReply:
    """The text without `opening`, and why it ended: `refused` where a server says that it withheld or broke off the
    answer. `reported` is as in `ScoreReply`."""

    text: str
    tokens_in: int
    tokens_out: int
    finished: Finished
    reported: str = ""


TOO_LONG: Final = "too_long"
"""The reason of a failure whose prompt did not fit into the model's window."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What the world did to a request: counted as missing wherever it matters.

    `reason` is one of `out_of_memory`, `too_long`, `spelling`, `engine`, `worker_died`, `timeout`, and of a server:
    `rate_limit`, `server` (it failed, and went on failing), `connection`, `invalid_reply`, `rejected` (it would not
    take the request), `truncated` (it lists too few tokens to tell how probable an option is); of a recording:
    `not_recorded`. `detail` is for people and holds no secret. The tokens are those that were paid for all the same.
    """

    reason: str
    detail: str = ""
    tokens_in: int = field(default=0, compare=False)
    tokens_out: int = field(default=0, compare=False)


Request = ScoreRequest | GenerateRequest | LikelihoodRequest
Reply = ScoreReply | GenerateReply | LikelihoodReply | Failure

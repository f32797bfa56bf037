"""The engine: a look into a recording for each request, and a failure for what is not in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditc.backends._contract import Identity
from auditc.backends.replay.recording import Recording
from auditc.ir.exchange import (
    Failure,
    GenerateReply,
    GenerateRequest,
    LikelihoodReply,
    LikelihoodRequest,
    Prompt,
    Request,
    ScoreReply,
    ScoreRequest,
)


def missing(request: Request) -> Failure:
    """The reply to what was not recorded: no answer is guessed."""
    hint = request.hint
    whom = f"item `{hint.item}`, {hint.population}" + (f", draw {hint.draw}" if hint.draw >= 0 else "")
    return Failure("not_recorded", f"no exchange with this wording and these settings was recorded: {whom}"[:300])


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Answers out of a recording that nothing changes: any number of threads may ask."""

    identity: Identity
    recording: Recording
    who: int

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """About how many tokens: only the model that answered could say."""
        return [1 + (sum(len(turn.text) for turn in prompt.turns) + len(prompt.opening)) // 4 for prompt in prompts]

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]:
        replies: list[ScoreReply | Failure] = []
        for request in requests:
            reply = self.recording.reply(self.who, request)
            replies.append(reply if isinstance(reply, ScoreReply | Failure) else missing(request))
        return replies

    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]:
        replies: list[GenerateReply | Failure] = []
        for request in requests:
            reply = self.recording.reply(self.who, request)
            replies.append(reply if isinstance(reply, GenerateReply | Failure) else missing(request))
        return replies

    def likelihoods(self, requests: Sequence[LikelihoodRequest]) -> list[LikelihoodReply | Failure]:
        replies: list[LikelihoodReply | Failure] = []
        for request in requests:
            reply = self.recording.reply(self.who, request)
            replies.append(reply if isinstance(reply, LikelihoodReply | Failure) else missing(request))
        return replies

    def close(self) -> None:
        """Nothing is held."""

"""The engine of a hosted model: one request at a time from each of many threads, repeated where that helps.

Each attempt runs in a thread of its own that nobody waits for longer than the time limit: a server that sends a byte
now and then holds up no run, and a run that is stopped does not wait for what is on its way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from auditc.backends._contract import EngineStopped, Identity
from auditc.ir.exchange import Failure, GenerateReply, GenerateRequest, Prompt, Request, ScoreReply, ScoreRequest

from .pacing import Closed, Pacer, backoff
from .standing import Standing
from .trouble import Trouble

T = TypeVar("T", ScoreReply, GenerateReply)
R = TypeVar("R")
Body = dict[str, Any]
"""A request as JSON."""

LONGEST_WAIT = 600.0
"""Seconds. A server that asks for a longer pause is asked again by a later run, and this one stops."""


PAID = frozenset({"invalid_reply", "timeout"})
"""Reasons for which a provider may want money for an attempt that brought nothing: the model has worked."""


class Provider(Protocol):
    """What a backend brings: the form of requests and replies, and the way to the server."""

    def score_body(self, request: ScoreRequest) -> Body: ...
    def text_body(self, request: GenerateRequest) -> Body: ...
    def send(self, body: Body) -> tuple[Any, float | None]:
        """The JSON that came back, and seconds that the server wants to be left alone for. Raises Trouble."""
        ...

    def score_reply(self, request: ScoreRequest, answer: Any) -> ScoreReply | Failure:
        """Raises Trouble where the answer is none."""
        ...

    def text_reply(self, request: GenerateRequest, answer: Any) -> GenerateReply: ...
    def close(self) -> None: ...


class Jobs(Protocol):
    """Many requests handed over at once."""

    def run(self, requests: Sequence[Request], bodies: Sequence[Body], pacer: Pacer) -> list[Any | Trouble]: ...


@dataclass(slots=True, eq=False)
class Hosted:
    """Asks a provider. Stands being called by many threads."""

    identity: Identity
    provider: Provider
    standing: Standing
    pacer: Pacer
    retries: int
    timeout: float
    jobs: Jobs | None = None
    _closed: threading.Event = field(default_factory=threading.Event)

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """No less than the tokens of each prompt: only the server has the tokenizer."""
        return [at_most(prompt) for prompt in prompts]

    def score(self, requests: Sequence[ScoreRequest]) -> list[ScoreReply | Failure]:
        return self._all(requests, self.provider.score_body, self.provider.score_reply, _no_score)

    def generate(self, requests: Sequence[GenerateRequest]) -> list[GenerateReply | Failure]:
        return self._all(requests, self.provider.text_body, self.provider.text_reply, _no_text)

    def tell(self, waiting: Callable[[float, str], None]) -> None:
        """As the contract has it."""
        self.pacer.told = lambda seconds: waiting(seconds, "its server asks for a pause")

    def close(self) -> None:
        """Whoever waits is woken. Does nothing a second time."""
        self.pacer.close()
        if not self._closed.is_set():
            self._closed.set()
            self.provider.close()

    def _all(
        self,
        requests: Sequence[Any],
        body: Callable[[Any], Body],
        read: Callable[[Any, Any], T | Failure],
        withheld: Callable[[Any, Trouble], T | Failure],
    ) -> list[T | Failure]:
        if not requests:
            return []
        if self.jobs is None:
            return [self._one(request, body(request), read, withheld) for request in requests]
        self.standing.check()
        try:
            answers = self.jobs.run(requests, [body(request) for request in requests], self.pacer)
        except Closed:
            return [Failure("engine", "closed while it waited")] * len(requests)
        except Trouble as trouble:
            self.standing.bad(trouble)
            return [Failure(trouble.reason, trouble.detail)] * len(requests)
        return [self._of_job(*pair, read, withheld) for pair in zip(requests, answers, strict=True)]

    def _of_job(
        self,
        request: Any,
        answer: Any | Trouble,
        read: Callable[[Any, Any], T | Failure],
        withheld: Callable[[Any, Trouble], T | Failure],
    ) -> T | Failure:
        try:
            if isinstance(answer, Trouble):
                raise answer
            return read(request, answer)
        except Trouble as trouble:
            if trouble.withheld:
                return withheld(request, trouble)
            return Failure(trouble.reason, trouble.detail, *_taken(request, trouble.reason in PAID))

    def _one(
        self,
        request: Any,
        body: Body,
        read: Callable[[Any, Any], T | Failure],
        withheld: Callable[[Any, Trouble], T | Failure],
    ) -> T | Failure:
        paid = 0
        for repeat in range(self.retries + 1):
            try:
                reply = self._attempt(lambda: self._asked(request, body, read))
                self.standing.good()
                more_in, more_out = _taken(request, paid)
                return replace(reply, tokens_in=reply.tokens_in + more_in, tokens_out=reply.tokens_out + more_out)
            except Closed:
                return Failure("engine", "closed while it waited")
            except EngineStopped:
                raise
            except Trouble as fault:
                trouble = fault
            except (
                Exception
            ) as fault:  # of ours, or of the client library: it is this request's, and its neighbours go on
                return Failure("engine", f"the request could not be put: {type(fault).__name__}")
            if trouble.withheld:
                self.standing.good()
                return withheld(request, trouble)
            paid += trouble.reason in PAID
            if not trouble.again or (trouble.wait or 0.0) > LONGEST_WAIT or repeat == self.retries:
                break
            try:
                self.pacer.rest(backoff(repeat))
            except Closed:
                return Failure("engine", "closed while it waited")
        self.standing.bad(trouble, at_once=(trouble.wait or 0.0) > LONGEST_WAIT)
        return Failure(trouble.reason, trouble.detail, *_taken(request, paid))

    def _asked(
        self, request: Any, body: Body, read: Callable[[Any, Any], T | Failure]
    ) -> tuple[T | Failure, float | None]:
        answer, wait = self.provider.send(body)
        return read(request, answer), wait

    def _attempt(self, call: Callable[[], tuple[T | Failure, float | None]]) -> T | Failure:
        """One request within the time limit. Raises Trouble, Closed, EngineStopped."""
        self.standing.check()
        entered = self.pacer.enter()
        try:
            self.standing.check()
            reply, wait = within(self.timeout, call, self._closed.is_set)
        except Trouble as trouble:
            self.pacer.leave(entered, well=False, slower=trouble.slower, wait=_bounded(trouble.wait))
            raise
        except BaseException:
            self.pacer.leave(entered, well=False)
            raise
        self.pacer.leave(entered, well=True, wait=_bounded(wait))
        return reply


def _bounded(wait: float | None) -> float | None:
    return None if wait is None else min(wait, LONGEST_WAIT)


def within(seconds: float, call: Callable[[], R], closed: Callable[[], bool]) -> R:
    """What a call gives in time. Raises what it raises, Trouble when it takes too long, Closed when nobody waits."""
    done: queue.SimpleQueue[tuple[R] | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((call(),))
        except BaseException as fault:  # handed to the thread that waits
            done.put(fault)

    threading.Thread(target=work, name="auditc-request", daemon=True).start()
    waited = 0.0
    while True:
        try:
            found = done.get(timeout=min(0.25, max(seconds - waited, 0.001)))
            break
        except queue.Empty:
            waited += 0.25
        if closed():
            raise Closed
        if waited >= seconds:
            raise Trouble("timeout", f"no whole answer in {seconds:g} seconds", again=True)
    if isinstance(found, BaseException):
        if closed():
            raise Closed
        raise found
    return found[0]


def _taken(request: ScoreRequest | GenerateRequest, times: int) -> tuple[int, int]:
    """The tokens, in and out, that so many attempts may have taken at most."""
    out = request.sampling.max_new_tokens if isinstance(request, GenerateRequest) else 1
    return times * at_most(request.prompt), times * out


def _no_text(request: GenerateRequest, trouble: Trouble) -> GenerateReply:
    """What was withheld before a word of it was written."""
    return GenerateReply("", 0, 0, "refused")


def _no_score(request: ScoreRequest, trouble: Trouble) -> Failure:
    return Failure("rejected", trouble.detail)


def at_most(prompt: Prompt) -> int:
    """No tokenizer makes more than one token of a byte; the frame of a chat is short."""
    texts = [turn.text for turn in prompt.turns]
    return 64 + 8 * len(texts) + sum(len(text.encode("utf-8", "replace")) for text in (*texts, prompt.opening))

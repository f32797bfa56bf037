"""What a server did in place of answering, in one form for every provider, and how long it asks to be left alone.

No clock of this machine is read: a date in a header is measured against the date that the same answer bears.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .key import Key

REFUSALS = frozenset(
    {
        *("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"),
        *("data_inspection_failed", "DataInspectionFailed", "1301", "SensitiveContentDetected"),
    }
)
"""Codes with which servers say that they withhold an answer because of what was asked."""

UNPAID = frozenset({"insufficient_quota", "billing_hard_limit_reached", "Arrearage", "1113", "billing_error"})
"""Codes with which servers say that nobody pays: waiting does not help."""

_TOO_LONG = re.compile(
    r"context[ _](length|window)|maximum context|prompt is too long|too many tokens|input is too long"
    r"|range of input length|exceed_context_size",
    re.IGNORECASE,
)
_STEPS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Trouble(Exception):
    """Why a request has no answer. `again`: asking once more may help; `slower`: the server has too much to do;
    `wait`: seconds that it asks for; `closed`: it would answer nobody who asks as we do; `withheld`: what was asked is
    what it does not answer."""

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        again: bool = False,
        slower: bool = False,
        wait: float | None = None,
        closed: bool = False,
        withheld: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.again = again
        self.slower = slower
        self.wait = wait
        self.closed = closed
        self.withheld = withheld


def invalid(detail: str) -> Trouble:
    """The server answered, and its answer is none."""
    return Trouble("invalid_reply", detail, again=True)


def translated(fault: Exception, library: Any, key: Key) -> Trouble | None:
    """What an exception of a client library (`openai`, `anthropic`) means; None where it is not one of the world's."""
    import httpx2

    if isinstance(fault, library.APITimeoutError | httpx2.TimeoutException):
        return Trouble("timeout", "the server did not answer in time", again=True)
    if isinstance(fault, library.APIStatusError):
        return of_status(fault.status_code, fault.response.headers, fault.body, key)
    if isinstance(fault, library.APIConnectionError | httpx2.HTTPError):
        cause = fault.__cause__ if isinstance(fault, library.APIConnectionError) else fault
        said = key.clean(f"{type(cause or fault).__name__}: {cause or fault}")[:200]
        return Trouble("connection", said, again=True)
    return None


def of_status(status: int, headers: Mapping[str, str], body: object, key: Key) -> Trouble:
    """What an answer with a status that is no success means."""
    codes, words = _said(body)
    detail = key.clean(f"{status} {words}".strip())[:300]
    if codes & REFUSALS:
        return Trouble("rejected", detail, withheld=True)
    if codes & UNPAID or status in (401, 402, 403, 404) or 300 <= status < 400:
        return Trouble("rejected", detail, closed=True)
    if status == 413 or (status in (400, 422) and (_TOO_LONG.search(words) or "context_length_exceeded" in codes)):
        return Trouble("too_long", detail)
    again = headers.get("x-should-retry") != "false"
    if status in (429, 503, 529):
        reason = "rate_limit" if status == 429 else "server"
        return Trouble(reason, detail, again=again, slower=True, wait=asked_to_wait(headers))
    if status in (408, 409, 425) or status >= 500:
        return Trouble("server", detail, again=again, wait=asked_to_wait(headers))
    return Trouble("rejected", detail)


def of_error(error: object, key: Key) -> Trouble:
    """What an error means that came without a status of its own, as in the results of a job."""
    codes, words = _said(error)
    detail = key.clean(words)[:300] or "nothing said"
    if codes & REFUSALS:
        return Trouble("rejected", detail, withheld=True)
    if codes & {"invalid_request_error", "request_too_large"}:
        return Trouble("too_long" if _TOO_LONG.search(words) else "rejected", detail)
    return Trouble("rate_limit" if "rate_limit_error" in codes else "server", detail)


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait before the next request: `Retry-After` in seconds or as a date, or the time
    at which a limit is full again that is used up."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, ""))
        if seconds is not None:
            return max(0.0, seconds * unit)
    until = _until(headers.get("retry-after", ""), headers)
    return until if until is not None else used_up(headers)


def used_up(headers: Mapping[str, str]) -> float | None:
    """Seconds until a limit is full again that has nothing left, as OpenAI's and Anthropic's headers tell it."""
    waits = []
    for name, left in headers.items():
        if _number(left) != 0 or "ratelimit" not in name or "remaining" not in name:
            continue
        reset = headers.get(name.replace("remaining", "reset"), "")
        steps = _STEPS.findall(reset)
        if steps and "".join(number + unit for number, unit in steps) == reset:
            waits.append(sum(float(number) * _SECONDS[unit] for number, unit in steps))
        elif (seconds := _number(reset)) is not None:
            waits.append(seconds)
        elif (until := _until(reset, headers)) is not None:
            waits.append(until)
    return max(waits, default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(text: str, headers: Mapping[str, str]) -> float | None:
    now, then = _date(headers.get("date", "")), _date(text)
    return None if now is None or then is None else max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    """A moment, as HTTP or as RFC 3339 writes it."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        if found.tzinfo is not None:
            return found
    return None


def _said(body: object) -> tuple[frozenset[str], str]:
    """The codes in the body of an error, and its words: `{"error": {"code", "type", "message"}}` or what is inside."""
    codes = set()
    words = body if isinstance(body, str) else ""
    for part in _inside(body):
        codes |= {str(part[name]) for name in ("code", "type") if isinstance(part.get(name), str | int)}
        if isinstance(part.get("message"), str):
            words = part["message"]
    return frozenset(codes), " ".join(words[:2000].split())


def _inside(body: object) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        yield body
        for name in ("error", "innererror"):
            yield from _inside(body.get(name))

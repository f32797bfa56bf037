"""Opens a provider's client library so that it does what we account for: no repeats of its own, no other address, no
answer without bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from auditc.ir.values import Secret

from .answers import LARGEST
from .key import Key
from .trouble import translated

LARGEST_OF_A_JOB = 2**30
"""Bytes that a job of 10,000 requests may bring."""


def plain_client(make: Any, concurrency: int) -> Any:
    """An HTTP client of a library's own kind that follows no redirect: the key goes to the declared address alone. Of
    no answer, an error's neither, it reads more than a bounded number of bytes."""
    import httpx2

    limits = httpx2.Limits(max_connections=concurrency * 4, max_keepalive_connections=concurrency)
    hooks = {"request": [_unpacked], "response": [_bounded]}
    return make(follow_redirects=False, limits=limits, event_hooks=hooks)


def _unpacked(request: Any) -> None:
    """Ask for answers as they are: a packed one can hold a thousand times the bytes that came."""
    request.headers["accept-encoding"] = "identity"


def _bounded(response: Any) -> None:
    """Let no more be read of an answer than it may be long. Raises httpx2.HTTPError."""
    import httpx2

    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise httpx2.DecodingError("an answer that is packed, though none was asked for")
    of_job = response.status_code == 200 and response.request.url.path.endswith(("/content", "/results"))
    most = LARGEST_OF_A_JOB if of_job else LARGEST

    class Bounded(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __iter__(self) -> Iterator[bytes]:
            left = most
            for chunk in self.stream:
                left -= len(chunk)
                if left < 0:
                    raise httpx2.DecodingError(f"an answer of more than {most:,} bytes")
                yield chunk

        def close(self) -> None:
            self.stream.close()

    response.stream = Bounded(response.stream)


def only_ours(client: Any, headers: Mapping[str, str]) -> None:
    """Send no header but these beside the library's own. The libraries add what variables of the environment hold,
    keys of gateways among it (`OPENAI_CUSTOM_HEADERS`), and would send it to whatever address a spec names."""
    client._custom_headers = dict(headers)


def remedies(key: Secret | None, model: str) -> dict[str, str]:
    """What to do when a server turns everybody away, by its status."""
    named = f"set the environment variable {key.variable} to a key that it takes" if key else "give the model a `key`"
    return {
        "401": named,
        "403": f"{named}, one that may use `{model}`",
        "402": "see to the account at the provider, then run again: what is stored is not asked again",
        "404": f"look up what the provider calls its models: `{model}` is not there, or not under this `url`",
        "429": "see to the account at the provider, then run again: what is stored is not asked again",
        "400": "the server does not take requests of this form: say by `server` what it is, or change the settings",
        "": "see that the server can be reached and answers, then run again: what is stored is not asked again",
    }


@dataclass(frozen=True, slots=True)
class Translating:
    """While it lasts, what a client library raises becomes Trouble, without the key."""

    library: Any
    key: Key

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(fault, Exception):
            trouble = translated(fault, self.library, self.key)
            if trouble is not None:
                raise trouble from None

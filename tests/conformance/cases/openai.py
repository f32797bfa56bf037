"""The backend `openai`, on a provider of this machine that speaks both of its protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from auditc.backends._contract import ModelSource
from tests.providers import provider

from ..case import Case, Ready

LACKS: Final = {
    "lengths": "only the server has the tokenizer",
    "spellings": "a server lists the tokens that it likes, and does not say what is one",
    "streams": "no server keeps a seed's promise",
}


def at_the_provider(path: str, **params: Any) -> Callable[[], AbstractContextManager[Ready]]:
    """A model of a provider that runs for as long as it is tried."""

    @contextmanager
    def ready() -> Iterator[Ready]:
        with provider() as server:
            told: Mapping[str, Any] = {"model": "m", "url": server.url + path, **params}
            yield Ready(ModelSource("model", None, ""), told)

    return ready


CASES = {
    "openai": Case("openai", around=at_the_provider("/v1", logprobs=20), lacks=LACKS),
    "openai-completions": Case(
        "openai", around=at_the_provider("/v1", logprobs=20, protocol="completions"), lacks=LACKS
    ),
    "openai-jobs": Case(
        "openai",
        around=at_the_provider("/v1", logprobs=20, batch=True),
        lacks=LACKS | {"faults": "the provider of this machine takes prompts of any length in its jobs"},
    ),
}

"""The backends `openai` and `anthropic`, on a server of this machine that speaks both protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from auditc.backends._contract import ModelSource
from tests.providers import provider

from ..case import HUMAN, Case, Ready


def served(path: str, params: Mapping[str, Any]) -> Callable[[], AbstractContextManager[Ready]]:
    """A model on a server, whose address is put in."""

    @contextmanager
    def started() -> Iterator[Ready]:
        with provider() as server:
            yield Ready(ModelSource("model", None, "", HUMAN), {**params, "model": "m", "url": server.url + path})

    return started


LACKS = {
    "lengths": "only the server has the model's tokenizer",
    "chances": "the server's probabilities are made up",
    "spellings": "only the server has the model's tokenizer",
}

CASES = {
    "openai": Case("openai", around=served("/v1", {"logprobs": 20}), lacks=LACKS),
    "openai-completions": Case(
        "openai", around=served("/v1", {"logprobs": 20, "protocol": "completions"}), lacks=LACKS
    ),
    "anthropic": Case("anthropic", around=served("", {}), lacks=LACKS),
}

"""How servers that speak the OpenAI protocol differ: which settings each takes, and how it is told of them.

From their documentation as of 2026-11. A server changes on its own days: what it does not take any more it refuses with
its own words, and those are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from .params import Params


@dataclass(frozen=True, slots=True)
class Server:
    """What a kind of server takes. Names are of fields of a request; an empty one is a setting that it lacks."""

    length: str = "max_tokens"
    seed: str = "seed"
    top_k: str = ""
    no_top_k: int = 0
    """What `top_k` is to be so that there is no cut."""
    hottest: float = 2.0
    """The highest temperature."""
    stops: int = 4
    listed: int = 20
    """Of how many tokens it tells the probability; 0 where of none."""
    goes_on: Mapping[str, Any] | None = None
    """Beside a request whose last message is to be continued; None where none can be."""
    mark: str = ""
    """The field of that message which says so."""
    jobs: bool = False
    always: Mapping[str, Any] = field(default_factory=dict)
    """With every request: what would otherwise be set by a model's own files, or by the server's mood."""
    greedy: Mapping[str, Any] = field(default_factory=dict)
    """With a request for a text that is not sampled."""


SERVERS: Final[dict[str, Server]] = {
    "plain": Server(jobs=True),
    "openai": Server(length="max_completion_tokens", jobs=True),
    "vllm": Server(
        top_k="top_k",
        no_top_k=-1,
        stops=64,
        listed=1000,
        goes_on={"continue_final_message": True, "add_generation_prompt": False},
        always={"min_p": 0.0, "repetition_penalty": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0},
    ),
    "llamacpp": Server(
        top_k="top_k",
        stops=64,
        listed=1000,
        goes_on={},
        always={"min_p": 0.0, "typical_p": 1.0, "repeat_penalty": 1.0, "dry_multiplier": 0.0, "cache_prompt": False},
    ),
    "deepseek": Server(seed="", stops=16, goes_on={}, mark="prefix", always={"thinking": {"type": "disabled"}}),
    "qwen": Server(
        top_k="top_k",
        no_top_k=101,
        hottest=1.99,
        listed=5,
        goes_on={},
        mark="partial",
        jobs=True,
        always={"enable_thinking": False, "presence_penalty": 0.0},
    ),
    "glm": Server(
        seed="",
        hottest=1.0,
        stops=1,
        listed=0,
        jobs=True,
        always={"thinking": {"type": "disabled"}, "do_sample": True},
        greedy={"do_sample": False},
    ),
    "doubao": Server(seed="", goes_on={}, always={"thinking": {"type": "disabled"}}),
}


def kind(params: Params) -> str:
    """What the server is said to be, or is by its address."""
    return params.server or ("openai" if urlsplit(params.url).hostname == "api.openai.com" else "plain")


def server(params: Params) -> Server:
    return SERVERS[kind(params)]

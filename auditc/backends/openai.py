"""Any server that speaks the OpenAI protocol: OpenAI, DeepSeek, Qwen, GLM, Doubao, vLLM, llama.cpp.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Len
from pydantic import Field

from auditc.ir.values import Form, Seconds, Secret

from ._contract import Backend, not_built, refuse_to_open

URL = r"^https?://[^\s@/?#]+(/[^\s?#]*)?$"
"""An address without a user, a password or a query: none of these may stand in a spec."""


class Params(Form):
    """How the model is reached."""

    model: Annotated[str, Len(1, 200)]
    """The provider's name for the model; best a dated one."""
    url: Annotated[str, Field(pattern=URL)] = "https://api.openai.com/v1"
    """Where the server is: part of who answers, so it stands in the spec."""
    key: Secret | None = None
    """The environment variable that holds the key."""
    reuse: Seconds = 0.0
    """For how long an answer may be used again; 0 for this run alone."""


openai = Backend(
    params=Params,
    needs_weights=False,
    in_process=False,
    can=lambda params: frozenset({"score", "generate"}),
    identify=not_built("openai"),
    open=refuse_to_open("openai"),
    hosted=True,
    built=False,
)

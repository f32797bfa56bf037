"""What an author may say of a model of Anthropic."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Len
from pydantic import Field

from auditc.backends._hosted.address import URL
from auditc.ir.values import Form, Seconds, Secret, Unit


class Params(Form):
    """How the model is reached."""

    model: Annotated[str, Len(1, 200)]
    """The provider's name for the model; best a dated one."""
    url: Annotated[str, Field(pattern=URL)] = "https://api.anthropic.com"
    """Where the server is: part of who answers, so it stands in the spec."""
    key: Secret | None = None
    """The environment variable that holds the key."""
    settings: Literal["fixed", "sent"] = "fixed"
    """`fixed`: the model samples in its own way, at temperature 1, and nothing else can be asked of it: newer models
    and the newer version of the protocol allow no other. `sent`: temperature, `top_p` and `top_k` are sent, under the
    version 2023-06-01, which older models take."""
    opening: Literal["ask", "continue"] = "ask"
    """How the model comes to begin its answer with the method's words: `ask` puts them at the end of the question,
    `continue` begins the model's own message with them, which only older models allow."""
    batch: bool = False
    """Hands the questions over as jobs that the provider answers within a day, for less money."""
    concurrency: Annotated[int, Unit("count"), Gt(0), Le(512)] = 64
    """At most so many questions at a time; fewer while the server asks for that."""
    retries: Annotated[int, Unit("count"), Ge(0), Le(100)] = 8
    """How often a question is asked again that the server failed to answer."""
    timeout: Seconds = 120.0
    """How long an answer may take."""
    reuse: Seconds = 0.0
    """For how long an answer may be used again; 0 for this run alone."""

"""What an author may say of a server that speaks the OpenAI protocol."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Len
from pydantic import Field

from auditc.backends._hosted.address import URL
from auditc.ir.values import Form, Seconds, Secret, Share, Unit


class Params(Form):
    """How the model is reached."""

    model: Annotated[str, Len(1, 200)]
    """The provider's name for the model; best a dated one."""
    url: Annotated[str, Field(pattern=URL)] = "https://api.openai.com/v1"
    """Where the server is: part of who answers, so it stands in the spec."""
    key: Secret | None = None
    """The environment variable that holds the key."""
    server: Literal["plain", "openai", "vllm", "llamacpp", "deepseek", "qwen", "glm", "doubao"] | None = None
    """What the server is, for each takes other settings; left out, `openai` at OpenAI's own address and `plain`, which
    takes what all of them take, elsewhere."""
    protocol: Literal["chat", "completions"] = "chat"
    """`chat` sends messages; `completions` one text, for a base model."""
    opening: Literal["ask", "continue"] = "ask"
    """How the model comes to begin its answer with the method's words: `ask` puts them at the end of the question,
    `continue` has the server go on with a message that is begun with them."""
    logprobs: Annotated[int, Unit("count"), Ge(0), Le(1000)] = 0
    """How many of the most probable tokens the server lists; `first_token` needs some. 0 asks for none."""
    unlisted: Share = 0.001
    """How much probability may lie on spellings that are not listed; an answer that leaves open more is a failure."""
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

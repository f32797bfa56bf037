"""Models of Anthropic.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Len

from auditc.ir.values import Form, Seconds, Secret

from ._contract import Backend, not_built, refuse_to_open


class Params(Form):
    """How the model is reached."""

    model: Annotated[str, Len(1, 200)]
    """The provider's name for the model; best a dated one."""
    key: Secret | None = None
    """The environment variable that holds the key."""
    reuse: Seconds = 0.0
    """For how long an answer may be used again; 0 for this run alone."""


anthropic = Backend(
    params=Params,
    needs_weights=False,
    in_process=False,
    can=lambda params: frozenset({"generate"}),
    identify=not_built("anthropic"),
    open=refuse_to_open("anthropic"),
    hosted=True,
    built=False,
)

"""A trial: a `test` block, checked. Which models stand in for the audited ones, and which verdicts must follow.

The language's word is `test`; the code says trial, so that it is never taken for a test of auditc itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .finding import Verdict
from .plan import Model, Origin, Survey


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a claim must come out as: one of `verdicts`.

    The claim as a whole where `axis` is empty; otherwise those of its parts that are about the model, or the
    population, called `value`.
    """

    claim: str
    verdicts: tuple[Verdict, ...]
    axis: Literal["", "model", "population"]
    value: str
    origin: Origin

    @property
    def name(self) -> str:
        """How results call it: `fidelity`, or `fidelity of gemma3`."""
        return f"{self.claim} of {self.value}" if self.axis else self.claim


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of a spec: a stand-in for every model that the spec asks, and what is expected of the claims."""

    name: str
    says: str
    models: dict[str, Model]
    """Simulated models, by the name of the model that each stands in for."""
    surveys: dict[str, Survey]
    """Surveys that only stand-ins answer from: what people said to several surveys, put together."""
    expects: tuple[Expectation, ...]
    origin: Origin

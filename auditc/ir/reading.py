"""A reading: what a parser made of a text. Apart from the arrays of answers: checking a spec needs no arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser made of a text: an option, or a reason why there is none. Never a guess.

    `rule` names the rule that decided, for the record and for the measured accuracy of the parser.
    """

    option: int | None
    reason: Literal["answered", "refused", "unparsable"]
    rule: str

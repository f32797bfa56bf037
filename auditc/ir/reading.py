"""A reading: what a parser made of a text. Apart from the arrays of answers: checking a spec needs no arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["answered", "refused", "unparsable"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser made of a text: an option, or a reason why there is none. Never a guess.

    `rule` names the rule that decided, for the record and for the measured accuracy of the parser.
    """

    option: int | None
    reason: Reason
    rule: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a parser made of a text where several options may be chosen: 0-based, ascending, each once; or a reason.

    `()` is an answer, "none of these"; None is no answer.
    """

    options: tuple[int, ...] | None
    reason: Reason
    rule: str

"""What a method is: typed parameters, the stages it asks in, and a parser for what is answered in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from auditc.ir.plan import Assess, Converse, Made

if TYPE_CHECKING:
    from auditc.ir.reading import Choices, Reading

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Method(Generic[P]):
    """`stages` gives data: how the cells of a stage expand, are batched, stored and resumed is the runtime's.

    `read(text, options, language)` reads one written answer; `options` are the words of the options in that language,
    in the order shown. It must be total: an option or a reason, never an exception, never a guess.
    `gives` is what the answers hold, so that a metric that needs something else is refused in the spec.
    `always` names metrics that are measured whether or not the author asks: how far the instrument can be trusted.
    """

    title: str
    params: type[P]
    gives: frozenset[Literal["probabilities", "draws", "choices", "likelihoods"]]
    languages: frozenset[str]
    variables: frozenset[str]
    """What a persona's prompt may use."""
    stages: Callable[[Any], tuple[Made, ...]]
    """From the block, checked: an `ir.audit.SurveyUse`, or a `ScriptUse` where scenarios are asked."""
    read: Callable[[str, tuple[str, ...], str], Reading]
    read_list: Callable[[str, tuple[str, ...], str, int, int], Choices] | None = None
    """As `read`, where several may be chosen, at least and at most so many. None: it asks no lists."""
    always: tuple[str, ...] = ()
    rereads: Callable[[Any, Sequence[Converse]], tuple[Assess, ...]] | None = None
    """The stages in which a model reads again what `read` could not, where the author wants one: (the block, its stages
    that write)."""
    asks: Literal["survey", "scenarios", "texts"] = "survey"
    """What the block names in the first place: a survey of whose items each is a question, scenarios with steps, or
    texts of which nothing is asked: its use is then a survey's, whose items are the texts."""

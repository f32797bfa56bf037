"""Multi-step moral dilemmas: each step shows what went before and what the model chose, and the stakes rise.

A scenario has numbered steps; the script says which of them are asked, what the model remembers, and where a choice
leads elsewhere: to a step of the script's own (a negotiation, a de-escalation), on to a later step, or back, a bounded
number of times. Steps are asked in the order of their numbers; after each, the first branch whose condition holds is
taken. A step that was not answered in the format makes every condition on it false.
Source: Wu et al. (2025), The Staircase of Ethics; branches, loops and both orders of the choices are auditc's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Gt, Len
from pydantic import Field

from auditc.ir.audit import ScriptUse
from auditc.ir.plan import Escalate
from auditc.ir.reading import Reading
from auditc.ir.values import ByLanguage, Form, Labelled, OwnWord, Positive, Repeated, Script, Tokens
from auditc.methods._contract import Method
from auditc.reading import read_choice


class Step(Form):
    """Steps of the scenario by their numbers, `step 1..5 { … }`, or one of the script's own, `step negotiate { … }`."""

    label: Annotated[Any, Labelled()]
    prompt: Annotated[dict[str, str], ByLanguage(or_text=True)] = Field(default_factory=dict)
    """What a step of the script's own says; it may use `{{ scenario }}` and `{{ choice }}`, the choice made last."""
    choices: Annotated[tuple[Annotated[str, OwnWord("choice")], ...], Len(2)]
    """What can be chosen, by the names that the scenarios give the choices."""
    remember: Literal["all", "none"] | Annotated[int, Gt(0)] = "all"
    """Which earlier steps the model is shown: all, none, or at most so many."""
    then: Annotated[Any, Script("step")] = None
    """Where a step of the script's own leads when no branch is taken; without it the path ends there."""


class Branch(Form):
    """Where a choice leads."""

    when: Annotated[Any, Script("condition")]
    """A condition on choices; it is decided after the latest step that it reads."""
    go: Annotated[Any, Script("step")]
    """A step, or `end`."""
    at_most: Positive | None = None
    """How often a path may take it; a branch that leads back needs one."""


class Params(Form):
    """What the author of an `escalation` block may set."""

    step: Annotated[tuple[Step, ...], Repeated("step"), Len(1)]
    """The steps of the scenarios, and the script's own."""
    branch: Annotated[tuple[Branch, ...], Repeated("none")] = ()
    """Where choices lead elsewhere than to the next step."""
    orders: Literal["both", "given"] = "both"
    """Whether each step is asked in both orders of its choices."""
    max_new_tokens: Tokens = 64
    """The longest answer to one step."""


def _stages(use: ScriptUse) -> tuple[Escalate, ...]:
    params: Params = use.params
    return tuple(
        Escalate(
            name=f"{use.name}/{model}",
            origin=use.origin,
            block=use.name,
            method=use.method,
            model=model,
            scenarios=use.scenarios_name,
            framework=use.framework_name,
            language=use.language,
            script=use.script,
            orders=params.orders,
            max_new_tokens=params.max_new_tokens,
            seed=use.seed,
        )
        for model in use.models
    )


def _read(text: str, options: tuple[str, ...], language: str) -> Reading:
    return read_choice(text, options, language, "letters")


escalation = Method(
    title="Escalation (multi-step dilemmas)",
    params=Params,
    gives=frozenset({"choices"}),
    languages=frozenset({"en", "zh"}),
    variables=frozenset({"scenario", "choice"}),
    stages=_stages,
    read=_read,
    asks="scenarios",
)

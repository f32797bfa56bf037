"""A script: the steps of an escalation with their branches, and the scenarios that are led through it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .values import Form


class Choice(Form):
    """What a condition of a script reads: the choice made at a step (its number or its name), compared with one."""

    node: Literal["choice"] = "choice"
    step: str
    equal: bool
    to: str


class Both(Form):
    """Two conditions joined by `and` or `or`."""

    node: Literal["both"] = "both"
    operator: Literal["and", "or"]
    left: Truth
    right: Truth


class Not(Form):
    node: Literal["not"] = "not"
    of: Truth


Truth = Annotated[Choice | Both | Not, Field(discriminator="node")]


class Step(Form):
    """One step of a script: a step of the scenario by its number, or one of the script's own with its wording.

    `remember` is how many earlier steps the model is shown, None for all. `then` is the step that follows when no
    branch is taken, `end` for the end.
    """

    name: str
    prompt: dict[str, str] = {}
    choices: tuple[str, ...]
    remember: int | None = None
    then: str


class Branch(Form):
    """After the step `after`, the first branch whose condition holds is taken, at most `at_most` times in a path
    (None for a branch that goes forward, which no path can take twice)."""

    after: str
    when: Truth
    go: str
    at_most: int | None = None


class Script(Form):
    """Steps with branches. Every path through it has at least `least` and at most `most` steps, and there are `paths`
    of them."""

    steps: tuple[Step, ...]
    branches: tuple[Branch, ...] = ()
    least: int
    most: int
    paths: int


class ScenarioStep(Form):
    """One step of a scenario: the situation by language, and for each choice its words by language and its value."""

    text: dict[str, str]
    choices: dict[str, dict[str, str]]
    values: dict[str, str] = {}


class Scenarios(Form):
    """Scenarios by id, each a list of steps; the digest of the file they came from."""

    scenarios: dict[str, tuple[ScenarioStep, ...]]
    digest: str

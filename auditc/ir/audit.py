"""The audit: the spec once every name is bound and every value has its type. Made by the compiler's check alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from .framework import Framework
from .plan import Budget, Compare, Comparison, Correction, Model, Origin, Population, Survey, Train
from .script import Scenarios, Script
from .trial import Trial


@dataclass(frozen=True, slots=True)
class Persona:
    """A prompt template by language; the key `*` serves every language."""

    name: str
    prompt: dict[str, str]
    origin: Origin

    def wording(self, language: str) -> str:
        """The prompt in a language. Raises KeyError when there is none, which the compiler has ruled out."""
        return self.prompt[language] if language in self.prompt else self.prompt["*"]


@dataclass(frozen=True, slots=True)
class MetricUse:
    """A metric asked for in a method's block."""

    metric: str
    params: BaseModel
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUse:
    """What the block of any method says: which models are asked, as whom, and what is measured."""

    name: str
    method: str
    params: Any
    models: dict[str, Model]
    populations: dict[str, Population]
    persona: Persona | None
    metrics: tuple[MetricUse, ...]
    seed: int
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptUse(MethodUse):
    """A block that leads models through scenarios along a script."""

    scenarios_name: str
    scenarios: Scenarios
    framework_name: str
    framework: Framework | None
    language: str
    script: Script


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyUse(MethodUse):
    """A block that asks items of a survey."""

    survey_name: str
    survey: Survey
    items: tuple[str, ...]
    texts: bool = False
    """Whether the items are texts that are predicted, and nothing is asked."""

    @property
    def languages(self) -> dict[str, str]:
        """The language each population is asked in."""
        return {name: population.language for name, population in self.populations.items()}

    def asked_of(self, model: str) -> dict[str, Any]:
        """What every stage of this use has in common: written once, because these fields decide what an answer is."""
        return {
            "origin": self.origin,
            "block": self.name,
            "method": self.method,
            "model": model,
            "survey": self.survey_name,
            "populations": tuple(self.populations),
            "language": self.languages,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    name: str
    says: str
    holds: Comparison
    text: str
    level: float
    estimand: Literal["items like these", "these items"]
    family: str
    maps_to: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class ReportUse:
    name: str
    formats: tuple[str, ...]
    languages: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything a plan is made of, with the places it came from."""

    name: str
    title: str
    version: str
    seed: int
    correct: Correction
    families: dict[str, Correction]
    budget: Budget
    models: dict[str, Model]
    populations: dict[str, Population]
    surveys: dict[str, Survey]
    trainings: tuple[Train, ...]
    frameworks: dict[str, Framework]
    methods: tuple[MethodUse, ...]
    claims: tuple[Claim, ...]
    reports: tuple[ReportUse, ...]
    origin: Origin
    probe: float = 0.0
    comparisons: tuple[Compare, ...] = ()
    tests: tuple[Trial, ...] = ()
    """Tried by `auditc test`; no part of the plan."""

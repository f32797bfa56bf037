"""What the blocks that others refer to turned out to be."""

from __future__ import annotations

from dataclasses import dataclass

from auditc.ir.plan import Model, Population

from .frameworks import CheckedFramework
from .mistakes import Poison
from .prompts import CheckedPersona
from .surveys import CheckedSurvey


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """By name in the plan; what could not be made sense of is poison."""

    models: dict[str, Model | Poison]
    populations: dict[str, Population | Poison]
    personas: dict[str, CheckedPersona | Poison]
    surveys: dict[str, CheckedSurvey | Poison]
    frameworks: dict[str, CheckedFramework | Poison]
    seed: int

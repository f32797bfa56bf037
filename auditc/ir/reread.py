"""The second reading: which stages of a plan have one, and what the condition of its figures is called."""

from __future__ import annotations

from typing import Final

from .plan import Assess, Plan

ASKED: Final = "asked"
"""The condition whose answers are read again; a conversation rests on the first reading alone."""
SECOND_READING: Final = "second_reading"
"""The condition of answers of which a model read those that the parser made nothing of."""
CHOICE: Final = "choice"
"""What a second reader is asked, as hints of its requests call it."""


def second_readers(plan: Plan) -> dict[str, Assess]:
    """The stages that read answers a second time, by the names of the stages whose answers they read."""
    return {name: stage for stage in plan.stages if isinstance(stage, Assess) and stage.picks for name in stage.of}

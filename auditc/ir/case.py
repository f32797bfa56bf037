"""A case: a text that people judged, by which the errors of a model that judges are measured."""

from __future__ import annotations

from pydantic import Field

from .values import Form


class Case(Form):
    """The text, the question that it answers, and whether what `asks` names is there. `country` says as whom the text
    was written, and `place` where such a person was said to live; both may be empty. What a case does not say is left
    out where it is written down."""

    text: str
    question: str
    language: str
    asks: str
    present: bool
    country: str = ""
    place: str = Field(default="", exclude_if=lambda place: not place)
    options: tuple[str, ...] = Field(default=(), exclude_if=lambda options: not options)
    """What could be chosen, one of them; a case without is shown without."""
    opening: str = Field(default="", exclude_if=lambda opening: not opening)
    """The words that the answer was made to begin with."""

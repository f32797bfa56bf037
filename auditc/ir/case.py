"""A case: a text that people judged, by which the errors of a model that judges are measured."""

from __future__ import annotations

from .values import Form


class Case(Form):
    """The text, the question that it answers, and whether what `asks` names is there. `country` says as whom the text
    was written; it may be empty."""

    text: str
    question: str
    language: str
    asks: str
    present: bool
    country: str = ""

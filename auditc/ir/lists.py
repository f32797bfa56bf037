"""Items that are asked together: one question, of which several may be chosen."""

from __future__ import annotations

from .values import Form


class Listed(Form):
    """An item's place in the list `id`: the question that all its items share, and its own words within, by language.

    Of the whole list at least `at_least` and at most `at_most` items may be chosen. That an item is chosen is the first
    of its two options.
    """

    id: str
    text: dict[str, str]
    label: dict[str, str]
    at_least: int
    at_most: int


class ListWording(Form):
    """How a list is asked in one language: a template as of a `Wording`, which knows `at_least` and `at_most` besides;
    and how several answers, or none, are remembered."""

    text: str
    opening: str = ""
    comma: str
    nothing: str

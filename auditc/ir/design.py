"""A claim before anything is asked: what its figure will rest on, and what it must come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .plan import Item, People


@dataclass(frozen=True, slots=True)
class Design:
    """A figure's metric and items, with people's shares of each item; `draws` different participants answer them,
    once for each of `parts` models or populations that the figure is the mean of. The claim holds when the figure is
    on that `side` of the threshold, with a chance of at most `tail` to be wrong."""

    metric: str
    items: tuple[Item, ...]
    people: tuple[People, ...]
    draws: int
    parts: int
    side: Literal["below", "above"]
    threshold: float
    tail: float
    estimand: Literal["items like these", "these items"]
    seed: int

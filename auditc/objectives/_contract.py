"""What an objective is: typed parameters, and what it learns from. None can be trained yet: binding refuses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Objective(Generic[P]):
    """`learns` says what the data are: how people share out over the options, or written examples."""

    title: str
    params: type[P]
    learns: Literal["shares", "texts"]
    source: str

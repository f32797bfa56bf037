"""How far a change reaches: which cells of an audit's figures it may touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reach:
    """None is no limit. `item` limits the items and not the cells; `mentions` asks for a word in the wording, `by` for
    a metric that tells people apart by all these columns of the reference."""

    block: str | None = None
    metric: str | None = None
    role: str | None = None
    model: str | None = None
    population: str | None = None
    condition: str | None = None
    language: str | None = None
    country: str | None = None
    survey: str | None = None
    item: str | None = None
    claim: str | None = None
    mentions: str | None = None
    by: frozenset[str] = frozenset()

    def holds(self, cell: Cell) -> bool:
        """Whether a cell lies within reach. Claims have no cells: what reaches only a claim reaches none."""
        return (
            self.claim is None
            and self.block in (None, cell.block)
            and self.metric in (None, cell.metric)
            and (self.role is None or self.role in cell.roles)
            and (self.model is None or self.model in cell.models | cell.bases | cell.judges)
            and self.population in (None, cell.population)
            and self.condition in (None, cell.condition)
            and self.language in (None, cell.language)
            and self.country in (None, cell.country)
            and self.survey in (None, cell.survey)
            and (self.item is None or self.item in cell.items)
            and (self.mentions is None or self.mentions in cell.wording)
            and self.by <= cell.by
        )


EVERYWHERE: Final = Reach()


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure as one population under one condition, whichever model answers: models are what is compared.

    `items` are those that the metric applies to, in their order, `asked` all that are asked; `wording` is all that is
    said around an item. It `remembers` where participants are told their earlier answers. `models` are asked; `bases`
    are what some of them were trained from; `judges` read the answers, with what those were trained from. The metric
    tells people apart `by` columns of the reference. `beside` it are the cells of the other populations that its value
    depends on.
    """

    block: str
    metric: str
    population: str
    condition: str
    language: str
    country: str
    survey: str
    roles: frozenset[str]
    models: frozenset[str]
    bases: frozenset[str]
    judges: frozenset[str]
    items: tuple[str, ...]
    asked: frozenset[str]
    dimensions: dict[str, str]
    wording: str
    remembers: bool
    by: frozenset[str]
    beside: tuple[Cell, ...] = ()

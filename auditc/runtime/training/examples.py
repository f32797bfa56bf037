"""What a training learns: its items in the words of an audit, with people's shares beside them; or written texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditc.ir.canonical import digest
from auditc.ir.exchange import ScoreRequest
from auditc.ir.plan import Plan, Train
from auditc.ir.training import Example, Settings
from auditc.objectives import objectives

from ..asking import score_asking
from ..cells import score_cells
from ..tokens import about


@dataclass(frozen=True, slots=True)
class Examples:
    """Those that are learnt, and those that decide. `params` are the objective's, with written texts in them."""

    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    params: dict[str, Any]
    rows: int = 1
    """About how many rows of a batch each example makes."""
    left_out: int = 0
    """How many rows of written texts teach nothing; they are in none of the rest."""

    @property
    def digest(self) -> str:
        """sha256 over all that is learnt: words, options, shares and the cells' own names, whatever survey or file
        they come from."""
        texts = {name: given for name, given in self.params.items() if isinstance(given, dict) and "rows" in given}
        return digest({"examples": _worded(self.train), "valid": _worded(self.valid), "texts": _unplaced(texts)})

    @property
    def longest(self) -> int:
        """About how many tokens the longest of what is learnt has."""
        tables = [given["rows"] for given in self.params.values() if isinstance(given, dict) and "rows" in given]
        texts = [sum(len(cell) for cell in row) for rows in tables for row in rows]
        return max(
            [about(example.request.prompt) for example in (*self.train, *self.valid)]
            + [1 + size // 2 for size in texts],
            default=1,
        )

    @property
    def size(self) -> int:
        """How many examples are learnt; rows of a table where it is one that is learnt."""
        tables = [given["rows"] for given in self.params.values() if isinstance(given, dict) and "rows" in given]
        return len(self.train) or sum(map(len, tables))

    @property
    def said(self) -> dict[str, Any]:
        """The objective's parameters without where texts lie, as they go into a recipe."""
        return _unplaced(self.params)


def examples(plan: Plan, stage: Train) -> Examples:
    """Cells in the order of the plan: population, item, order. Raises WordingRejected, or KeyError for a hole in the
    wording or the reference."""
    objective, (given, left_out) = objectives.take(stage.objective.kind), _sifted(stage)
    rows = objective.rows(objective.params.model_validate({**given, **_survey(stage)}))
    if stage.asks is None:
        return Examples((), (), given, rows, left_out)
    survey, asks = plan.surveys[stage.survey], stage.asks
    asking, cells = score_asking(plan, asks, {}), score_cells(asks, survey)
    learnt: list[Example] = []
    valid: list[Example] = []
    items, decide = frozenset(stage.items), frozenset(stage.valid)
    axes = (cells.population, cells.condition, cells.item, cells.rotation)
    for population, condition, item, rotation in zip(*(axis.tolist() for axis in axes), strict=True):
        asked = asking.items[item].id
        request = asking.ask(population, condition, item, rotation).request
        assert isinstance(request, ScoreRequest)
        people = survey.people[plan.populations[asks.populations[population]].country][asked].shares
        total = sum(people)
        example = Example(request, tuple(people[option] / total for option in request.hint.order))
        if asked in items:
            learnt.append(example)
        if asked in decide:
            valid.append(example)
    return Examples(tuple(learnt), tuple(valid), given, rows, left_out)


def parameters(stage: Train) -> dict[str, Any]:
    """The objective's parameters as the author wrote them: with the survey, whose items the stage itself holds, and
    without rows that teach nothing."""
    return {**_sifted(stage)[0], **_survey(stage)}


def left_out(stage: Train) -> int:
    """How many rows of written texts teach nothing."""
    return _sifted(stage)[1]


def _survey(stage: Train) -> dict[str, Any]:
    return {"survey": stage.survey} if stage.survey else {}


def _sifted(stage: Train) -> tuple[dict[str, Any], int]:
    """The objective's parameters, without the survey, and how many rows are left out."""
    objective, given = objectives.take(stage.objective.kind), dict(stage.objective.params)
    kept, left_out = objective.sift(objective.params.model_validate({**given, **_survey(stage)}))
    if not left_out:
        return given, 0
    return kept.model_dump(mode="json", by_alias=True, exclude={"survey"}), len(left_out)


def settings(stage: Train) -> Settings:
    """How a training goes about it."""
    return Settings.model_validate({name: getattr(stage, name) for name in Settings.model_fields})


def _worded(examples: Sequence[Example]) -> list[Any]:
    return [
        [
            [[turn.role, turn.text] for turn in example.request.prompt.turns],
            example.request.prompt.opening,
            example.request.spellings,
            example.shares,
            # What is drawn out of shares is drawn by hash of these.
            [example.request.hint.item, example.request.hint.population, example.request.hint.order],
        ]
        for example in examples
    ]


def _unplaced(params: dict[str, Any]) -> dict[str, Any]:
    """Without the paths of tables: where a text lies teaches nothing."""
    return {
        name: {key: part for key, part in given.items() if key != "path"}
        if isinstance(given, dict) and "rows" in given
        else given
        for name, given in params.items()
    }

"""Stored answers become arrays: one `Answers` for each stage, population and condition, in the survey's own order.

What is read out of a text, and which probabilities count, is decided here each time anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import ANSWERED, FAILED, NO_CELL, NOT_RUN, REFUSED, UNPARSABLE, Answers, Tally
from auditc.ir.assessed import Assessed
from auditc.ir.exchange import TOO_LONG, Failure, GenerateReply, Reply, ScoreReply
from auditc.ir.plan import Plan
from auditc.ir.reread import ASKED

from .cells import items_of, rotations, sources_of
from .predicting import likelihoods
from .rereading import reread
from .sheets import AssessSheet, ConverseSheet, PredictSheet, ScoreSheet, Sheet, choice_of
from .texts import compares_texts, text_numbers

_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Counts:
    """planned = reused + asked + not_run, and asked = answered + refused + unparsable + failed. `shared` of those
    reused have the answer of another cell, which was asked in this run; the rest had one in the store."""

    planned: int = 0
    reused: int = 0
    shared: int = 0
    asked: int = 0
    not_run: int = 0
    answered: int = 0
    refused: int = 0
    unparsable: int = 0
    failed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


def gather(
    plan: Plan, sheet: Sheet, reply: Callable[[bytes], Reply | None], asked: Mapping[bytes, str]
) -> tuple[list[Answers], Counts]:
    """The answers that lie under the keys of a sheet, and what the cells asked just now came to. `asked` are the keys
    that this run asked, each with the stage that it was asked for."""
    fresh = _Fresh(sheet.stage.name, asked)
    if isinstance(sheet, ScoreSheet):
        return _scores(plan, sheet, reply, fresh)
    if isinstance(sheet, PredictSheet):
        return _likelihoods(plan, sheet, reply, fresh)
    if isinstance(sheet, AssessSheet):
        said = _said(sheet, reply)
        again = reread(sheet, said, lambda own: _choices(plan, own, reply, fresh)[0]) if sheet.stage.picks else []
        return again, _counts(sheet.keys, _status(said), _Fresh(sheet.stage.name, asked))
    return _choices(plan, sheet, reply, fresh)


@dataclass(slots=True, eq=False)
class _Fresh:
    """What this run asked, as one stage counts it: a key counts as asked once, for the stage that it was asked for."""

    stage: str
    asked: Mapping[bytes, str]
    counted: set[bytes] = field(default_factory=set)

    def first(self, key: bytes) -> bool:
        """Whether the cell is the one that was asked, and no other cell with the same key was before it."""
        if self.asked.get(key) != self.stage or key in self.counted:
            return False
        self.counted.add(key)
        return True


def assessed(plan: Plan, sheet: Sheet, reply: Callable[[bytes], Reply | None]) -> list[Assessed]:
    """What a judge said, for each population of the answers that it read; nothing of a stage without a judge."""
    if not isinstance(sheet, AssessSheet):
        return []
    stage, said = sheet.stage, _said(sheet, reply)
    width = len(stage.questions)
    cases = np.array([look.case >= 0 for look in sheet.looks], dtype=bool)
    found = []
    for source in sources_of(plan, stage):
        for population in source.populations:
            mine = np.array(
                [(look.of, look.population) == (source.name, population) for look in sheet.looks], dtype=bool
            )
            places = np.flatnonzero(mine)[::width]
            first = [sheet.looks[place] for place in places]
            found.append(
                Assessed(
                    stage=stage.name,
                    block=stage.block,
                    method=source.method,
                    judge=stage.model,
                    of=source.name,
                    model=source.model,
                    population=population,
                    condition=source.condition,
                    axis=stage.axis,
                    questions=tuple(stage.questions),
                    said=said[mine].reshape(-1, width),
                    items=np.array([look.item for look in first], dtype=str),
                    draws=np.array([look.draw for look in first], dtype=np.int64),
                    texts=np.array([sheet.keys[place].hex() for place in places], dtype=str),
                    weights=np.array([look.weight for look in first], dtype=np.int64),
                    language=source.language[population],
                    asks=np.array([case.asks for case in stage.cases], dtype=str),
                    present=np.array([case.present for case in stage.cases], dtype=bool),
                    spoken=np.array([case.language for case in stage.cases], dtype=str),
                    of_cases=said[cases],
                    tally=_tally(_status(said[mine])),
                    tally_of_cases=_tally(_status(said[cases])),
                )
            )
    return found


def _said(sheet: AssessSheet, reply: Callable[[bytes], Reply | None]) -> NDArray[np.int64]:
    """What was read of each look of a sheet, in the codes of `ir.assessed` and `ir.answers`."""
    said = np.full(len(sheet.looks), NOT_RUN, dtype=np.int64)
    for place, (look, key) in enumerate(zip(sheet.looks, sheet.keys, strict=True)):
        found = reply(key) if key else None
        if isinstance(found, GenerateReply):
            said[place] = choice_of(sheet.read(look, found))
        elif isinstance(found, Failure):
            said[place] = FAILED
    return said


def _status(said: NDArray[np.int64]) -> NDArray[np.int64]:
    """What became of each cell that was read so."""
    return np.where(said >= 0, ANSWERED, said)


def _scores(
    plan: Plan, sheet: ScoreSheet, reply: Callable[[bytes], Reply | None], fresh: _Fresh
) -> tuple[list[Answers], Counts]:
    stage, cells = sheet.stage, sheet.cells
    items = items_of(stage, plan.surveys[stage.survey])
    width = max(item.size for item in items)
    logprobs = np.full((len(cells), width), -np.inf)
    status = np.full(len(cells), NOT_RUN, dtype=np.int64)
    tokens = np.zeros(len(cells), dtype=np.int64)
    unfit = np.zeros(len(cells), dtype=bool)
    for index, key in enumerate(sheet.keys):
        found = reply(key) if key else None
        if isinstance(found, ScoreReply):
            logprobs[index, : len(found.logprobs)] = found.logprobs
            status[index], tokens[index] = ANSWERED, found.tokens_in
        elif isinstance(found, Failure):
            status[index], unfit[index] = FAILED, found.reason == TOO_LONG
    stored = status == ANSWERED
    with np.errstate(over="ignore"):
        chances = np.exp(logprobs)
        mass = chances.sum(axis=1)
    status[stored & ~np.isfinite(mass)] = FAILED
    status[(status == ANSWERED) & ~((mass >= stage.low_mass) & (mass > 0))] = UNPARSABLE
    offsets = _offsets([item.size for item in items], stage.orders)
    sizes = np.array([item.size for item in items])
    # The option shown at position p under rotation o is (p + o) mod k: back to the survey's own order.
    option = (np.arange(width)[None, :] + cells.rotation[:, None]) % sizes[cells.item][:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        normalised = np.where(np.arange(width) < sizes[cells.item][:, None], chances / mass[:, None], np.nan)
    shares = np.full((len(cells), width), np.nan)
    shown = np.nonzero(np.arange(width)[None, :] < sizes[cells.item][:, None])
    shares[shown[0], option[shown]] = normalised[shown]
    shares[status != ANSWERED] = np.nan
    mass[(status == FAILED) | (status == NOT_RUN)] = np.nan
    order = _order_index(cells.item, cells.rotation, offsets)
    hexes = np.array([key.hex() for key in sheet.keys], dtype="U32")
    answers = []
    for p, population in enumerate(stage.populations):
        for c, condition in enumerate(stage.conditions):
            here = np.nonzero((cells.population == p) & (cells.condition == c))[0]
            at = (cells.item[here], order[here])
            answers.append(
                Answers(
                    stage=stage.name,
                    block=stage.block,
                    method=stage.method,
                    model=stage.model,
                    population=population,
                    condition=condition.name,
                    language=stage.language[population],
                    items=items,
                    tally=_tally(status[here]),
                    cells=_grid(offsets.shape, at, np.where(stored, hexes, "")[here], ""),
                    shares=_grid((*offsets.shape, width), at, shares[here], np.nan),
                    mass=_grid(offsets.shape, at, mass[here], np.nan),
                    status=_grid(offsets.shape, at, status[here], NO_CELL),
                    offsets=offsets,
                    tokens_in=int(tokens[here].sum()),
                    unfit=int(unfit[here].sum()),
                )
            )
    return answers, _counts(sheet.keys, status, fresh)


def _offsets(sizes: Sequence[int], orders: int) -> NDArray[np.int64]:
    """By how much each order of each item rotates; -1 past an item's orders."""
    each = [rotations(size, orders) for size in sizes]
    offsets = np.full((len(sizes), max(map(len, each))), -1, dtype=np.int64)
    for index, shown in enumerate(each):
        offsets[index, : len(shown)] = shown
    return offsets


def _order_index(item: NDArray[np.int32], rotation: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which order of its item each cell is."""
    order: NDArray[np.intp] = np.argmax(offsets[item] == rotation[:, None], axis=1)
    return order


def _grid(
    shape: tuple[int, ...], at: tuple[NDArray[np.int32], NDArray[np.intp]], values: NDArray[_Kind], nothing: object
) -> NDArray[_Kind]:
    """Values of cells at their places, `nothing` where there is no cell."""
    grid: NDArray[_Kind] = np.full(shape, nothing, dtype=values.dtype)
    grid[at] = values
    return grid


def _likelihoods(
    plan: Plan, sheet: PredictSheet, reply: Callable[[bytes], Reply | None], fresh: _Fresh
) -> tuple[list[Answers], Counts]:
    stage, found = sheet.stage, likelihoods(plan, sheet, reply)
    (population,) = stage.populations
    answers = Answers(
        stage=stage.name,
        block=stage.block,
        method=stage.method,
        model=stage.model,
        population=population,
        condition=ASKED,
        language=stage.language[population],
        items=items_of(stage, plan.surveys[stage.survey]),
        tally=_tally(found.status),
        cells=np.array(found.cells, dtype="U32")[:, None],
        status=found.status[:, None],
        likelihood=found.likelihood,
        tokens_in=found.tokens_in,
        unfit=found.unfit,
    )
    return [answers], _counts(sheet.keys, found.status, fresh)


def _choices(
    plan: Plan, sheet: ConverseSheet, reply: Callable[[bytes], Reply | None], fresh: _Fresh
) -> tuple[list[Answers], Counts]:
    stage = sheet.stage
    compared = compares_texts(plan, stage.name)
    answers, counts = [], Counts()
    for population in stage.populations:
        rows, choices = sheet.keys[population], sheet.choices[population]
        turns = list(sheet.turns)
        keys = [row[turn] for row in rows for turn in turns]
        statuses = np.where(choices >= 0, ANSWERED, choices)
        # What is counted are turns: the items of a list are answered by one cell.
        status = statuses[:, turns].ravel()
        tokens_in, tokens_out = sheet.tokens[population]
        stored = ~np.isin(statuses, (FAILED, NOT_RUN))
        hexes = np.array([[key.hex() for key in row] for row in rows], dtype="U32")
        answers.append(
            Answers(
                stage=stage.name,
                block=stage.block,
                method=stage.method,
                model=stage.model,
                population=population,
                condition=stage.condition,
                language=stage.language[population],
                items=items_of(stage, plan.surveys[stage.survey]),
                tally=_tally(status),
                cells=np.where(stored, hexes.reshape(choices.shape), ""),
                choices=choices,
                weights=np.array([float(person.weight) for person in sheet.participants[population]]),
                texts=text_numbers(rows, reply) if compared else None,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                unfit=sheet.unfit[population],
            )
        )
        counts += _counts(keys, status, fresh)
    return answers, counts


def _tally(status: NDArray[np.int64]) -> Tally:
    return Tally(
        answered=int((status == ANSWERED).sum()),
        refused=int((status == REFUSED).sum()),
        unparsable=int((status == UNPARSABLE).sum()),
        failed=int((status == FAILED).sum()),
        not_run=int((status == NOT_RUN).sum()),
    )


def _counts(keys: Sequence[bytes], status: NDArray[np.int64], fresh: _Fresh) -> Counts:
    """A key that several cells share was asked for the first of them, and is reused by the others."""
    first = np.fromiter((fresh.first(key) for key in keys), dtype=bool, count=len(keys))
    now = np.fromiter((key in fresh.asked for key in keys), dtype=bool, count=len(keys))
    tally, not_run = _tally(status[first]), int((status == NOT_RUN).sum())
    return Counts(
        planned=len(keys),
        reused=len(keys) - tally.asked - not_run,
        shared=int((now & ~first & (status != NOT_RUN)).sum()),
        asked=tally.asked,
        not_run=not_run,
        answered=tally.answered,
        refused=tally.refused,
        unparsable=tally.unparsable,
        failed=tally.failed,
    )

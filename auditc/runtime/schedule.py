"""What is asked when: the order of stages, and which cells make a batch. Functions of the plan alone.

What a model answers depends a little on its neighbours in a batch. So batches are never made of what is left to do:
a run that was killed, and one that was not, ask the same cells side by side; what is stored is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from auditc.ir.plan import Asked, Plan

from .asking import ScoreAsking, wording_of
from .cells import ScoreCells

Party = tuple[Asked, ...]
"""Stages that are asked together: conversations with one model, round by round; any other stage by itself."""

WORTH = 64
"""A beginning of fewer letters, or a quarter as many Chinese characters, is not worth standing together for."""

_PEOPLE = re.compile(r"\{[{%][^}]*\b(?:country|place|group)\b")
_ITEM = re.compile(r"\{[{%][^}]*\b(?:question|options|count)\b")


def stages(plan: Plan) -> tuple[Asked, ...]:
    """The stages that ask a model, in the order of their parties."""
    return tuple(stage for party in parties(plan) for stage in party)


def parties(plan: Plan) -> tuple[Party, ...]:
    """The stages that ask a model, each after what it needs; those that share a model stand together, and so do models
    that share their weights. All conversations with a model that need nothing that is still to come are one party."""
    waiting = [stage for stage in plan.stages if isinstance(stage, Asked)]
    asking = {stage.name for stage in waiting}
    ordered: list[Party] = []
    done: set[str] = set()
    while waiting:
        ready = [stage for stage in waiting if asking.intersection(stage.needs) <= done]
        last = ordered[-1][0].model if ordered else ""
        same = [stage for stage in ready if stage.model == last]
        akin = [stage for stage in ready if last and plan.models[stage.model].shares(plan.models[last])]
        chosen = (same or akin or ready)[0]
        party = tuple(stage for stage in ready if stage is chosen or _together(stage, chosen))
        ordered.append(party)
        done.update(stage.name for stage in party)
        waiting = [stage for stage in waiting if stage.name not in done]
    return tuple(ordered)


def _together(one: Asked, other: Asked) -> bool:
    """Whether two stages that are ready advance side by side."""
    return one.model == other.model and one.kind == other.kind == "converse"


def score_batches(asking: ScoreAsking, cells: ScoreCells, size: int) -> Iterator[NDArray[np.intp]]:
    """Indices of cells, `size` at a time: those whose prompts begin alike together, then those of about one length.

    The longest come first so that memory that will not do is found out at once.
    """
    stage, plan = asking.stage, asking.plan
    per_language: dict[str, NDArray[np.int64]] = {}
    beginnings: dict[str, int] = {}
    for language in set(stage.language.values()):
        text = wording_of(stage, language).text
        per_language[language] = np.array(
            [len(text) + len(item.text[language]) + sum(map(len, item.options[language])) for item in asking.items]
        )
        beginnings[language] = beginning(text)
    languages = [stage.language[name] for name in stage.populations]
    # A Chinese character is about one token, a Latin one a quarter.
    weights = [4 if plan.populations[name].language == "zh" else 1 for name in stage.populations]
    tokens = np.array([per_language[language] * weight for language, weight in zip(languages, weights, strict=True)])
    lengths = tokens[cells.population, cells.item]
    led = np.array(
        [beginnings[language] * weight >= WORTH for language, weight in zip(languages, weights, strict=True)]
    )[cells.population]
    # Where people lead the prompt, all items asked as one of them begin alike; else one item does, asked as anybody.
    first_language = [languages.index(language) for language in languages]
    people = cells.population * len(stage.conditions) + cells.condition
    items = np.array(first_language)[cells.population] * len(asking.items) + cells.item
    group = np.where(led, people, len(stage.populations) * len(stage.conditions) + items)
    longest = np.zeros(int(group.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(longest, group, lengths)
    order = np.lexsort((-lengths, group, -longest[group]))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def beginning(wording: str) -> int:
    """How many letters of a wording stand before its first word about the item; 0 if none of them is about people."""
    item = _ITEM.search(wording)
    people = _PEOPLE.search(wording)
    if people is None or (item is not None and item.start() < people.start()):
        return 0
    return len(wording) if item is None else item.start()


def turn_groups(sampling: Sequence[object], size: int) -> Iterator[list[int]]:
    """Indices of the participants of one round, `size` at a time: those with equal settings together."""
    groups: dict[object, list[int]] = {}
    for index, settings in enumerate(sampling):
        groups.setdefault(settings, []).append(index)
    for members in groups.values():
        for start in range(0, len(members), size):
            yield members[start : start + size]


def spread(cells: int, limit: int) -> NDArray[np.bool_]:
    """Which of so many cells a dry run asks: `limit` of them, spread evenly."""
    chosen = np.zeros(cells, dtype=bool)
    chosen[np.arange(limit) * cells // max(limit, 1)] = True
    return chosen

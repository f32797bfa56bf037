"""The cells of a stage, expanded from its axes: pure functions of the plan, and of nothing else.

Every choice that looks random is a hash of the seed, the country and the names of what it concerns. So more draws,
more items, another order of blocks or another name for a block leave all other choices as they were, and with them
the prompts that were already answered. Populations are told apart by their country, never by their block's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from auditc.ir.canonical import seeded
from auditc.ir.plan import Asked, Assess, Converse, Item, Plan, Population, Predict, Questioning, Score, Survey
from auditc.ir.questions import Question, questions

from .quotas import turns


def items_of(stage: Questioning, survey: Survey) -> tuple[Item, ...]:
    """The items that a stage asks, in its order."""
    by_id = {item.id: item for item in survey.items}
    return tuple(by_id[name] for name in stage.items)


def rotations(options: int, orders: int) -> tuple[int, ...]:
    """By how many places the options are rotated: all rotations, or `orders` of them spread evenly; 0 is the first.

    The option shown at position p under rotation o is (p + o) mod `options`.
    """
    if options <= orders:
        return tuple(range(options))
    return tuple(place * options // orders for place in range(orders))


def order_shown(options: int, rotation: int) -> tuple[int, ...]:
    """`order_shown(k, o)[p]` is the index, in the survey's own order, of the option shown at position p."""
    return tuple((position + rotation) % options for position in range(options))


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCells:
    """The cells of a Score stage as parallel arrays of indices, in canonical order: population, condition, item, order.

    `rotation` is the rotation itself, not an index.
    """

    population: NDArray[np.int32]
    condition: NDArray[np.int32]
    item: NDArray[np.int32]
    rotation: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.item)


def score_cells(stage: Score, survey: Survey) -> ScoreCells:
    """All cells of a Score stage."""
    per_item = [rotations(item.size, stage.orders) for item in items_of(stage, survey)]
    item = np.repeat(np.arange(len(per_item), dtype=np.int32), [len(shown) for shown in per_item])
    rotation = np.array([o for shown in per_item for o in shown], dtype=np.int32)
    populations, conditions, each = len(stage.populations), len(stage.conditions), len(item)
    return ScoreCells(
        population=np.repeat(np.arange(populations, dtype=np.int32), conditions * each),
        condition=np.tile(np.repeat(np.arange(conditions, dtype=np.int32), each), populations),
        item=np.tile(item, populations * conditions),
        rotation=np.tile(rotation, populations * conditions),
    )


@dataclass(frozen=True, slots=True)
class Participant:
    """One simulated person. `draw` is the first of the `weight` draws that this participant stands for.

    `place` and `group` are indices into the population's places and groups, None where it has none.
    """

    draw: int
    weight: int
    place: int | None
    memory: int
    beams: int
    sample: bool
    turns: tuple[str, ...]
    """What it is asked, by the names of the questions, in its own order."""
    group: int | None = None


def participants(stage: Converse, population: Population, asked: Sequence[Question]) -> tuple[Participant, ...]:
    """The distinct participants of one population, in order of their first draw. `asked` is what the stage asks.

    Draws that decode deterministically and are equal in everything that could change a prompt are copies of one
    observation: they are asked once, and their number is kept as the weight.
    """
    weights: dict[tuple[object, ...], int] = {}
    firsts: dict[tuple[object, ...], Participant] = {}
    groups = (
        turns([group.weight for group in population.groups], stage.draws) if population.groups and stage.told else ()
    )
    for draw in range(stage.draws):
        participant = _drawn(stage, population, draw, groups[draw] if groups else None, asked)
        same = _configuration(participant)
        weights[same] = weights.get(same, 0) + 1
        firsts.setdefault(same, participant)
    return tuple(replace(participant, weight=weights[same]) for same, participant in firsts.items())


def _drawn(
    stage: Converse, population: Population, draw: int, group: int | None, asked: Sequence[Question]
) -> Participant:
    def pick(purpose: str) -> int:
        return seeded(stage.seed, population.country, draw, purpose)

    return Participant(
        draw=draw,
        weight=1,
        place=_place(population, pick("place")) if stage.told else None,
        memory=stage.memory.low + pick("memory") % (stage.memory.high - stage.memory.low + 1),
        beams=stage.beams.low + pick("beams") % (stage.beams.high - stage.beams.low + 1),
        sample=stage.sampling[pick("sampling") % len(stage.sampling)],
        turns=_in_order(stage, population.country, draw, asked),
        group=group,
    )


def _in_order(stage: Converse, country: str, draw: int, asked: Sequence[Question]) -> tuple[str, ...]:
    """What a participant is asked, in its own order. By hash of each name: what is added moves nothing else."""

    def drawn(name: str, purpose: str) -> tuple[int, str]:
        return seeded(stage.seed, country, draw, name, purpose), name

    names = [question.name for question in asked]
    if stage.item_order == "shuffled":
        names.sort(key=lambda name: drawn(name, "order"))
    elif stage.item_order == "blocked":
        first = {dimension: drawn(dimension, "block") for dimension in {question.dimension for question in asked}}
        names = [question.name for question in sorted(asked, key=lambda question: first[question.dimension])]
    return tuple(names)


def _place(population: Population, pick: int) -> int | None:
    if not population.places:
        return None
    ends = list(accumulate(place.weight for place in population.places))
    point = pick / 2**64 * ends[-1]
    return next((index for index, end in enumerate(ends) if point < end), len(ends) - 1)


def _configuration(participant: Participant) -> tuple[object, ...]:
    """Equal for two draws exactly when all their prompts and settings are bound to be equal."""
    if participant.sample:
        return (participant.draw,)
    last = len(participant.turns) - 1
    memory = min(participant.memory, max(last, 0))
    forgets = 0 < memory < last
    return (
        participant.place,
        participant.group,
        participant.beams,
        memory,
        participant.turns,
        participant.draw if forgets else None,
    )


def lasting(seed: int, country: str, participant: Participant, item: str) -> tuple[int, str]:
    """How lasting a participant's memory of an item or a list is. Where the memory is full, the answer with the highest
    goes.

    So what stays is a random subset, what was forgotten stays forgotten, and an item that is added or taken away
    changes what is remembered of few others.
    """
    return seeded(seed, country, participant.draw, item, "memory"), item


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An answer that a judge could be shown: its rank in the lot, and its place in the sheet that it lies on; that of a
    list stands in the column of its first item. `text` is the key of what it brought."""

    rank: int
    population: str
    row: int
    column: int
    person: Participant
    text: bytes | None = b""


def foreseen(plan: Plan, stage: Assess, source: Converse) -> Iterator[Foreseen]:
    """Every answer of `source` that a judge could be shown. Those whose rank is below the bound are drawn, whatever
    else is asked."""
    asked = questions(source, plan.surveys[source.survey])
    column = {item: place for place, item in enumerate(source.items)}
    for population in source.populations:
        people = plan.populations[population]
        for row, person in enumerate(participants(source, people, asked)):
            for question in asked:
                rank = seeded(stage.seed, people.country, person.draw, question.name, "judged")
                yield Foreseen(rank, population, row, column[question.items[0].id], person)


def below(stage: Assess) -> int:
    """The bound that makes the sample the share that was asked for."""
    return round(stage.sample * 2**64)


def sources_of(plan: Plan, stage: Assess) -> tuple[Converse, ...]:
    """The stages whose answers a judge reads."""
    return tuple(source for source in map(plan.stage, stage.of) if isinstance(source, Converse))


def count_cells(stage: Asked, plan: Plan) -> int:
    """How many cells a stage has, without expanding them: a list of items is one. Participants that would be merged are
    counted once. Those of a judge are as many as the plan tells: answers without a text are left out once that is
    known, and where none of those drawn of a stage has one, another is read. Those of a second reader are at most as
    many as there are answers."""
    if isinstance(stage, Assess) and stage.picks:
        # All answers that are read as an option may turn out not to be.
        return sum(
            len(participants(source, plan.populations[name], asked)) * sum(one.form != "list" for one in asked)
            for source in sources_of(plan, stage)
            for asked in [questions(source, plan.surveys[source.survey])]
            for name in source.populations
        )
    if isinstance(stage, Assess):
        bound = below(stage)
        lots = [foreseen(plan, stage, source) for source in sources_of(plan, stage)]
        drawn = sum(max(1, sum(at.rank < bound for at in lot)) for lot in lots)
        return drawn * len(stage.questions) + len(stage.cases)
    if isinstance(stage, Predict):
        return len(stage.items)
    survey = plan.surveys[stage.survey]
    if isinstance(stage, Score):
        each = sum(min(item.size, stage.orders) for item in items_of(stage, survey))
        return len(stage.populations) * len(stage.conditions) * each
    asked = questions(stage, survey)
    if all(stage.sampling):
        return len(stage.populations) * stage.draws * len(asked)
    distinct = sum(len(participants(stage, plan.populations[name], asked)) for name in stage.populations)
    return distinct * len(asked)

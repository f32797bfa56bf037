"""Walks over the cells of a stage in the order of the schedule, batch by batch, and notes where each answer lies.

A walk does not ask. It hands out batches, and is told of replies by a function. So running, forecasting and reading
back are one and the same walk, with more or less done at each batch. A walk over a Converse stage needs the replies to
one round before it can word the next: it hands out `ROUND` then, and goes on once the replies are there. A turn whose
reply is still missing ends the walk of a participant who remembers: nobody knows how the conversation would go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auditc.backends._contract import Identity
from auditc.ir.answers import FAILED, NOT_RUN, REFUSED, UNPARSABLE
from auditc.ir.exchange import Failure, GenerateReply, Reply
from auditc.ir.plan import Converse, Plan, Score
from auditc.ir.reading import Reading
from auditc.methods import methods

from .asking import Ask, ScoreAsking, TurnAsking, score_asking, turn_asking
from .cells import Participant, ScoreCells, lasting, participants, score_cells
from .schedule import Asked, score_batches, turn_groups

Known = Callable[[bytes], Reply | None]
"""The reply to a cell, if there is one by now."""

Read = Callable[[str, tuple[str, ...], str], Reading]
"""A method's parser: (text, the options' words, language)."""

_SHORT, _READINGS = 300, 50_000
"""Characters of a text whose reading is remembered, and how many readings are."""

ROUND: None = None
"""Handed out between rounds: the walk goes on once all replies are there."""


@dataclass(slots=True, eq=False)
class ScoreSheet:
    """Where the answers of a Score stage lie: the key of each cell, in canonical order; empty where not walked over."""

    stage: Score
    cells: ScoreCells
    keys: list[bytes]


@dataclass(slots=True, eq=False)
class ConverseSheet:
    """Where the answers of a Converse stage lie, and how each was read.

    By population: the participants, and for each the key and the choice of each item, in the order of the stage; and
    the tokens that all turns together took in and brought.
    """

    stage: Converse
    participants: dict[str, tuple[Participant, ...]]
    keys: dict[str, list[list[bytes]]]
    choices: dict[str, NDArray[np.int64]]
    tokens: dict[str, tuple[int, int]]


Sheet = ScoreSheet | ConverseSheet


def walked(sheet: Sheet) -> Iterator[bytes]:
    """The keys of the cells that were walked over."""
    rows = [sheet.keys] if isinstance(sheet, ScoreSheet) else [row for rows in sheet.keys.values() for row in rows]
    return (key for row in rows for key in row if key)


def walk(
    plan: Plan, stage: Asked, identity: Identity, known: Known, size: int, limit: int | None = None
) -> tuple[Sheet, Iterator[list[Ask] | None]]:
    """An empty sheet of a stage, and the walk over its cells that fills it: batches of `size` cells, as they are asked
    of an engine of this identity. `known` is read by stages whose turns hang on earlier ones."""
    if stage.kind == "score":
        scores = score_asking(plan, stage, identity)
        score = score_sheet(scores)
        return score, walk_score(scores, score, size, limit)
    turns = turn_asking(plan, stage, identity)
    converse = converse_sheet(turns)
    return converse, walk_converse(turns, converse, known, methods.take(stage.method).read, size, limit)


def score_sheet(asking: ScoreAsking) -> ScoreSheet:
    """An empty sheet."""
    cells = score_cells(asking.stage, asking.plan.surveys[asking.stage.survey])
    return ScoreSheet(asking.stage, cells, [b""] * len(cells))


def converse_sheet(asking: TurnAsking) -> ConverseSheet:
    """An empty sheet."""
    stage = asking.stage
    people = {name: participants(stage, asking.plan.populations[name]) for name in stage.populations}
    items = len(stage.items)
    return ConverseSheet(
        stage=stage,
        participants=people,
        keys={name: [[b""] * items for _ in persons] for name, persons in people.items()},
        choices={name: np.full((len(persons), items), NOT_RUN, dtype=np.int64) for name, persons in people.items()},
        tokens=dict.fromkeys(people, (0, 0)),
    )


def walk_score(asking: ScoreAsking, sheet: ScoreSheet, size: int, limit: int | None = None) -> Iterator[list[Ask]]:
    """The batches of a Score stage, of `size` cells. With a limit, that many cells spread evenly over the stage."""
    cells = sheet.cells
    chosen = None if limit is None or limit >= len(cells) else _spread(len(cells), limit)
    for batch in score_batches(asking, cells, size):
        if chosen is not None:
            batch = batch[chosen[batch]]
        axes = (cells.population[batch], cells.condition[batch], cells.item[batch], cells.rotation[batch])
        asks = [asking.ask(*indices) for indices in zip(*(axis.tolist() for axis in axes), strict=True)]
        for index, ask in zip(batch.tolist(), asks, strict=True):
            sheet.keys[index] = ask.key
        if asks:
            yield asks


def _spread(cells: int, limit: int) -> NDArray[np.bool_]:
    chosen = np.zeros(cells, dtype=bool)
    chosen[np.arange(limit) * cells // max(limit, 1)] = True
    return chosen


@dataclass(slots=True, eq=False)
class _Person:
    """A participant on the way through the items."""

    population: str
    row: int
    participant: Participant
    keys: list[bytes]
    """Its own row of the sheet."""
    memory: dict[str, int] = field(default_factory=dict)
    """The option answered to each remembered item, in the order they were asked."""
    lasting: dict[str, tuple[int, str]] = field(default_factory=dict)
    stopped: bool = False

    @property
    def sampling(self) -> tuple[bool, int]:
        """Equal for two whose texts are generated alike."""
        return self.participant.sample, self.participant.beams

    def remember(self, item: str, option: int, seed: int, country: str) -> None:
        if not self.participant.memory:
            return
        self.memory[item], self.lasting[item] = option, lasting(seed, country, self.participant, item)
        if len(self.memory) > self.participant.memory:
            goes = max(self.lasting, key=self.lasting.__getitem__)
            del self.memory[goes], self.lasting[goes]


def walk_converse(
    asking: TurnAsking, sheet: ConverseSheet, known: Known, read: Read, size: int, limit: int | None = None
) -> Iterator[list[Ask] | None]:
    """The batches of a Converse stage, of `size` cells, round by round. With a limit, only as many participants as it
    suffices for."""
    people = [
        _Person(name, row, participant, sheet.keys[name][row])
        for name, persons in sheet.participants.items()
        for row, participant in enumerate(persons)
    ]
    if limit is not None:
        few = _spread(len(people), min(len(people), max(1, limit // max(1, len(sheet.stage.items)))))
        people = [person for person, chosen in zip(people, few, strict=True) if chosen]
    place = {item: index for index, item in enumerate(sheet.stage.items)}
    read = _remembered(read)
    for turn in range(len(sheet.stage.items)):
        going = [person for person in people if not person.stopped]
        for members in turn_groups([person.sampling for person in going], size):
            yield [_ask(asking, going[index], turn, place) for index in members]
        yield ROUND
        for person in going:
            _take(asking, sheet, person, turn, place, known, read)


def _ask(asking: TurnAsking, person: _Person, turn: int, place: dict[str, int]) -> Ask:
    item = person.participant.items[turn]
    ask = asking.ask(person.population, person.participant, item, person.memory)
    person.keys[place[item]] = ask.key
    return ask


def _take(
    asking: TurnAsking,
    sheet: ConverseSheet,
    person: _Person,
    turn: int,
    place: dict[str, int],
    known: Known,
    read: Read,
) -> None:
    """Read the reply to a turn: an answer is remembered, anything else is not."""
    population, item = person.population, person.participant.items[turn]
    column = place[item]
    reply = known(person.keys[column])
    choice = NOT_RUN
    if isinstance(reply, GenerateReply):
        language = asking.stage.language[population]
        choice = choice_of(reading_of(reply, read, asking.items[column].options[language], language))
        tokens_in, tokens_out = sheet.tokens[population]
        sheet.tokens[population] = tokens_in + reply.tokens_in, tokens_out + reply.tokens_out
    elif isinstance(reply, Failure):
        choice = FAILED
    if choice == NOT_RUN and person.participant.memory:
        person.stopped = True
    if choice >= 0:
        person.remember(item, choice, asking.stage.seed, asking.plan.populations[population].country)
    sheet.choices[population][person.row, column] = choice


def _remembered(read: Read) -> Read:
    """A parser that reads the same short text once: participants say the same things again and again."""
    known: dict[tuple[str, tuple[str, ...], str], Reading] = {}

    def reading(text: str, options: tuple[str, ...], language: str) -> Reading:
        if len(text) > _SHORT:
            return read(text, options, language)
        found = known.get((text, options, language))
        if found is None:
            if len(known) >= _READINGS:
                known.clear()
            found = known[text, options, language] = read(text, options, language)
        return found

    return reading


def reading_of(reply: GenerateReply, read: Read, options: tuple[str, ...], language: str) -> Reading:
    """How a method reads a reply. Where a server says that it withheld the answer, no text says otherwise."""
    if reply.finished == "refused":
        return Reading(None, "refused", "server")
    return read(reply.text, options, language)


def choice_of(reading: Reading) -> int:
    """A reading as the number that arrays of answers hold."""
    if reading.option is not None:
        return reading.option
    return REFUSED if reading.reason == "refused" else UNPARSABLE

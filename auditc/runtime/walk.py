"""Walks over the cells of a party in the order of the schedule, batch by batch, and notes where each answer lies.

A walk does not ask. It hands out batches, and is told of replies by a function. So running, forecasting and reading
back are one and the same walk, with more or less done at each batch. A walk over Converse stages needs the replies to
one round before it can word the next: it hands out `ROUND` then, and goes on once the replies are there. All stages of
a party take a round together, so that its batches are full. A turn whose reply is still missing ends the walk of a
participant who remembers: nobody knows how the conversation would go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from auditc.backends._contract import Identity
from auditc.ir.answers import FAILED, NOT_RUN
from auditc.ir.exchange import TOO_LONG, Failure, GenerateReply
from auditc.ir.plan import Converse, Plan
from auditc.methods import methods

from .asking import Ask, ScoreAsking, TurnAsking, score_asking, turn_asking
from .assessing import assess_asking, assess_sheet, walk_assess
from .cells import Participant, lasting, participants, score_cells
from .predicting import predicting, walk_predict
from .schedule import Party, score_batches, spread, turn_groups
from .sheets import ConverseSheet, Known, PredictSheet, ScoreSheet, Sheet
from .understood import Reader, choices, chosen

ROUND: None = None
"""Handed out between rounds: the walk goes on once all replies are there."""


def walk(
    plan: Plan,
    party: Party,
    identity: Identity,
    known: Known,
    size: int,
    limit: int | None = None,
    *,
    before: Mapping[str, Sheet],
) -> tuple[tuple[Sheet, ...], Iterator[list[Ask] | None]]:
    """An empty sheet of each stage of a party, and the walk over their cells that fills them: batches of `size` cells,
    as they are asked of an engine of this identity. `known` is read by stages whose cells hang on earlier ones;
    `before` are the sheets of stages that were walked over before, by name: a judge reads what lies on one of them.
    With a `limit`, about so many cells of each stage."""
    stage = party[0]
    if stage.kind == "assess":
        judging = assess_asking(plan, stage, identity)
        assess = assess_sheet(judging, before, known)
        return (assess,), walk_assess(judging, assess, known, size, limit)
    if stage.kind == "score":
        scores = score_asking(plan, stage, identity)
        score = score_sheet(scores)
        return (score,), walk_score(scores, score, size, limit)
    if stage.kind == "predict":
        texts = predicting(plan, stage, identity)
        predict = PredictSheet(stage, [b""] * len(stage.items))
        return (predict,), walk_predict(texts, predict, size, limit)
    crowds = [crowd(turn_asking(plan, one, identity), limit) for one in party if isinstance(one, Converse)]
    return tuple(one.sheet for one in crowds), walk_converse(crowds, known, size)


def score_sheet(asking: ScoreAsking) -> ScoreSheet:
    """An empty sheet."""
    cells = score_cells(asking.stage, asking.plan.surveys[asking.stage.survey])
    return ScoreSheet(asking.stage, cells, [b""] * len(cells))


def converse_sheet(asking: TurnAsking) -> ConverseSheet:
    """An empty sheet."""
    stage = asking.stage
    asked = tuple(asking.questions.values())
    people = {name: participants(stage, asking.plan.populations[name], asked) for name in stage.populations}
    items = len(stage.items)
    place = {item: index for index, item in enumerate(stage.items)}
    return ConverseSheet(
        stage=stage,
        turns=tuple(place[question.items[0].id] for question in asked),
        participants=people,
        keys={name: [[b""] * items for _ in persons] for name, persons in people.items()},
        choices={name: np.full((len(persons), items), NOT_RUN, dtype=np.int64) for name, persons in people.items()},
        tokens=dict.fromkeys(people, (0, 0)),
        unfit=dict.fromkeys(people, 0),
    )


def walk_score(asking: ScoreAsking, sheet: ScoreSheet, size: int, limit: int | None = None) -> Iterator[list[Ask]]:
    """The batches of a Score stage, of `size` cells. With a limit, that many cells spread evenly over the stage."""
    cells = sheet.cells
    chosen = None if limit is None or limit >= len(cells) else spread(len(cells), limit)
    for batch in score_batches(asking, cells, size):
        if chosen is not None:
            batch = batch[chosen[batch]]
        axes = (cells.population[batch], cells.condition[batch], cells.item[batch], cells.rotation[batch])
        asks = [asking.ask(*indices) for indices in zip(*(axis.tolist() for axis in axes), strict=True)]
        for index, ask in zip(batch.tolist(), asks, strict=True):
            sheet.keys[index] = ask.key
        if asks:
            yield asks


@dataclass(slots=True, eq=False)
class _Person:
    """A participant on the way through the items."""

    population: str
    row: int
    participant: Participant
    keys: list[bytes]
    """Its own row of the sheet."""
    memory: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """What was chosen of each remembered question, in the order they were asked."""
    lasting: dict[str, tuple[int, str]] = field(default_factory=dict)
    stopped: bool = False

    def remember(self, question: str, options: tuple[int, ...], seed: int, country: str) -> None:
        if not self.participant.memory:
            return
        self.memory[question], self.lasting[question] = options, lasting(seed, country, self.participant, question)
        if len(self.memory) > self.participant.memory:
            goes = max(self.lasting, key=self.lasting.__getitem__)
            del self.memory[goes], self.lasting[goes]


@dataclass(slots=True, eq=False)
class Crowd:
    """The participants of one Converse stage on their way through the items. Made by `crowd`."""

    asking: TurnAsking
    sheet: ConverseSheet
    reader: Reader
    people: list[_Person]
    columns: dict[str, list[int]]
    """By question, the columns of the sheet that its answer fills."""

    def going(self, turn: int) -> list[_Person]:
        """Those who take a turn: with their number of it, nobody whose conversation has ended."""
        return [person for person in self.people if not person.stopped] if turn < len(self.sheet.turns) else []

    def ask(self, person: _Person, turn: int) -> Ask:
        """What a participant is asked next."""
        question = person.participant.turns[turn]
        ask = self.asking.ask(person.population, person.participant, question, person.memory)
        for column in self.columns[question]:
            person.keys[column] = ask.key
        return ask

    def take(self, person: _Person, turn: int, known: Known) -> None:
        """Read the reply to a turn: an answer is remembered, anything else is not."""
        asking, sheet, population = self.asking, self.sheet, person.population
        question = asking.questions[person.participant.turns[turn]]
        mine = self.columns[question.name]
        reply = known(person.keys[mine[0]])
        if isinstance(reply, GenerateReply):
            reading = self.reader.reading(reply, question, asking.stage.language[population])
            found, options = choices(reading, question), chosen(reading)
            tokens_in, tokens_out = sheet.tokens[population]
            sheet.tokens[population] = tokens_in + reply.tokens_in, tokens_out + reply.tokens_out
            if options is not None:
                country = asking.plan.populations[population].country
                person.remember(question.name, options, asking.stage.seed, country)
        elif isinstance(reply, Failure):
            found = (FAILED,) * len(mine)
            sheet.unfit[population] += reply.reason == TOO_LONG
        else:
            found = (NOT_RUN,) * len(mine)
            person.stopped = bool(person.participant.memory)
        row = sheet.choices[population][person.row]
        for column, choice in zip(mine, found, strict=True):
            row[column] = choice


def crowd(asking: TurnAsking, limit: int | None = None) -> Crowd:
    """All participants of a Converse stage, before the first turn. With a limit on its cells, only as many as it
    suffices for."""
    sheet = converse_sheet(asking)
    people = [
        _Person(name, row, participant, sheet.keys[name][row])
        for name, persons in sheet.participants.items()
        for row, participant in enumerate(persons)
    ]
    if limit is not None:
        few = spread(len(people), min(len(people), max(1, limit // max(1, len(sheet.turns)))))
        people = [person for person, chosen in zip(people, few, strict=True) if chosen]
    place = {item: index for index, item in enumerate(sheet.stage.items)}
    columns = {name: [place[item.id] for item in one.items] for name, one in asking.questions.items()}
    return Crowd(asking, sheet, Reader(methods.take(asking.stage.method)), people, columns)


def walk_converse(crowds: Sequence[Crowd], known: Known, size: int) -> Iterator[list[Ask] | None]:
    """The batches of Converse stages, of `size` cells, round by round: in each, everybody who has a turn left takes it,
    and those whose texts are generated alike stand together, whatever stage they are of."""
    for turn in range(max((len(one.sheet.turns) for one in crowds), default=0)):
        going = [(one, person) for one in crowds for person in one.going(turn)]
        for members in turn_groups([one.asking.sampling(person.participant) for one, person in going], size):
            yield [one.ask(person, turn) for one, person in (going[index] for index in members)]
        yield ROUND
        for one, person in going:
            one.take(person, turn, known)

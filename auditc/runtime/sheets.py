"""Sheets: where the answers of a stage lie, and how each was read. A walk fills them, `gather` reads them off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auditc.ir.answers import REFUSED, UNPARSABLE
from auditc.ir.exchange import GenerateReply, Reply
from auditc.ir.plan import Assess, Converse, Predict, Score
from auditc.ir.questions import Question
from auditc.ir.reading import Reading
from auditc.reading import read_choice

from .cells import Participant, ScoreCells

Known = Callable[[bytes], Reply | None]
"""The reply to a cell, if there is one by now."""

Read = Callable[[str, tuple[str, ...], str], Reading]
"""A method's parser: (text, the options' words, language)."""


@dataclass(slots=True, eq=False)
class ScoreSheet:
    """Where the answers of a Score stage lie: the key of each cell, in canonical order; empty where not walked over."""

    stage: Score
    cells: ScoreCells
    keys: list[bytes]


@dataclass(slots=True, eq=False)
class PredictSheet:
    """Where the answers of a Predict stage lie: the key of each text, in the order of the stage; empty where not walked
    over."""

    stage: Predict
    keys: list[bytes]


@dataclass(slots=True, eq=False)
class ConverseSheet:
    """Where the answers of a Converse stage lie, and how each was read.

    By population: the participants, and for each the key and the choice of each item, in the order of the stage; and
    the tokens that all turns together took in and brought. The items of a list have one key, and are one cell: `turns`
    are the columns of those that stand for theirs.
    """

    stage: Converse
    turns: tuple[int, ...]
    participants: dict[str, tuple[Participant, ...]]
    keys: dict[str, list[list[bytes]]]
    choices: dict[str, NDArray[np.int64]]
    tokens: dict[str, tuple[int, int]]
    unfit: dict[str, int]
    """Turns whose prompt did not fit into the model's window."""


@dataclass(frozen=True, slots=True)
class Look:
    """One question to a judge: about the answer of a participant to an item, or about a case (`case` is its number, and
    -1 for an answer). `number` is its place in the order of the plan."""

    number: int
    asks: str
    language: str
    of: str = ""
    """The stage that brought the answer."""
    population: str = ""
    item: str = ""
    draw: int = -1
    case: int = -1
    text: bytes = b""
    """The key of the answer that is read; empty where it was not run, and for a case."""
    weight: int = 1
    """The draws that the participant stands for."""


@dataclass(slots=True, eq=False)
class AssessSheet:
    """Where what a judge says lies: the looks of an Assess stage, and the key of each, empty where not walked over. A
    second reader's has what was asked, by the stage's name and the id of the first item, and the sheets of answers that
    it reads again, by name."""

    stage: Assess
    looks: list[Look]
    keys: list[bytes]
    asked: Mapping[tuple[str, str], Question] = field(default_factory=dict)
    before: Mapping[str, ConverseSheet] = field(default_factory=dict)

    def read(self, look: Look, reply: GenerateReply) -> Reading:
        """What a judge's reply says: the first option that what is asked is so, the second that it is not. Of a second
        reader's the option that an answer chooses, one past them for none."""
        shown = self.asked[look.of, look.item].options(look.language) if self.stage.picks else ()
        return judged(self.stage, reply, look.language, shown)


Sheet = ScoreSheet | ConverseSheet | PredictSheet | AssessSheet


def walked(sheet: Sheet) -> Iterator[bytes]:
    """The keys of the cells that were walked over."""
    if isinstance(sheet, ConverseSheet):
        return (row[turn] for rows in sheet.keys.values() for row in rows for turn in sheet.turns if row[turn])
    return (key for key in sheet.keys if key)


def judged(stage: Assess, reply: GenerateReply, language: str, shown: tuple[str, ...] = ()) -> Reading:
    """How a judge's reply is read: 0 that what was asked is so, 1 that it is not, or a reason why it says neither. A
    second reader is `shown` options, and names one of them or what stands after them."""

    def read(text: str, options: tuple[str, ...], spoken: str) -> Reading:
        return read_choice(text, options, spoken, stage.labels)

    return reading_of(reply, read, (*shown, *stage.options[language]), language)


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

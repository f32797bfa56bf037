"""What a source of human data is: parameters, and a reader that gives typed rows, or says what is wrong with a file.

A reader never drops anything in silence: what it leaves out it counts under a reason. It never makes anything up: words
that the data do not hold stay empty, and are the author's to write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar

from pydantic import BaseModel

from auditc.ir.values import Scale

P = TypeVar("P", bound=BaseModel)

MANY: Final = 20
"""Faults of one import after which no more are looked for: they would not be read either."""

LISTED: Final = 1_000
"""How many of the things that were left out are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a file. `row` counts rows of data from 1, without the head; None where it is the whole file's."""

    file: str
    message: str
    remedy: str
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row:,}")
        if self.column:
            place.append(f"column `{self.column}`")
        return f"{', '.join(place)}: {self.message}"


class BadData(Exception):
    """Files or parameters are not what the source publishes: the author's to mend. There is at least one fault."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(str(faults[0]))
        self.faults = faults


class Unreadable(Exception):
    """A file that cannot be got at or taken apart at all."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(slots=True)
class Faults:
    """Collects faults, so that one import shows many; the last that there is room for ends it."""

    found: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Raises BadData at fault number MANY."""
        self.found.append(fault)
        if len(self.found) >= MANY:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Raises BadData if there is any."""
        if self.found:
            raise BadData(*self.found)


@dataclass(frozen=True, slots=True)
class Dropped:
    """One thing that was left out: where it stands, and why."""

    file: str
    row: int
    what: str
    reason: str


@dataclass(slots=True)
class Count:
    """How many of one kind of thing were read and used, and why the others were left out.

    `read == used + sum(left_out.values())`, always.
    """

    read: int = 0
    used: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Question:
    """One item. What the data do not say is empty: the author's to write."""

    id: str
    scale: Scale
    source: str
    text: dict[str, str]
    options: dict[str, tuple[str, ...]]
    dimension: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a group of people answered an item: shares in the order of its options, from `n` persons. An empty `sex` or
    `age` means everybody."""

    item: str
    country: str
    n: int
    nominal: bool
    shares: tuple[float, ...]
    sex: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code of an item, its label, which option it is (from 1; None: it is left out), and how many persons gave it.
    `persons` is None where they are fewer than may be told."""

    item: str
    code: str
    label: str
    option: int | None
    persons: int | None


@dataclass(frozen=True, slots=True)
class SurveyRows:
    """Items and how people answered them; `by` is what tells groups apart, beside the country."""

    items: tuple[Question, ...]
    answers: tuple[Answer, ...]
    by: tuple[Literal["sex", "age"], ...] = ()
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Dilemma:
    """One step of a scenario, with two choices; `values` is empty, or has the value of a framework that each speaks
    for."""

    scenario: str
    step: int
    text: str
    choices: tuple[str, str]
    values: tuple[str, str] | None
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A value of a framework that comes with the data."""

    id: str
    name: str
    description: str
    source: str


@dataclass(frozen=True, slots=True)
class ScenarioRows:
    """Scenarios told in English, all with `steps` steps. `framework` is the word that a spec names it by,
    `std.schwartz`, or a name of its own for `rules`."""

    dilemmas: tuple[Dilemma, ...]
    steps: int
    framework: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What a reader gives: rows, counts by the kind of thing (`respondents`, `shares`), what was left out, and what the
    author must know."""

    rows: SurveyRows | ScenarioRows
    counts: dict[str, Count]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSource(Generic[P]):
    """`read(files, params)` raises BadData and Unreadable, and nothing else, whatever the files hold."""

    title: str
    params: type[P]
    endings: tuple[str, ...]
    """What the names of its files end with."""
    licence: str
    """The terms as far as they are known, for the author's information; no advice."""
    cite: str
    read: Callable[[tuple[Path, ...], P], Imported]
    also: Callable[[P], tuple[Path, ...]] = lambda params: ()
    """Files that the parameters name; they are inputs too."""

"""Types of values in the language: what a `Params` field is annotated with, and what an expression becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, model_validator

Scale = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts; the compiler accepts only units of that kind (`1%` is a share, `30min` a duration)."""

    of: Literal["share", "count", "number", "tokens", "duration", "bytes", "money"]


@dataclass(frozen=True, slots=True)
class RefTo:
    """A bare word that names a block of one of these kinds."""

    kind: str


@dataclass(frozen=True, slots=True)
class ByLanguage:
    """A block with a text for each language; `or_text` when one text may serve them all."""

    or_text: bool = False


@dataclass(frozen=True, slots=True)
class ItemSet:
    """A survey, or a part of it: `values`, `values.train`, `values.where(scale != nominal)`."""


@dataclass(frozen=True, slots=True)
class Within:
    """The law of a range: neither end is below `low` or above `high`."""

    low: int
    high: int | None = None


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A bare word out of the world of whoever reads it: the module of a network, a choice of a scenario."""

    of: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A block that may stand several times: `step`, `branch`. The field is a tuple of forms."""

    label: Literal["none", "step"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The field that holds what stands between the kind of a block and its body."""


@dataclass(frozen=True, slots=True)
class Script:
    """An expression that only the steps of a script make sense of: `choice(3) == a`, `negotiate`."""

    of: Literal["condition", "step"]


@dataclass(frozen=True, slots=True)
class StepNumber:
    """The number of a step of the script whose answers a metric reads."""


@dataclass(frozen=True, slots=True)
class CountryOf:
    """The name of a country whose people answered the survey that the parameter `survey` names."""

    survey: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A table must have these columns; one ending in `.*` means one column for each language that is asked in."""

    names: tuple[str, ...]


Share = Annotated[float, Unit("share"), Ge(0), Le(1)]
Count = Annotated[int, Unit("count"), Ge(0)]
Positive = Annotated[int, Unit("count"), Gt(0)]
Number = Annotated[float, Unit("number")]
Tokens = Annotated[int, Unit("tokens"), Gt(0)]
Seconds = Annotated[float, Unit("duration"), Ge(0)]


class Form(BaseModel):
    """A frozen form with a closed set of keys: an unknown key is an error wherever it comes from.

    Its validator is built when it is first used: checking a spec uses few of the forms, and must stay quick.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Body(Form):
    """The body of a typed value, `word { … }`; a `Params` field may be a union of such bodies."""

    word: ClassVar[str]


class Money(Form):
    """An amount of money; amounts of two currencies are never added or compared."""

    amount: float
    currency: str


class Secret(Form):
    """The name of the environment variable that holds a secret; the secret itself is in no spec, plan or report."""

    variable: str


class Range(Form):
    """`low..high`, both ends included."""

    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError("a range begins with its smaller end")
        return self


class Table(Form):
    """The rows of a CSV or JSON-lines file as text, with the digest of its bytes and its path beside the spec."""

    path: str
    digest: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    weight: str = ""
    """The column that weights the rows; empty when they weigh the same."""
    by: tuple[str, ...] = ()

    def column(self, name: str) -> tuple[str, ...]:
        """All values of one column. Raises ValueError when there is none of that name."""
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)


class RecordingFile(Form):
    """A recording of exchanges: its path beside the spec, and the sha256 of the file as it lies.

    What it holds is not in the plan: it can be large, and is looked into when the plan is run.
    """

    path: str
    digest: str

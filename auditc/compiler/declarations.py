"""The language's own blocks, each a closed form; what stands on the shelves declares its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from annotated_types import Gt, Len, Lt
from pydantic import BaseModel, Field

from auditc.ir.values import Columns, Count, Form, Positive, RefTo, Seconds, Share, Table, Tokens


@dataclass(frozen=True, slots=True)
class FromShelf:
    """A thing from a shelf with its parameters: called, `hf("…")`, or as a body, `transformers { … }`."""

    shelf: Literal["weights", "backends"]
    called: bool


@dataclass(frozen=True, slots=True)
class ByLanguage:
    """A block with a text for each language; `or_text` when one text may serve them all."""

    or_text: bool = False


@dataclass(frozen=True, slots=True)
class LanguageWord:
    """A bare word that names a language: `en`, `zh`."""


@dataclass(frozen=True, slots=True)
class ReportWord:
    """A bare word that names a form of report."""


@dataclass(frozen=True, slots=True)
class ItemSet:
    """A survey, or a part of it: `values`, `values.where(scale != nominal)`, `values.sample(8, by = dimension)`."""


@dataclass(frozen=True, slots=True)
class Holds:
    """A comparison of figures."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A data file whose columns the block itself knows, read row by row."""


class Budget(Form):
    """Limits of a run."""

    tokens: Tokens | None = None
    wall: Seconds | None = None
    cells: Positive | None = None


class Audit(Form):
    """What the audit is called, and what holds for all of it."""

    title: str
    version: str
    seed: Count
    language: Literal[1] = 1
    correct: Literal["holm", "none"] = "holm"
    budget: Budget = Budget()


class Model(Form):
    """A model to be audited: its card, its weights, and how it is reached."""

    weights: Annotated[Any, FromShelf("weights", called=True)] = None
    backend: Annotated[Any, FromShelf("backends", called=False)] = None
    title: str = ""
    family: str = ""
    origin: str = ""
    stage: str = ""
    quantisation: str = ""


class Population(Form):
    """People of a country, the language they are asked in, and where they live."""

    country: str
    language: Annotated[str, LanguageWord()]
    named: Annotated[dict[str, str], ByLanguage()] = Field(default_factory=dict)
    places: Annotated[Table, Columns(("place.*",))] | None = None


class Persona(Form):
    """Whom the model is asked to be, as a template."""

    prompt: Annotated[dict[str, str], ByLanguage(or_text=True)]


class Survey(Form):
    """Items, and how people answered them."""

    items: Annotated[Any, Grid()]
    reference: Annotated[Any, Grid()] = None


class Framework(Form):
    """Values that are weighed against each other, with the source that lists them."""

    values: Annotated[Any, Grid()]


class Controls(Form):
    """Controls of a body that a claim may map to."""

    table: Annotated[Any, Grid()]


class Asks(Form):
    """What every method's block says: what is asked of which models, as whom."""

    ask: Annotated[Any, ItemSet()]
    of: Annotated[tuple[Annotated[str, RefTo("model")], ...], Len(1)]
    as_: Annotated[tuple[Annotated[str, RefTo("population")], ...], Len(1)] = Field(alias="as")
    persona: Annotated[str, RefTo("persona")] | None = None


class Claim(Form):
    """A sentence that the findings bear out or do not."""

    says: str
    holds: Annotated[Any, Holds()]
    level: Annotated[Share, Gt(0.5), Lt(1)] = 0.95
    estimand: Literal["items_like_these", "these_items"] = "items_like_these"
    maps_to: tuple[str, ...] = ()


class Report(Form):
    """Which files a report is written into, in which languages."""

    formats: Annotated[tuple[Annotated[str, ReportWord()], ...], Len(1)]
    languages: Annotated[tuple[Annotated[str, LanguageWord()], ...], Len(1)] = ("en",)


KINDS: Final[dict[str, type[BaseModel]]] = {
    "audit": Audit,
    "model": Model,
    "population": Population,
    "persona": Persona,
    "survey": Survey,
    "framework": Framework,
    "controls": Controls,
    "claim": Claim,
    "report": Report,
}
"""The kinds of block that the language itself knows; `let` and those of NAMELESS and the methods' come beside them."""

NAMELESS: Final = ("let", "lint")
"""The kinds of block that declare nothing of their own name."""

LIBRARY: Final = ("model", "population", "persona", "survey", "framework", "controls", *NAMELESS)
"""What a file that is imported may hold."""

"""The language's own blocks, each a closed form; what stands on the shelves declares its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Gt, Le, Len, Lt
from pydantic import BaseModel, Field, model_validator

from auditc.ir.values import (
    Body,
    ByLanguage,
    Columns,
    Count,
    Form,
    ItemSet,
    Money,
    OwnWord,
    Positive,
    RefTo,
    Seconds,
    Share,
    Table,
    Tokens,
    Unit,
)


@dataclass(frozen=True, slots=True)
class FromShelf:
    """A thing from a shelf with its parameters: called, `hf("…")`, or as a body, `transformers { … }`."""

    shelf: Literal["weights", "backends", "objectives"]
    called: bool


@dataclass(frozen=True, slots=True)
class LanguageWord:
    """A bare word that names a language: `en`, `zh`."""


@dataclass(frozen=True, slots=True)
class ReportWord:
    """A bare word that names a form of report."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Which state of a training is kept: `last`, or `lowest(valid)`."""


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
    money: Money | None = None


class Audit(Form):
    """What the audit is called, and what holds for all of it."""

    title: str
    version: str
    seed: Count
    language: Literal[1] = 1
    correct: Literal["holm", "none"] = "holm"
    budget: Budget = Budget()


class Price(Form):
    """What a provider bills for a million tokens."""

    input: Money
    output: Money


class Model(Form):
    """A model to be audited: its card, its weights or the provider it is asked through, and how it is reached."""

    weights: Annotated[Any, FromShelf("weights", called=True)] = None
    api: Annotated[Any, FromShelf("backends", called=False)] = None
    backend: Annotated[Any, FromShelf("backends", called=False)] = None
    title: str = ""
    family: str = ""
    origin: str = ""
    stage: str = ""
    quantisation: str = ""
    price: Price | None = None


class Population(Form):
    """People of a country, the language they are asked in, and where they live."""

    country: str
    language: Annotated[str, LanguageWord()]
    named: Annotated[dict[str, str], ByLanguage()] = Field(default_factory=dict)
    places: Annotated[Table, Columns(("place.*",))] | None = None
    quotas: Annotated[Table, Columns(("group.*",))] | None = None
    """Groups of people with their weights: participants are shared out over them in proportion."""


class Persona(Form):
    """Whom the model is asked to be, as a template."""

    prompt: Annotated[dict[str, str], ByLanguage(or_text=True)]


class Split(Form):
    """Parts of a survey by shares of its items, drawn by hash; `by` keeps the shares in each group of items."""

    train: Share = 0.0
    valid: Share = 0.0
    test: Share = 0.0
    by: Literal["dimension", "scale", "source"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Split:
        total = self.train + self.valid + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the parts of a split add up to {100 * total:.4g}%, and not to 100%")
        return self


class Survey(Form):
    """Items, how people answered them, and the parts that training and testing use."""

    items: Annotated[Any, Grid()]
    reference: Annotated[Any, Grid()] = None
    split: Split | None = None


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


class Leads(Form):
    """What the block of a method that leads models through scenarios says."""

    scenarios: Annotated[Any, Grid()]
    of: Annotated[tuple[Annotated[str, RefTo("model")], ...], Len(1)]
    framework: Annotated[str, RefTo("framework")] | None = None
    language: Annotated[str, LanguageWord()] = "en"


class Lora(Body):
    """Low-rank adapters on the modules named."""

    word: ClassVar[str] = "lora"
    rank: Positive = 8
    alpha: Positive = 32
    dropout: Annotated[Share, Lt(1)] = 0.05
    targets: Annotated[tuple[Annotated[str, OwnWord("module")], ...], Len(1)] = ("q_proj", "v_proj")


class Train(Form):
    """A training whose result is a model by the block's name."""

    from_: Annotated[str, RefTo("model")] = Field(alias="from")
    objective: Annotated[Any, FromShelf("objectives", called=False)]
    as_: Annotated[tuple[Annotated[str, RefTo("population")], ...], Len(1)] | None = Field(alias="as", default=None)
    adapter: Lora | Literal["full"] = Lora()
    epochs: Positive = 5
    batch: Positive = 16
    learning_rate: Annotated[float, Unit("number"), Gt(0), Lt(1)] = 0.0001
    decay: Annotated[float, Unit("share"), Gt(0), Le(1)] = 0.85
    """By how much the learning rate is multiplied after each epoch."""
    keep: Annotated[Any, Keep()] = "last"
    title: str = ""


class Family(Form):
    """Claims that are corrected together."""

    correct: Literal["holm", "none"] = "holm"


class Claim(Form):
    """A sentence that the findings bear out or do not."""

    says: str
    holds: Annotated[Any, Holds()]
    level: Annotated[Share, Gt(0.5), Lt(1)] = 0.95
    estimand: Literal["items_like_these", "these_items"] = "items_like_these"
    family: Annotated[str, RefTo("family")] | None = None
    cluster: Annotated[tuple[Literal["item", "participant"], ...], Len(1)] | None = None
    """What observations share: said by the author, checked against what the method's answers share."""
    maps_to: tuple[str, ...] = ()


class Report(Form):
    """Which files a report is written into, in which languages."""

    formats: Annotated[tuple[Annotated[str, ReportWord()], ...], Len(1)]
    languages: Annotated[tuple[Annotated[str, LanguageWord()], ...], Len(1)] = ("en",)


class Test(Form):
    """Stand-ins for the spec's models, and how its claims must come out then; `compiler.trials` reads the blocks."""

    says: str
    given: Annotated[Any, FromShelf("backends", called=False)] = None


KINDS: Final[dict[str, type[BaseModel]]] = {
    "audit": Audit,
    "model": Model,
    "population": Population,
    "persona": Persona,
    "survey": Survey,
    "train": Train,
    "family": Family,
    "framework": Framework,
    "controls": Controls,
    "claim": Claim,
    "report": Report,
    "test": Test,
}
"""The kinds of block that the language itself knows; `let` and those of NAMELESS and the methods' come beside them."""

PROVIDES: Final = {"train": "model"}
"""Kinds whose name stands for something of another kind: a training is a model to whoever asks it."""

NAMELESS: Final = ("let", "lint")
"""The kinds of block that declare nothing of their own name."""

LIBRARY: Final = ("model", "population", "persona", "survey", "framework", "controls", *NAMELESS)
"""What a file that is imported may hold."""

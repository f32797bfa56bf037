"""The language's own blocks, each a closed form; what stands on the shelves declares its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Ge, Gt, Le, Len, Lt
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
class OneFigure:
    """A metric of a method's block, with what it is fixed at."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A data file whose columns the block itself knows, read row by row."""


class Budget(Form):
    """Limits of a run."""

    tokens: Tokens | None = None
    """Tokens read and written, of all models together."""
    wall: Seconds | None = None
    """Time by the clock."""
    cells: Positive | None = None
    """Questions put to models."""
    money: Money | None = None
    """What providers may bill; each of them needs a `price` in the same currency."""


class Audit(Form):
    """What the audit is called, and what holds for all of it."""

    title: str
    """What the report is called."""
    version: str
    """Yours, to tell one edition of the audit from the next."""
    seed: Count
    """What everything that is drawn by lot is drawn from: samples, splits, participants."""
    language: Literal[1] = 1
    """The edition of the language that the spec is written in."""
    correct: Literal["holm", "none"] = "holm"
    """How claims outside any family are corrected for being several."""
    probe: Share = 0.0
    """The share of cells that are put to their model a second time, drawn by lot, to see how far it repeats itself."""
    budget: Budget = Budget()
    """Limits of a run; one that comes to a limit stops, and what it has asked is kept."""


class Price(Form):
    """What a provider bills for a million tokens."""

    input: Money
    """For a million tokens read."""
    output: Money
    """For a million tokens written."""


class Model(Form):
    """A model to be audited: its card, its weights or the provider it is asked through, and how it is reached."""

    weights: Annotated[Any, FromShelf("weights", called=True)] = None
    """Where the weights come from: a call such as `hf(…)`. A model has either `weights` or `api`, or neither if it is
    simulated."""
    adapter: Annotated[Any, FromShelf("weights", called=True)] = None
    """A trained adapter in the form of PEFT that is put on the weights: a call such as `hf(…)` or `folder(…)`."""
    api: Annotated[Any, FromShelf("backends", called=False)] = None
    """The provider that is asked: a body such as `openai { … }`."""
    backend: Annotated[Any, FromShelf("backends", called=False)] = None
    """What runs the weights, or simulates the model; for weights it is `transformers { }` when left out."""
    title: str = ""
    """What the report calls the model; its name when left out."""
    family: str = ""
    """The family that it belongs to; a judge should be of another one than those it judges. Required of a model with
    weights or an `api`."""
    origin: str = ""
    """Where it was made, in a word of yours. Required of a model with weights or an `api`."""
    stage: str = ""
    """How far it was trained: `base`, `instruct`. Required of a model with weights or an `api`."""
    quantisation: str = ""
    """The form that its weights were stored in."""
    price: Price | None = None
    """What the provider bills; a budget in money needs it."""


class Population(Form):
    """People of a country, the language they are asked in, and where they live."""

    country: str
    """The country by the name that the survey's reference gives it."""
    language: Annotated[str, LanguageWord()]
    """The language in which they are asked."""
    named: Annotated[dict[str, str], ByLanguage()] = Field(default_factory=dict)
    """What prompts call the country in each language; in English it is `country` when left out."""
    places: Annotated[Table, Columns(("place.*",))] | None = None
    """Where they live: a participant's place is drawn from it, by weight."""
    quotas: Annotated[Table, Columns(("group.*",))] | None = None
    """Groups of people with their weights: participants are shared out over them in proportion."""


class Persona(Form):
    """Whom the model is asked to be, as a template."""

    prompt: Annotated[dict[str, str], ByLanguage(or_text=True)]
    """The template. It holds text, variables such as `{{ country }}`, and `{% if %}`; which variables there are, the
    method says."""


class Split(Form):
    """Parts of a survey: by shares of its items, drawn by hash, where `by` keeps the shares in each group of items; or
    as a column of the items says."""

    train: Share = 0.0
    """The share of the items that trainings learn."""
    valid: Share = 0.0
    """The share that tells when to stop: `keep = lowest(valid)`."""
    test: Share = 0.0
    """The share that is kept for testing."""
    by: Literal["dimension", "scale", "source"] | None = None
    """What the items are grouped by; each group is split nearly alike."""
    column: Annotated[str, OwnWord("column")] | None = None
    """A column of the items that holds `train`, `valid` or `test`, or nothing for an item in none of them; it stands in
    the place of the shares."""

    @model_validator(mode="after")
    def _whole(self) -> Split:
        total = self.train + self.valid + self.test
        if self.column is not None:
            if total or self.by:
                raise ValueError("a split is by shares or by a column, and not by both")
            return self
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the parts of a split add up to {100 * total:.4g}%, and not to 100%")
        return self


class Survey(Form):
    """Items, how people answered them, and the parts that training and testing use."""

    items: Annotated[Any, Grid()]
    """The items. Columns: `id`, `scale` (`nominal`, `ordinal` or `interval`), and for each language `text.en` and
    `options.en` with `|` between the options; also `dimension`; `direction`, which end of the options is its high end
    (`first_high`, `last_high` or `none`); `source`; `reason`, which is for people and read by nothing. Items with the
    same `list` are one question to participants: `list.text.en` asks it, `list.label.en` is an item's words in it,
    `list.choose` says how many may be chosen (`1..5`); the first of an item's two options is that it is chosen."""
    reference: Annotated[Any, Grid()] = None
    """How people answered. Columns: `item`, `country`, `n` (how many people), `shares` with `|` between them, in the
    order of the options; also `n_status` (`counted` or `nominal`) and the columns named in `by`."""
    dimensions: Annotated[str, RefTo("framework")] | None = None
    """A framework whose values are the dimensions of the items: reports then name them and say what high and low mean,
    and an item of another dimension is a mistake."""
    split: Split | None = None
    """Parts of the survey, written `values.train`, `values.valid` and `values.test` in other blocks."""


class Framework(Form):
    """Values that are weighed against each other, with the source that lists them."""

    values: Annotated[Any, Grid()]
    """The values. Columns: `value`, a name that a spec can use; `name.en` and `description.en`, and so in each
    language; `source`, whose list it is."""


class Controls(Form):
    """Controls of a body that a claim may map to."""

    table: Annotated[Any, Grid()]
    """The controls. Columns: `framework`, `control`, `title`, `source`."""


class Asks(Form):
    """What every method's block says: what is asked of which models, as whom."""

    ask: Annotated[Any, ItemSet()]
    """The items that are asked."""
    of: Annotated[tuple[Annotated[str, RefTo("model")], ...], Len(1)]
    """The models that are asked."""
    as_: Annotated[tuple[Annotated[str, RefTo("population")], ...], Len(1)] = Field(alias="as")
    """The populations as whose people they are asked."""
    persona: Annotated[str, RefTo("persona")] | None = None
    """Whom the model is asked to be, in words of yours; the method has its own when left out."""


class Leads(Form):
    """What the block of a method that leads models through scenarios says."""

    scenarios: Annotated[Any, Grid()]
    """The scenarios. Columns: `scenario`, `step`, for each language `text.en`, and for each choice `choice.a.en` and,
    with a framework, `value.a`; also `source`."""
    of: Annotated[tuple[Annotated[str, RefTo("model")], ...], Len(1)]
    """The models that are led."""
    framework: Annotated[str, RefTo("framework")] | None = None
    """The values that the choices stand for."""
    language: Annotated[str, LanguageWord()] = "en"
    """The language in which the scenarios are told."""


class Reads(Form):
    """What the block of a method that gives models texts says."""

    texts: Annotated[Any, Grid()]
    """The texts. Columns: `id`, and for each language `text.en`; also `source`. A row without a text in the block's
    language is left out."""
    of: Annotated[tuple[Annotated[str, RefTo("model")], ...], Len(1)]
    """The models that are given them."""
    language: Annotated[str, LanguageWord()] = "en"
    """The language of the texts that are taken."""


class Lora(Body):
    """Low-rank adapters on the modules named."""

    word: ClassVar[str] = "lora"
    rank: Positive = 8
    """The rank of the matrices that are learnt."""
    alpha: Positive = 32
    """The weight of what is learnt; it counts as `alpha` ÷ `rank`."""
    dropout: Annotated[Share, Lt(1)] = 0.05
    """The share of inputs that is left out at random while training."""
    targets: Annotated[tuple[Annotated[str, OwnWord("module")], ...], Len(1)] = ("q_proj", "v_proj")
    """The modules of the network that get an adapter."""
    rslora: bool = False
    """Whether it counts as `alpha` ÷ √`rank` instead, which keeps large ranks from learning slowly (rsLoRA)."""
    dora: bool = False
    """Whether how large a change is and where it points are learnt apart (DoRA)."""


class Train(Form):
    """A training whose result is a model by the block's name."""

    from_: Annotated[str, RefTo("model")] = Field(alias="from")
    """The model that it begins with."""
    objective: Annotated[Any, FromShelf("objectives", called=False)]
    """What is optimised, and on which data."""
    as_: Annotated[tuple[Annotated[str, RefTo("population")], ...], Len(1)] | None = Field(alias="as", default=None)
    """The populations whose answers are learnt."""
    persona: Annotated[str, RefTo("persona")] | None = None
    """The words in which items are learnt, which should be those in which they are asked afterwards; when left out,
    those of a `first_token` block without a persona."""
    adapter: Lora | Literal["full"] = Lora()
    """What is trained: low-rank adapters, or all weights."""
    epochs: Positive = 5
    """How often every item is learnt."""
    batch: Positive = 16
    """Items in one step."""
    learning_rate: Annotated[float, Unit("number"), Gt(0), Lt(1)] = 0.0001
    """The size of the first steps."""
    decay: Annotated[float, Unit("share"), Gt(0), Le(1)] = 0.85
    """By how much the learning rate is multiplied after each epoch."""
    weight_decay: Annotated[float, Unit("number"), Ge(0), Lt(1)] = 0.0
    """By how much all that is trained is drawn towards zero."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """The numbers that are computed with."""
    gradient_checkpointing: bool = False
    """Whether states within the network are computed twice, for less memory."""
    patience: Annotated[int, Unit("count"), Ge(0)] = 0
    """Epochs without a lower loss on the part named in `keep` after which the training ends; 0 for never."""
    keep: Annotated[Any, Keep()] = "last"
    """Which state becomes the model: the last, or the one with the lowest loss on a part of the survey."""
    seed: Count | None = None
    """What is left to chance in the training is drawn from it: where an adapter begins, the order of the items, which
    inputs are left out, which answers are learnt. When left out, the audit's. The split of a survey is the audit's."""
    title: str = ""
    """What the report calls the model that results."""


class Family(Form):
    """Claims that are corrected together."""

    correct: Literal["holm", "none"] = "holm"
    """`holm` keeps the chance of even one false verdict in the family at the level; `none` corrects nothing."""


class Claim(Form):
    """A sentence that the findings bear out or do not."""

    says: str
    """The sentence, as the report prints it."""
    holds: Annotated[Any, Holds()]
    """The comparison that bears it out."""
    level: Annotated[Share, Gt(0.5), Lt(1)] = 0.95
    """How sure the verdict must be."""
    estimand: Literal["items_like_these", "these_items"] = "items_like_these"
    """What the claim is about: items like these, of which these are a sample, or these items alone."""
    family: Annotated[str, RefTo("family")] | None = None
    """The family in which it is corrected."""
    cluster: Annotated[tuple[Literal["item", "participant"], ...], Len(1)] | None = None
    """What observations share: said by the author, checked against what the method's answers share."""
    maps_to: tuple[str, ...] = ()
    """Provisions that the claim is evidence for, in your words; the report prints them."""


class Compare(Form):
    """A figure compared between groups of models: in pairs of groups, for each population. The report shows it; no
    claim comes of it."""

    figure: Annotated[Any, OneFigure()]
    """The metric of a block; an index fixes a population or a dimension: `citizens.kl[population = us]`."""
    by: Literal["family", "origin", "stage"]
    """What the models are grouped by: a key of their cards."""
    tests: Annotated[tuple[Literal["clustered", "welch", "pooled", "wilcoxon"], ...], Len(1)] = ("clustered",)
    """`clustered` takes the model for the unit, and needs five on each side. The others are tests that papers ran on
    values of models and items as if these were independent, and are marked as such."""
    level: Annotated[Share, Gt(0.5), Lt(1)] = 0.95
    """Of the intervals; those of several tests are corrected together."""


class Report(Form):
    """Which files a report is written into, in which languages."""

    formats: Annotated[tuple[Annotated[str, ReportWord()], ...], Len(1)]
    """The forms it is written in."""
    languages: Annotated[tuple[Annotated[str, LanguageWord()], ...], Len(1)] = ("en",)
    """The languages it is written in."""


class Test(Form):
    """Stand-ins for the spec's models, and how its claims must come out then: `expect { my_claim = holds }`."""

    says: str
    """What the test shows, in a sentence."""
    given: Annotated[Any, FromShelf("backends", called=False)] = None
    """One stand-in for every model. A block, `given { my_model = simulated { … } }`, gives each its own."""


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
    "compare": Compare,
    "report": Report,
    "test": Test,
}
"""The kinds of block that the language itself knows; `let` and those of NAMELESS and the methods' come beside them."""

ASKING: Final[dict[str, type[BaseModel]]] = {"survey": Asks, "scenarios": Leads, "texts": Reads}
"""What the block of a method says beside its parameters, by what the method asks."""

PROVIDES: Final = {"train": "model"}
"""Kinds whose name stands for something of another kind: a training is a model to whoever asks it."""

NAMELESS: Final = ("let", "lint")
"""The kinds of block that declare nothing of their own name."""

LIBRARY: Final = ("model", "population", "persona", "survey", "framework", "controls", *NAMELESS)
"""What a file that is imported may hold."""

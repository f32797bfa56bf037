"""The plan: stages in a graph, each with a compact description of its cells. The waist between compiler and runtime.

A plan is complete: it holds the items, the human shares, the wordings and the settings, so that it can be run and its
digest compared without the files it came from. A stage describes its cells by named axes; `runtime.cells` expands
them, and a million cells stay a few lines here. `origin` says which line of the spec asked; it is not in the digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from .canonical import digest
from .case import Case
from .framework import Framework
from .lists import Listed, ListWording
from .script import Scenarios, Script
from .values import Form, Money, Range, Scale

if TYPE_CHECKING:
    import networkx as nx


def _named(text: str) -> str:
    if all(part.isidentifier() for part in text.split(".")):
        return text
    raise ValueError("a name is made of letters, digits and `_`, with a dot after the alias of an import")


Name = Annotated[str, AfterValidator(_named)]
"""A name as a spec can give it; plans are shared, and what is none must not get far."""


Direction = Literal["", "first_high", "last_high", "none"]


class Origin(Form):
    """The place in a spec that asked for something; 1-based."""

    file: str
    line: int
    column: int


class Item(Form):
    """One survey item. `text` and `options` by language; options stand in the order of the human shares."""

    id: str
    scale: Scale
    dimension: str = ""
    direction: Direction = Field(default="", exclude_if=lambda direction: not direction)
    """Which end of the options speaks for the high end of the dimension; an item that does not say is written without
    the key."""
    source: str = ""
    text: dict[str, str]
    options: dict[str, tuple[str, ...]]
    listed: Listed | None = Field(default=None, exclude_if=lambda listed: listed is None)

    @property
    def size(self) -> int:
        """Number of options; equal in every language."""
        return len(next(iter(self.options.values())))

    @property
    def rises(self) -> int:
        """1 where the last option is the high end of the dimension, −1 where the first is, 0 where neither is. An item
        that does not say rises with its options, unless it is nominal: then it has no ends."""
        if self.direction:
            return {"last_high": 1, "first_high": -1, "none": 0}[self.direction]
        return 0 if self.scale == "nominal" else 1


class People(Form):
    """How people of one country answered one item: shares in the order of the options, from `n` persons.

    `nominal` when `n` is not the number who answered this item but what the survey declares for all of them.
    """

    n: int
    nominal: bool
    shares: tuple[float, ...]


class Group(Form):
    """A group of a country's people, by column of the reference (`sex`: `female`), and how it answered, by item id."""

    of: dict[str, str]
    people: dict[str, People]


class Survey(Form):
    """Items, and human shares by country and item id; `dimensions` names and describes those of the items, where the
    survey says so. In a plan, `groups` by country has those alone that a metric tells apart. A survey without groups or
    without named dimensions is written without the key."""

    items: tuple[Item, ...]
    people: dict[str, dict[str, People]]
    groups: dict[str, tuple[Group, ...]] = Field(default={}, exclude_if=lambda groups: not groups)
    dimensions: Framework | None = Field(default=None, exclude_if=lambda dimensions: dimensions is None)
    digests: dict[str, str]
    """Data files by path, sha256 each."""


class Place(Form):
    """Where a simulated participant lives: names by language, and the share of people there."""

    name: dict[str, str]
    weight: float


class Population(Form):
    """A country as the survey calls it, its names by language, the language it is asked in, its places, and its
    groups of people: participants are shared out over them in proportion to the weights."""

    country: str
    named: dict[str, str]
    language: str
    places: tuple[Place, ...] = ()
    groups: tuple[Place, ...] = ()


class Thing(Form):
    """A thing from a shelf with its parameters, as JSON."""

    kind: str
    params: dict[str, Any] = {}


class Price(Form):
    """What a provider bills for a million tokens."""

    input: Money
    output: Money


class Adapter(Thing):
    """A trained adapter that is put on a model's weights: where it comes from, and the pin that says which it is."""

    pin: str = ""


class Model(Form):
    """A model to be audited: its card, where its weights come from, and how it is reached. A model without an adapter
    is written without the key."""

    title: str
    family: str
    origin: str
    stage: str
    quantisation: str = ""
    weights: Thing | None
    pin: str = ""
    adapter: Adapter | None = Field(default=None, exclude_if=lambda adapter: adapter is None)
    backend: Thing
    like: str = ""
    """The survey whose human shares a simulated model answers from."""
    trained: str = ""
    """The stage that makes this model; empty for one that is there from the start."""
    price: Price | None = None

    def shares(self, other: Model) -> bool:
        """Whether both are the same weights, run alike: one of them can be made of the other while it is loaded."""
        mine, theirs = ((one.weights, one.pin, one.backend, one.trained) for one in (self, other))
        return self.weights is not None and mine == theirs


class Wording(Form):
    """How one item is asked in one language: a sandboxed template, and the words the answer begins with.

    Variables: `country`, `place`, `question`, `options` (a list of `label` and `text`), `count`; for a judge also
    `answer` and `asks`, and for a second reader `neither` (a `label` and a `text`).
    """

    text: str
    opening: str = ""


class Condition(Form):
    """`asked` names the population's own country; a control names, item by item, one drawn from `countries`."""

    name: str = "asked"
    countries: tuple[dict[str, str], ...] = ()


class _Stage(Form):
    name: str
    needs: tuple[str, ...] = ()
    origin: Origin


class Questioning(_Stage):
    """What stages that ask a model have in common. Items of `survey` are asked of `populations`, in a language each."""

    block: str
    """The block of the spec, as claims and findings call it."""
    method: str
    model: str
    survey: str
    populations: tuple[str, ...]
    language: dict[str, str]
    items: tuple[str, ...]
    wording: dict[str, Wording]
    labels: Literal["letters", "numbers"]
    seed: int


class Score(Questioning):
    """First-token probabilities. Axes: population, condition, item, order (cyclic rotations of the options, at most
    `orders`, never more than the item has options; the first is the survey's own order)."""

    kind: Literal["score"] = "score"
    conditions: tuple[Condition, ...] = (Condition(),)
    orders: int
    low_mass: float
    """A cell whose options hold less of the probability than this counts as unparsable."""


class Converse(Questioning):
    """Simulated participants who answer the items one after the other. Axes: population, draw, turn (an item, or the
    items of a list together, where `lists` says how they are asked; `scales` says how numbered scales are).

    A draw's place, memory length, beams and sampling are drawn by hash of seed, population and draw index; a turn
    remembers at most `memory` earlier turns that had a parsed answer. `condition` names the stage in findings.
    """

    kind: Literal["converse"] = "converse"
    condition: str = "asked"
    draws: int
    told: bool = Field(default=True, exclude_if=lambda told: told)
    """Whether participants have a place and a group, and the model is told of them; a stage in which they do is written
    without the key."""
    memory: Range
    beams: Range
    sampling: tuple[bool, ...]
    item_order: Literal["fixed", "shuffled", "blocked"]
    max_new_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    stop: tuple[str, ...] = ()
    lists: dict[str, ListWording] = Field(default={}, exclude_if=lambda lists: not lists)
    scales: dict[str, Wording] = Field(default={}, exclude_if=lambda scales: not scales)


class Predict(Questioning):
    """Nothing is asked: the model is given texts as they stand, and says how likely it holds each token after those
    before it. `items` of `survey` are the texts, without options; the one population stands for all of them and says
    their language. Axes: item."""

    kind: Literal["predict"] = "predict"
    wording: dict[str, Wording] = Field(default={}, exclude_if=lambda wording: not wording)
    labels: Literal["letters", "numbers"] = Field(default="letters", exclude=True)


class Assess(_Stage):
    """A model, the judge, reads texts that the stages `of` brought, and cases that people judged. Axes: answer (a share
    `sample` of them, by hash of seed, country, draw and item), question; then case, each with its own question.

    `wording` by language shows a text; `questions` by name, in each language, are what is asked about it, and are
    called `axis` in findings; `options` by language are what the judge may say, the first that it is so.

    A second reader is such a model too: it `picks` an option. All answers of which the parser of `of` made nothing are
    put to it, and no others; what it may say are the options that were shown, and then the one in `options`: none.
    """

    kind: Literal["assess"] = "assess"
    block: str
    model: str
    of: tuple[str, ...]
    sample: float
    wording: dict[str, Wording]
    axis: str
    questions: dict[str, dict[str, str]]
    options: dict[str, tuple[str, ...]]
    labels: Literal["letters", "numbers"]
    picks: bool = Field(default=False, exclude_if=lambda picks: not picks)
    """Whether this is a second reading; a judge is written without the key."""
    cases: tuple[Case, ...] = ()
    max_new_tokens: int
    seed: int


class Escalate(_Stage):
    """A model is led through the steps of each scenario, and chooses at each. Axes: scenario, order (the choices as
    they are given, and reversed), step."""

    kind: Literal["escalate"] = "escalate"
    block: str
    method: str
    model: str
    scenarios: str
    framework: str = ""
    language: str
    script: Script
    orders: Literal["both", "given"]
    max_new_tokens: int
    seed: int


class Train(_Stage):
    """Makes the model `model` out of `base`. Where the objective learns how people answer, `items` of `survey` are
    learnt as people of `populations` answer them, and `valid` may decide which epoch is kept; `asks` says in which
    words both are asked, which are those of a first_token block. Where it learns written texts, these are in its
    parameters."""

    kind: Literal["train"] = "train"
    model: str
    base: str
    objective: Thing
    adapter: Thing
    survey: str
    items: tuple[str, ...]
    valid: tuple[str, ...]
    populations: tuple[str, ...]
    asks: Score | None = None
    epochs: int
    batch: int
    learning_rate: float
    decay: float
    weight_decay: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    gradient_checkpointing: bool = False
    patience: int = 0
    """Epochs without a lower loss on `valid` after which a training ends early; 0 for never."""
    keep: Literal["lowest", "last"]
    seed: int

    @property
    def block(self) -> str:
        """The block of the spec: it is called as what it makes."""
        return self.model


class Measure(_Stage):
    """A metric over the answers of the stages in `needs`."""

    kind: Literal["measure"] = "measure"
    block: str
    metric: str
    params: dict[str, Any] = {}


Correction = Literal["holm", "none"]


class Number(Form):
    node: Literal["number"] = "number"
    value: float


class Figure(Form):
    """A metric's figure: the measure's name, and the axes it is fixed at: model, population, condition, dimension, and
    those of the metric's parts."""

    node: Literal["figure"] = "figure"
    measure: str
    at: dict[str, str] = {}


class Arithmetic(Form):
    node: Literal["arithmetic"] = "arithmetic"
    operator: Literal["+", "-", "*", "/"]
    left: Term
    right: Term


class Mean(Form):
    """The mean over all values of the axes in `over`."""

    node: Literal["mean"] = "mean"
    of: Term
    over: tuple[str, ...]


Term = Annotated[Number | Figure | Arithmetic | Mean, Field(discriminator="node")]


class Comparison(Form):
    """`left operator right` for each combination of the axes in `each`; every combination must hold."""

    left: Term
    operator: Literal["<", "<=", ">", ">="]
    right: Term
    each: tuple[str, ...] = ()


class Judge(_Stage):
    """A claim, decided by intervals: holds, fails or undecided."""

    kind: Literal["judge"] = "judge"
    claim: str
    says: str
    holds: Comparison
    text: str
    """`holds` as the author wrote it."""
    level: float
    estimand: Literal["items like these", "these items"]
    family: str = ""
    """Claims of one family are corrected together; the empty name is the audit's own family."""
    maps_to: tuple[str, ...] = ()


class Compare(_Stage):
    """A figure between groups of models: in pairs of groups, for each population. No verdict comes of it.

    `groups` are the models by what stands on their cards under `by`; `confounded` names, for a pair `left / right` of
    groups in alphabetical order, the other columns in which they differ throughout.
    """

    kind: Literal["compare"] = "compare"
    compare: str
    figure: Figure
    by: Literal["family", "origin", "stage"]
    groups: dict[str, tuple[str, ...]]
    confounded: dict[str, tuple[str, ...]] = {}
    tests: tuple[Literal["clustered", "welch", "pooled", "wilcoxon"], ...]
    level: float


class Render(_Stage):
    """A report out of the findings."""

    kind: Literal["render"] = "render"
    formats: tuple[str, ...]
    languages: tuple[str, ...]


Answered = Score | Converse | Predict
"""Stages that put the items of a survey to a model."""
Asked = Answered | Assess
"""Stages that ask a model, cell by cell."""
Made = Answered | Escalate
"""Stages that a method makes."""
Stage = Annotated[Asked | Escalate | Train | Measure | Judge | Compare | Render, Field(discriminator="kind")]


class Budget(Form):
    """Limits of a run; None is no limit. A run that meets one stops cleanly and says what is missing."""

    tokens: int | None = None
    seconds: float | None = None
    cells: int | None = None
    money: Money | None = None


class Plan(Form):
    """Stages in an order in which each follows all that it needs."""

    format: Literal["auditc.plan.v1"] = "auditc.plan.v1"
    name: str
    title: str
    version: str
    seed: int
    correct: Correction = "holm"
    families: dict[str, Correction] = {}
    """How the claims of each named family are corrected; `correct` holds for the others."""
    budget: Budget = Budget()
    probe: float = Field(default=0.0, exclude_if=lambda share: not share)
    """The share of cells that are put to their model a second time, to see how far it repeats itself; a plan without a
    probe is written without the key."""
    models: dict[Name, Model]
    populations: dict[str, Population]
    surveys: dict[str, Survey]
    scenarios: dict[str, Scenarios] = {}
    frameworks: dict[str, Framework] = {}
    stages: tuple[Stage, ...]

    @property
    def digest(self) -> str:
        """sha256 of everything but origins: moving or reformatting a block leaves it as it is."""
        content = self.model_dump(mode="json")
        for stage in content["stages"]:
            del stage["origin"]
            if stage.get("asks"):
                del stage["asks"]["origin"]
        return digest(content)

    def stage(self, name: str) -> Stage:
        """Raises KeyError when there is none of that name."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def graph(self) -> nx.DiGraph[str]:
        """The execution graph: one node for each stage, an edge from each stage to those that need it."""
        import networkx as nx  # noqa: PLC0415  (checking a spec draws no graph, and must stay quick)

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from((stage.name, {"stage": stage}) for stage in self.stages)
        graph.add_edges_from((need, stage.name) for stage in self.stages for need in stage.needs)
        return graph

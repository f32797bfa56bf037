"""Findings: estimates with their uncertainty, and claims with their verdicts; the machine-readable outcome of a run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .plan import Origin
from .values import Form

Verdict = Literal["holds", "fails", "undecided"]

TRUST = ("option_mass", "written_agreement", "answer_rate", "position_bias")
"""Metrics that say how far the answers are the model's own; a reader needs them before all others."""


class N(Form):
    """What an estimate rests on: items with a value, distinct participants (None where probabilities are exact),
    answers used, and the smallest number of people behind an item's human shares (None without people)."""

    items: int
    draws: int | None
    answers: int
    people: int | None
    people_nominal: bool = False


class Missing(Form):
    """Answers to items that are missing, by reason (of a list that is refused, one for each of its items), and items
    for which no value could be computed."""

    refused: int
    unparsable: int
    failed: int
    not_run: int
    items: int


class Floor(Form):
    """What people themselves would score: mean and central 95 % of simulated samples. Shown, never subtracted."""

    estimate: float
    low: float
    high: float
    procedure: str


class Finding(Form):
    """One estimate, or one part of a claim. Numbers that could not be estimated are null, and `notes` say why."""

    id: str
    claim: str | None = None
    metric: str
    block: str
    method: str
    model: str
    population: str
    condition: str
    axes: dict[str, str] = {}
    """Further axes that this finding is fixed at, such as `dimension`; empty for the whole survey."""
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    procedure: str
    estimand: Literal["items like these", "these items"]
    unit: str
    better: Literal["higher", "lower", "neither"]
    n: N
    missing: Missing
    floor: Floor | None = None
    lines: dict[str, float] = {}
    """Figures to read the estimate by, in the same unit: `uniform`, `people of cn`, `split half of people`."""
    interpretable: bool = True
    """False when too few cells were answered for the figure to stand for the model, or when nobody knows how often the
    judge errs who said it."""
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()
    origin: Origin


class ClaimOutcome(Form):
    """A claim: its words, its test, and the verdict out of its parts (ids of findings)."""

    claim: str
    says: str
    holds: str
    level: float
    correct: str
    estimand: str
    verdict: Verdict
    why: str
    parts: tuple[str, ...]
    maps_to: tuple[str, ...]
    origin: Origin


class TallyRow(Form):
    """Counts of one stage for one population and condition: asked = answered + refused + unparsable + failed."""

    stage: str
    block: str
    model: str
    population: str
    condition: str
    planned: int
    asked: int
    answered: int
    refused: int
    unparsable: int
    failed: int
    not_run: int
    too_long: int = Field(default=0, exclude_if=lambda count: not count)
    """Of those that failed, how many prompts did not fit into the model's window."""
    reread: int = Field(default=0, exclude_if=lambda count: not count)
    """Of those that were answered, how many a model read, because the parser could not."""


class Share(Form):
    """`count` of a whole, as a share with its interval."""

    count: int
    estimate: float
    low: float
    high: float


class Shift(Form):
    """How far numbers moved between two answers: the median over cells, and the largest."""

    median: float
    largest: float


class ProbeRow(Form):
    """How far a model repeated itself in one stage: `cells` were put to it twice, in the same words and with the same
    seeds, and were answered both times. Null where there is none."""

    stage: str
    block: str
    model: str
    kind: Literal["score", "converse", "assess"]
    engine: str
    dtype: str
    """Empty where the engine has none."""
    chosen: int
    """Cells with a first answer that were drawn by lot."""
    failed: int
    """Of these, how many brought no second answer."""
    not_run: int
    cells: int
    answers: Share | None
    """Answers that differ in any bit: texts, or log-probabilities."""
    readings: Share | None
    """Answers that are read otherwise: another option, or none; of probabilities, another option is the likeliest. It
    is on readings that figures rest."""
    logprob: Shift | None
    """Of each cell the option whose log-probability moved most; null for texts."""
    probability: Shift | None
    """The same of probabilities, normalised over the options as figures are made of them."""
    level: float
    procedure: str
    differing: tuple[str, ...] = ()
    """Keys of cells that are read otherwise, at most 20, as `auditc show RUN CELL` takes them."""


class Ellipse(Form):
    """A confidence region: half its length along its longer and its shorter axis, in units of the map, and the angle
    of the longer one against the first component, in radians."""

    long: float
    short: float
    angle: float


class MapPlace(Form):
    """A place on a culture map: a model asked as a population, or (`model` empty) the people of a population.

    `scores` are mean scores by value dimension, 0 to 1; `at` the two components. Without an ellipse the uncertainty
    of the place could not be measured, and `notes` say why.
    """

    model: str
    population: str
    condition: str
    scores: dict[str, float]
    at: tuple[float, float]
    ellipse: Ellipse | None
    notes: tuple[str, ...] = ()


class CultureMap(Form):
    """Models and peoples by the two principal components of their mean scores. Components are of all places together:
    a place depends on who else is on the map. `loadings` by dimension, `explained` shares of the variance."""

    measure: str
    block: str
    loadings: dict[str, tuple[float, float]]
    explained: tuple[float, float]
    places: tuple[MapPlace, ...]
    level: float
    procedure: str
    notes: tuple[str, ...] = ()
    origin: Origin


class Contrast(Form):
    """One comparison of a figure between groups of models, between two conditions of one model, or of what a training
    made with what it was made of.

    `of` says what is compared: `ablation`, `control` or `reading` (a condition against what was asked, in pairs of
    items; a control is asked within the same stage, a reading is of the same answers), `training` (a trained model
    against what it was made of), `beyond` (that difference as asked, against the same under the control in `axes`),
    `trainings` (two models trained from the same root), or a column of the models' cards (`family`, `origin`,
    `stage`). `left` − `right` is the estimate. `test` is what was computed, and nothing else is
    printed as having been; `published` marks a test that is here because a paper used it, whose assumptions do not
    hold. Null where it could not be computed, and `notes` say why.
    """

    id: str
    of: str
    left: str
    right: str
    metric: str
    block: str
    model: str = ""
    """Of an ablation; empty where groups of models are compared."""
    population: str
    over: tuple[str, ...] = ()
    """The populations of whose differences it is the mean; nothing where it is of one, or of a figure over all."""
    axes: dict[str, str] = {}
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    statistic: float | None
    freedom: float | None
    p: float | None
    """Two-sided."""
    adjusted: float | None = None
    """p after Holm's correction over the tests of one comparison; null where there is one alone. The interval is at the
    corrected level then, which `level` says."""
    test: str
    published: bool = False
    unit: str
    n: dict[str, int]
    """How many `items`, `models` on each side (`left`, `right`), `values`; of trained models how many of the items were
    `learnt` as these people answer them, as `others` do, or decided which state was kept (`valid`); of what is left
    `beyond` a control also for how many of them it `named` people whom the training had learnt from."""
    notes: tuple[str, ...] = ()
    origin: Origin


class ModelRow(Form):
    """What answered: the card of the spec, the weights' digest and the identity of the engine."""

    name: str
    title: str
    family: str
    origin: str
    stage: str
    quantisation: str
    licence: str
    weights: str
    identity: dict[str, str | int | float | bool]
    reported: dict[str, int] = Field(default={}, exclude_if=lambda reported: not reported)
    """Of a hosted model: what its server said of who answered, and how many of the answers said so."""
    answered: tuple[str, ...] = Field(default=(), exclude_if=lambda answered: not answered)
    """Of a hosted model: when the first and the last of its answers were taken in, in UTC."""
    lineage: tuple[str, ...] = Field(default=(), exclude_if=lambda lineage: not lineage)
    """Of a model that was trained here: digests of the weights and adapters that it came from, the first ones first."""


class CurvePoint(Form):
    """A point of a training's curve: `loss` of the batches since the last such point, or at an epoch's end `mean`, over
    all that is learnt in it, and `valid`, on the valid part."""

    step: int
    epoch: float
    loss: float | None = None
    mean: float | None = Field(default=None, exclude_if=lambda mean: mean is None)
    valid: float | None = None


class TrainingRow(Form):
    """A training: what was made of what, on which data, how, and how it went. `weights` is the digest of what came of
    it, `recipe` of all that went into it, `data` of what was learnt."""

    stage: str
    model: str
    base: str
    objective: dict[str, Any]
    adapter: dict[str, Any]
    settings: dict[str, Any]
    survey: str
    populations: tuple[str, ...]
    examples: int
    valid: int
    parameters: int
    trainable: int
    recipe: str
    data: str
    lineage: tuple[str, ...]
    """Digests of the weights that it came from: the first are those that were there from the start."""
    weights: str
    versions: dict[str, str]
    curve: tuple[CurvePoint, ...]
    kept: int
    """The step whose state was kept."""
    stopped: str = ""
    """Why it ended before its last epoch; empty where it did not."""
    left_out: int = 0
    """Rows of written texts that teach nothing, and were not learnt."""
    origin: Origin


class Findings(Form):
    """findings.json. The same answers give the same bytes: no clock, no run, no path, no machine in it."""

    format: Literal["auditc.findings.v1"] = "auditc.findings.v1"
    audit: str
    title: str
    version: str
    plan: str
    data: dict[str, str]
    complete: bool
    """False when planned cells were not run."""
    models: tuple[ModelRow, ...]
    tallies: tuple[TallyRow, ...]
    findings: tuple[Finding, ...]
    claims: tuple[ClaimOutcome, ...]
    probes: tuple[ProbeRow, ...] = ()
    """Empty when nothing was probed: then nothing is known of how far the models repeat themselves."""
    maps: tuple[CultureMap, ...] = Field(default=(), exclude_if=lambda maps: not maps)
    contrasts: tuple[Contrast, ...] = Field(default=(), exclude_if=lambda contrasts: not contrasts)
    trainings: tuple[TrainingRow, ...] = Field(default=(), exclude_if=lambda trainings: not trainings)


class ItemRow(Form):
    """One item's answers behind the findings: the way from a figure back to the stored cells.

    `model_shares` are shares of the answers (or exact probabilities, averaged over orders); `cells` the keys of the
    stored answers, as `auditc show RUN CELL` takes them.
    """

    block: str
    model: str
    population: str
    condition: str
    item: str
    model_shares: tuple[float, ...] | None
    people_shares: tuple[float, ...] | None
    people_n: int | None
    people_nominal: bool
    answered: int
    asked: int
    values: dict[str, float | None]
    cells: tuple[str, ...]


class Spent(Form):
    """What a run took: tokens that were read and written, and what they cost by currency, for models with a price."""

    tokens_in: int = 0
    tokens_out: int = 0
    money: dict[str, float] = {}


class RunRecord(Form):
    """What happened when: everything about a run that is not a finding."""

    run: str
    plan: str
    started: str
    seconds: float
    cells: dict[str, int]
    """`planned` = `reused` + `asked` + `not_run`, and `asked` = `answered` + `refused` + `unparsable` + `failed`. Of
    those `reused`, `shared` were asked with another cell of the run that asks the same; the rest had their answer in
    the store. A record from before these were told apart has no `shared`."""
    stages: tuple[dict[str, Any], ...]
    provenance: dict[str, Any]
    stopped: str = ""
    """Why the run ended before all planned cells were asked; empty when it did not."""
    spent: Spent = Spent()
    seed: int | None = None
    """The plan's; None in a record from before it was kept. Each stage has its own."""
    probe: dict[str, int] = {}
    """Second answers, beside `cells`: `cells` = `reused` + `asked` + `not_run`, and `failed` of those asked; empty
    where the plan has no probe."""

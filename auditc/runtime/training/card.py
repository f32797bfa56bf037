"""The card of a trained model: what it came from and how, for programs in `card.json`, and for people as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from auditc.diagnostics.cells import clean
from auditc.ir import spelt
from auditc.ir.canonical import digest
from auditc.ir.finding import CurvePoint, TrainingRow
from auditc.ir.plan import Plan, Train
from auditc.ir.training import Point, Progress, Settings, judged
from auditc.ir.values import Form

from .examples import left_out

POINTS = 200
"""Points of a curve that findings hold at most, beside those at the end of an epoch."""


class Card(Form):
    """What came of a training, and all that went into it. Names of the spec are not in it: the same recipe under other
    names is the same training."""

    format: Literal["auditc.trained.v1", "auditc.trained.v2"] = "auditc.trained.v2"
    """Of the first form, the losses of single steps and the means over epochs are not there."""
    recipe: str
    inputs: dict[str, Any]
    """All that decided how it came out; the recipe is its digest."""
    lineage: tuple[str, ...]
    """Digests of the weights and adapters that it came from, those first that were there from the start."""
    licence: str
    examples: int
    valid: int
    parameters: int
    trainable: int
    versions: dict[str, str]
    curve: tuple[Progress, ...]
    losses: tuple[float, ...] = Field(default=(), exclude_if=lambda losses: not losses)
    """Of each step's own batch."""
    kept: int
    stopped: str = ""
    form: Literal["adapter", "weights"]
    """Whether it is put on the weights that it came from, or is a whole model."""
    weights: str
    """The digest under which it answers."""
    tensors: str
    """The digest of its safetensors."""
    files: dict[str, str]
    """sha256 of every other file, by name."""
    made: str
    """When, in UTC."""
    seconds: float
    auditc: str
    digest: str = ""
    """Of all the rest; written last."""

    def sealed(self) -> Card:
        """With its digest."""
        rest = self.model_dump_json(exclude={"digest"})
        return self.model_copy(update={"digest": digest(json.loads(rest))})

    @property
    def data(self) -> str:
        """The digest of what was learnt."""
        return str(self.inputs["data"])

    @property
    def settings(self) -> Settings:
        """How the training went about it."""
        return Settings.model_validate(self.inputs["settings"])

    @property
    def done(self) -> int:
        """How many steps were done: fewer than there are where it ended early."""
        return max((point.step for point in self.curve), default=0)

    @property
    def steps(self) -> int:
        """How many steps the whole training had."""
        return max((point.steps for point in self.curve), default=0)


def row(plan: Plan, stage: Train, card: Card) -> TrainingRow:
    """A training as findings say it: no clock in it, and no place."""
    return TrainingRow(
        stage=stage.name,
        model=stage.model,
        base=stage.base,
        objective=stage.objective.model_dump(mode="json") | {"params": _brief(stage.objective.params)},
        adapter=stage.adapter.model_dump(mode="json"),
        settings=card.settings.model_dump(mode="json", exclude={"adapter"}),
        survey=stage.survey,
        populations=stage.populations,
        examples=card.examples,
        valid=card.valid,
        parameters=card.parameters,
        trainable=card.trainable,
        recipe=card.recipe,
        data=card.data,
        lineage=card.lineage,
        weights=card.weights,
        versions=card.versions,
        curve=tuple(_thinned(card.curve)),
        kept=card.kept,
        stopped=card.stopped,
        left_out=left_out(stage),
        origin=stage.origin,
    )


def _brief(params: dict[str, Any]) -> dict[str, Any]:
    """Without the rows of written texts: their digest tells which they are."""
    return {
        name: {key: part for key, part in given.items() if key != "rows"} if isinstance(given, dict) else given
        for name, given in params.items()
    }


def _thinned(curve: tuple[Progress, ...]) -> Iterator[CurvePoint]:
    every = max(1, -(-len(curve) // POINTS))
    for number, point in enumerate(curve):
        if number % every == 0 or point.loss is None or number == len(curve) - 1:
            told = point.model_dump(exclude={"steps"})
            yield CurvePoint(**told)


def readme(card: Card, named: TrainingRow | None = None) -> str:
    """The model card, for people. `named` is the training as the findings of an audit say it: the same result may have
    other names in another, so without it there are none. Nothing in it moves a terminal's cursor."""
    full = card.settings.adapter.kind == "full"
    how = "all weights were trained" if full else f"{card.trainable:,} numbers were trained"
    how += ", and added to the weights" if card.form == "weights" and not full else ""
    learnt = f"{card.examples:,} examples"
    if named is not None and named.survey:
        learnt += f" of `{named.survey}`, as people of {', '.join(named.populations)} answer it"
    if named is not None and named.left_out:
        learnt += f", beside {named.left_out:,} that teach nothing and were left out"
    lines = [
        f"# {named.model}" if named else "# A model trained by auditc",
        "",
        f"Made{f' of `{named.base}`' if named else ''} by auditc {card.auditc} with the objective"
        f" `{card.inputs['objective']}`; {how}, of"
        f" {card.parameters:,}.",
        "",
        f"- What it learnt: {learnt} (digest {card.data}).",
        f"- What decided: {card.valid:,} further examples." if card.valid else "- No further examples decided.",
        f"- What it came from: {' → '.join(card.lineage)}.",
        f"- What it is: {card.weights}" + (", to be put on the first of these." if card.form == "adapter" else "."),
        f"- To name it in another spec: `{'adapter' if card.form == 'adapter' else 'weights'} ="
        f' folder("…/model", sha256 = "{card.tensors}")`, with this folder copied to where that spec runs.',
        f"- Settings: {_settings(card.settings)}.",
        f"- Kept: the state after step {card.kept:,} of {card.steps:,}"
        + (f"; ended early: {card.stopped}." if card.stopped else "."),
        *_losses(card),
        f"- Libraries: {', '.join(f'{name} {version}' for name, version in card.versions.items())}.",
        f"- Licence: that of what it came from ({card.licence or 'not stated'}).",
        f"- Made {card.made}, in {card.seconds:,.0f} s. Recipe {card.recipe}.",
        "",
        "It was trained to be audited. That its answers are nearer to some people's says nothing of what else it does;",
        "what the training cost stands in the report of the audit.",
        "",
    ]
    return "\n".join(map(clean, lines))


def _settings(settings: Settings) -> str:
    """As the spec writes them, so that a reader finds them there."""
    return ", ".join(f"`{key} = {text}`" for key, text in spelt.settings(settings.model_dump(mode="json")))


def _losses(card: Card) -> Iterator[str]:
    found = judged(card.curve, card.kept)
    means = [point.mean for point in card.curve if point.mean is not None]
    if len(means) > 1:
        yield f"- Loss on what it learnt: {means[0]:.4g} over its first epoch, {means[-1]:.4g} over its last."
    elif found.first is not None and found.last is not None:
        yield f"- Loss on what it learnt: {found.first:.4g} in its first steps, {found.last:.4g} in its last."
    if found.before is not None and found.kept is not None:
        yield f"- Loss on what decided: {found.before:.4g} before, {found.kept:.4g} of the state that was kept."
    for caution in cautions(card.curve, card.kept):
        yield f"- **{caution[0].upper()}{caution[1:]}.**"


def cautions(curve: Sequence[Point], kept: int) -> tuple[str, ...]:
    """Why nobody should take it for granted that a training did any good: sentences, without their stops. None where
    the loss that decides went down."""
    found, said = judged(curve, kept), []
    if found.worse and found.before is not None and found.kept is not None:
        worse = f"the loss that decides is no lower than before the training: {found.kept:.4g}, and {found.before:.4g}"
        worse += " before"
        if found.lowest is not None and found.lowest[0] == kept:
            worse += f"; step {kept:,}, which was kept, is the lowest of its epochs, for the model as it was"
            worse += " before is never kept"
        elif found.passed is not None:
            step, loss = found.passed
            worse += f"; after step {step:,} it was {loss:.4g}: `keep = lowest(valid)` keeps that state"
        said.append(worse)
    if found.grew:
        ends = f"{found.untouched:.4g} in the first step, {found.last:.4g} in the last ones"
        said.append(f"the loss on what it learns grew and never came back: {ends}; a smaller `learning_rate` may help")
    elif found.worse and not said:
        ends = f"{found.first:.4g} in its first steps, {found.last:.4g} in its last"
        said.append(f"the loss on what it learns is higher at the end than at the beginning: {ends}")
    return tuple(said)

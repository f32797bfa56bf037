"""What an author should know of a block that asks models which the same spec trains: whether it asks in the words in
which they learnt, whether items are only other words for what they learnt, and whether a control would tell what they
have learnt, and does not itself ask what they learnt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from auditc.diagnostics import Label, Span
from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Converse, Item, Score, Train
from auditc.metrics import metrics

from .alike import alike
from .declarations import Split
from .itemsets import Asked
from .lineage import Lineage, called_plainly, trained_here
from .mistakes import Poison, listing, report
from .scope import Scope
from .sound import Asking, controls
from .surveys import CheckedSurvey

SHOWN: Final = 3
"""Pairs of items that a diagnostic names."""


def warn_of_training(
    use: SurveyUse, asked: Asked, stages: Iterable[Score | Converse], asking: Asking, lineage: Lineage
) -> None:
    """Warn where a block's figures of a trained model may not be what they seem."""
    _other_words(use, [stage for stage in stages if isinstance(stage, Score)], asking, lineage)
    _same_in_other_words(use, asked, asking, lineage)
    _uncontrolled(use, asking, lineage)
    _learnt_by_the_control(use, asked, asking, lineage)


def warn_of_alike(valid: Sequence[Item], learnt: Sequence[Item], split: Split, at: Span, scope: Scope) -> None:
    """Warn where items that decide which state is kept may be those that are learnt, in other words."""
    pairs = alike(valid, learnt)
    if pairs:
        _told(pairs, len(valid), "that are learnt", split, at, (), scope)


def _other_words(use: SurveyUse, stages: Sequence[Score], asking: Asking, lineage: Lineage) -> None:
    """One warning for a block: the first of its models that learnt in other words."""
    for index, model in enumerate(use.models):
        learnt = next((stage for stage in lineage.of(model) if stage.asks is not None), None)
        mine = next((stage for stage in stages if stage.model == model), None)
        if learnt is None or learnt.asks is None or mine is None:
            continue
        both = sorted(mine.wording.keys() & learnt.asks.wording.keys())
        if any(mine.wording[tongue] != learnt.asks.wording[tongue] for tongue in both):
            at = asking.filled.place("persona") if "persona" in asking.filled.places else asking.entry("of", index)
            label = f"`{model}` learnt in other words than these"
            remedy = "Give the block and the training the same `persona`, or neither of them one."
            related = trained_here(learnt, asking.scope)
            report(asking.scope.sink, "AC490", at, label, remedy=remedy, related=related)
            return


def _same_in_other_words(use: SurveyUse, asked: Asked, asking: Asking, lineage: Lineage) -> None:
    """One warning for each training, however many models come of it."""
    told: set[str] = set()
    for index, model in enumerate(use.models):
        for stage in lineage.of(model):
            checked = lineage.bound.surveys.get(stage.survey)
            known = isinstance(checked, CheckedSurvey) and lineage.same(use.populations, stage, use.survey)
            if not known or stage.name in told or not isinstance(checked, CheckedSurvey):
                continue
            told |= {made.name for made in _of_the_same(stage, lineage)}
            ids = {*stage.items, *stage.valid}
            pairs = alike(asked.items, [item for item in checked.survey.items if item.id in ids])
            if pairs:
                related, whose = trained_here(stage, asking.scope), f"that `{stage.model}` learnt"
                _told(pairs, len(asked.items), whose, checked.split, asking.entry("of", index), related, asking.scope)


def _of_the_same(stage: Train, lineage: Lineage) -> Iterator[Train]:
    """All trainings that learn these items, this one among them."""
    for made in lineage.made.values():
        if not isinstance(made, Poison) and (made.survey, made.items, made.valid) == _learnt(stage):
            yield made


def _learnt(stage: Train) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return stage.survey, stage.items, stage.valid


def _told(
    pairs: Sequence[tuple[str, str]],
    of: int,
    whose: str,
    split: Split | None,
    at: Span,
    related: tuple[Label, ...],
    scope: Scope,
) -> None:
    shown = ", ".join(f"`{mine}` is like `{its}`" for mine, its in pairs[:SHOWN])
    more = f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
    label = f"{len(pairs)} of {of} items are like items {whose}: {shown}{more}"
    by = "`split { column = part }`"
    if split is not None and split.column is not None:
        by = f"in the column `{split.column}`, by which they are split"
    remedy = f"Where two are one question in other words, put both into one part: {by}."
    report(scope.sink, "AC491", at, label, remedy=remedy, related=related)


def _uncontrolled(use: SurveyUse, asking: Asking, lineage: Lineage) -> None:
    """One warning for a block that could have a control and has none, where a model has learnt how people answer."""
    if not _could_have(use.params) or not any(metrics.take(metric.metric).needs_people for metric in use.metrics):
        return
    for index, model in enumerate(use.models):
        learnt = next((stage for stage in lineage.of(model) if stage.asks is not None), None)
        if learnt is not None:
            label = f"whether `{model}` learnt of the country, or of people anywhere, will not show"
            remedy = 'Add `control = shuffled_countries { among = csv("countries.csv") }`.'
            related = trained_here(learnt, asking.scope)
            report(asking.scope.sink, "AC492", asking.entry("of", index), label, remedy=remedy, related=related)
            return


def _could_have(params: Any) -> bool:
    return "control" in type(params).model_fields and params.control is None


def _learnt_by_the_control(use: SurveyUse, asked: Asked, asking: Asking, lineage: Lineage) -> None:
    """One warning for each control that names people whose answers to what is asked a model has learnt."""
    for key, table in controls(use.params):
        columns = [table.column(name) for name in table.columns if name.startswith("name.")]
        for index, model in enumerate(use.models):
            found = {
                names[0]: stage
                for stage in lineage.of(model)
                if lineage.among(asked.items, stage, stage.items)
                for names in zip(*columns, strict=True)
                if lineage.learnt(stage) & set(map(called_plainly, names))
            }
            if found:
                last = next(iter(found.values()))
                both = len(lineage.among(asked.items, last, last.items))
                label = f"it may name {listing(found)}, of whom `{model}` learnt {both} of the {len(asked.items)} items"
                remedy = f"Give this block a list without {listing(found)}: there the control asks what was trained."
                related = (Label(asking.entry("of", index), "asked here"), *trained_here(last, asking.scope))
                report(asking.scope.sink, "AC496", asking.filled.place(key), label, remedy=remedy, related=related)
                break

"""Comparisons: a figure between groups of models, by what stands on their cards.

The groups are there before anything is asked, and so is what speaks against them: groups that differ in a second column
of the cards throughout, and groups of so few models that nothing can be tested.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

from auditc.diagnostics import Label, Span
from auditc.ir.plan import Compare, Figure, Model
from auditc.metrics import metrics
from auditc.spec.syntax import Attribute, Expression, Index

from .bodies import fill, form, keys
from .claims import Measured, one_figure
from .compared import warn_of_tokens
from .declarations import Compare as CompareForm
from .mistakes import POISON, Poison, listing, report
from .places import origin
from .resolve import Declaration
from .scope import Scope
from .wants import Want

CARD: Final = ("family", "origin", "stage")
"""The columns of a model's card by which models can be grouped."""

FEWEST_MODELS: Final = 5
"""On each side, with fewer of which nothing is tested (statistics.md 4)."""


def comparison(
    declaration: Declaration, scope: Scope, measured: dict[str, Measured | Poison], models: dict[str, Model]
) -> Compare | Poison:
    """A `compare` block as a stage of the plan."""

    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        return _figure(expression, inner, measured)

    filled = fill(declaration.block, keys(CompareForm), scope, special=special)
    made = form(CompareForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    figure: Figure = made.figure
    block = measured[figure.measure.rpartition(".")[0]]
    assert isinstance(block, Measured)  # a figure of a poisoned block is poison
    if any(name not in models for name in block.axes["model"]):
        return POISON
    groups = _groups(declaration, made.by, {name: models[name] for name in block.axes["model"]}, scope)
    if isinstance(groups, Poison):
        return POISON
    if len(groups) < 2:
        only = f"all are of one {made.by}, {listing(groups)}"
        remedy = f"Ask models of another {made.by} too, or group them by something else."
        return report(scope.sink, "AC383", filled.place("by"), only, remedy=remedy)
    confounded = _confounded(made.by, groups, models)
    _warn(filled.place("by"), made.by, groups, confounded, scope)
    metric = figure.measure.rpartition(".")[2]
    if metrics.take(metric).own_tokens:
        asked = [models[name] for group in groups.values() for name in group]
        warn_of_tokens(figure.measure, asked, filled.place("figure"), scope)
    if not metrics.take(metric).local:
        label = f"`{metric}` of one model changes when another one is added to the block"
        remedy = "Compare something that is the model's own, or say among which models the difference is."
        report(scope.sink, "AC428", filled.place("figure"), label, remedy=remedy)
    if "clustered" not in made.tests:
        label = "values of one model are alike, and are counted as if they were not"
        remedy = f"Write `tests = [{', '.join(('clustered', *made.tests))}]`: the report then shows both."
        report(scope.sink, "AC472", filled.place("tests"), label, remedy=remedy)
    return Compare(
        name=f"compare.{declaration.key}",
        needs=(figure.measure,),
        origin=origin(declaration.name.span),
        compare=declaration.key,
        figure=figure,
        by=made.by,
        groups=groups,
        confounded={f"{left} / {right}": said for (left, right), said in confounded.items()},
        tests=made.tests,
        level=made.level,
    )


def _figure(expression: Expression, scope: Scope, measured: dict[str, Measured | Poison]) -> Figure | Poison:
    """A figure of all models: groups are made of them, so none of them is fixed."""
    found = one_figure(expression, scope, measured)
    if isinstance(found, Poison) or "model" not in found.at:
        return found
    at: Span = expression.span
    if isinstance(expression, Index):
        at = next(a.span for a in expression.arguments if a.name is not None and a.name.text == "model")
    return report(scope.sink, "AC345", at, "groups of models are compared, not one", remedy="Leave `model` out.")


def _groups(
    declaration: Declaration, by: str, models: dict[str, Model], scope: Scope
) -> dict[str, tuple[str, ...]] | Poison:
    """The models by what their cards say, groups in alphabetical order."""
    declared = {d.key: d for d in scope.names.every("model", "train")}
    found: dict[str, list[str]] = {}
    silent = []
    for name, model in models.items():
        found.setdefault(getattr(model, by), []).append(name)
        if not getattr(model, by) or not _says(declared[name], by):
            silent.append(name)
    if silent:
        related = [Label(declared[name].name.span, "its card") for name in silent]
        label = f"the card of {listing(silent)} has no `{by}`"
        remedy = f'Write it: `{by} = "…"`, or leave the model out of the block that is compared.'
        return report(scope.sink, "AC384", declaration.name.span, label, remedy=remedy, related=related)
    return {name: tuple(found[name]) for name in sorted(found)}


def _says(declaration: Declaration, column: str) -> bool:
    """Whether a card has a column of its own accord. What a simulated model has instead is no group of models; a model
    that is trained has the card of the one that it is made of."""
    written = {part.name.text for part in declaration.block.body if isinstance(part, Attribute)}
    return declaration.kind != "model" or column in written


def _confounded(
    by: str, groups: dict[str, tuple[str, ...]], models: dict[str, Model]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """For each pair of groups the other columns in which they differ throughout."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for left, right in combinations(groups, 2):
        both = (groups[left], groups[right])
        said = tuple(
            column for column in CARD if column != by and _apart(column, *(_said(column, g, models) for g in both))
        )
        if said:
            found[left, right] = said
    return found


def _said(column: str, group: tuple[str, ...], models: dict[str, Model]) -> set[str]:
    return {getattr(models[name], column) for name in group}


def _apart(column: str, left: set[str], right: set[str]) -> bool:
    """Whether two groups have nothing of a column in common. Families lie within an origin: there it takes one family
    a side for the two to be the same question."""
    if left & right or "" in left | right:
        return False
    return column != "family" or len(left) == len(right) == 1


def _warn(
    at: Span,
    by: str,
    groups: dict[str, tuple[str, ...]],
    confounded: dict[tuple[str, str], tuple[str, ...]],
    scope: Scope,
) -> None:
    """Warn of what cannot be told apart, and of what is too little to be tested."""
    if confounded:
        (left, right), said = next(iter(confounded.items()))
        columns = listing(dict.fromkeys(column for each in confounded.values() for column in each))
        label = f"`{left}` and `{right}` differ in {listing(said)} too: which of them it is cannot be told apart"
        if len(confounded) > 1:
            label = f"{len(confounded)} pairs of groups differ in {columns} too: {label}"
        remedy = f"Ask models that differ in {by} alone, or compare what the report says of it with this in mind."
        report(scope.sink, "AC470", at, label, remedy=remedy)
    few = [f"`{name}` has {len(group)}" for name, group in groups.items() if len(group) < FEWEST_MODELS]
    if few:
        shown = ", ".join(few[:6]) + (f" and {len(few) - 6} more groups have fewer" if len(few) > 6 else "")
        label = f"{shown}: groups of fewer than {FEWEST_MODELS} models are described, not tested"
        remedy = f"Ask at least {FEWEST_MODELS} models of each {by} for a test."
        report(scope.sink, "AC471", at, label, remedy=remedy)

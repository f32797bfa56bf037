"""Trainings: what is made of which model, on which items and people, and what must then not be used to test it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from auditc.diagnostics import Label, Span
from auditc.ir.plan import Model, Thing, Train
from auditc.ir.values import ItemSet
from auditc.spec.syntax import Attribute, Call, Expression, Word

from .bodies import Filled, fill, form, keys
from .bound import Bound
from .declarations import FromShelf, Keep
from .declarations import Train as TrainForm
from .itemsets import Asked, item_set
from .mistakes import POISON, Poison, close, listing, report
from .places import origin
from .resolve import Declaration, Names
from .scope import Scope
from .splits import PARTS, parts
from .subjects import Taken, by_body
from .wants import Want, called


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """`last`, or the part of the survey on which the loss is lowest."""

    part: str


def trainings(names: Names, scope: Scope, bound: Bound) -> dict[str, Train | Poison]:
    """Every training of the spec; the models that they make are put among the bound ones."""
    open_ones = {declaration.key: declaration for declaration in names.every("train")}
    bases = {key: _base(declaration, scope) for key, declaration in open_ones.items()}
    found: dict[str, Train | Poison] = {}
    while open_ones:
        ready = [key for key in open_ones if bases[key] not in open_ones]
        if not ready:
            break
        for key in ready:
            found[key] = training(open_ones.pop(key), scope, bound)
    for key, declaration in open_ones.items():
        bound.models[key] = found[key] = POISON
        if key in _line(key, bases):
            label = f"`{key}` is trained from what is trained from `{key}`"
            report(scope.sink, "AC380", declaration.name.span, label, remedy="Begin with a model that is there.")
    return found


def _base(declaration: Declaration, scope: Scope) -> str:
    """The model that a training begins with, by its name in the plan; empty where that cannot be told yet."""
    for part in declaration.block.body:
        if isinstance(part, Attribute) and part.name.text == "from" and isinstance(part.value, Word):
            meant = scope.names.declared[declaration.module.name].get(part.value.name.text)
            return meant.key if meant else ""
    return ""


def _line(key: str, bases: dict[str, str]) -> set[str]:
    """All that a training comes from."""
    found: set[str] = set()
    at = bases.get(key, "")
    while at and at not in found:
        found.add(at)
        at = bases.get(at, "")
    return found


def training(declaration: Declaration, outer: Scope, bound: Bound) -> Train | Poison:
    """A `train` block; the model that it makes is bound to its name."""
    scope = outer.within(declaration.module)

    def special(expression: Expression, want: Want, inner: Scope) -> Any:
        if want.mark(ItemSet):
            return item_set(expression, inner, bound.surveys, bound.seed)
        if want.mark(Keep):
            return _keep(expression, inner)
        return by_body(expression, want, want.mark(FromShelf), inner, special)

    bound.models[declaration.key] = POISON
    filled = fill(declaration.block, keys(TrainForm), scope, special=special)
    made = form(TrainForm, filled, scope)
    if isinstance(made, Poison):
        return POISON
    base = bound.models[made.from_]
    objective: Taken = made.objective
    asked: Asked | None = getattr(objective.params, "survey", None)
    if isinstance(base, Poison) or not _trainable(made.from_, base, objective, asked, made, filled, scope):
        return POISON
    kept = made.keep if isinstance(made.keep, _Kept) else _Kept("")
    valid = _valid(kept, asked, filled, scope, bound.seed)
    populations = made.as_ or ()
    if isinstance(valid, Poison) or not _peopled(asked, populations, filled, scope, bound):
        return POISON
    name = f"train.{declaration.key}"
    bound.models[declaration.key] = base.model_copy(
        update={
            "title": made.title or f"{base.title}, trained as `{declaration.key}`",
            "stage": f"{base.stage}, {objective.word}",
            "weights": None,
            "pin": "",
            "trained": name,
        }
    )
    keep: Literal["lowest", "last"] = "lowest" if kept.part else "last"
    adapter = Thing(kind="full") if made.adapter == "full" else _adapter(made.adapter)
    return Train(
        name=name,
        needs=(base.trained,) if base.trained else (),
        origin=origin(declaration.name.span),
        model=declaration.key,
        base=made.from_,
        objective=Thing(kind=objective.word, params=_plain(objective.params)),
        adapter=adapter,
        survey=asked.key if asked else "",
        items=tuple(item.id for item in asked.items) if asked else (),
        valid=valid,
        populations=populations,
        epochs=made.epochs,
        batch=made.batch,
        learning_rate=made.learning_rate,
        decay=made.decay,
        keep=keep,
        seed=bound.seed,
    )


def _adapter(lora: Any) -> Thing:
    return Thing(kind=lora.word, params=lora.model_dump(mode="json"))


def _plain(params: Any) -> dict[str, Any]:
    """An objective's parameters without the items, which the stage itself holds."""
    dumped: dict[str, Any] = params.model_dump(mode="json", by_alias=True, exclude={"survey"})
    return dumped


def _keep(expression: Expression, scope: Scope) -> _Kept | Poison:
    """`last`, or `lowest(valid)`."""
    if isinstance(expression, Word) and expression.name.text == "last":
        return _Kept("")
    if isinstance(expression, Call) and isinstance(expression.of, Word) and expression.of.name.text == "lowest":
        given = [argument.value for argument in expression.arguments if argument.name is None]
        if len(expression.arguments) == 1 and len(given) == 1 and isinstance(given[0], Word):
            part = given[0].name.text
            if part in PARTS:
                return _Kept(part)
            remedy = close(part, PARTS) or f"The parts are {listing(PARTS)}."
            return report(scope.sink, "AC213", given[0].span, f"a split has no part `{part}`", remedy=remedy)
        return report(scope.sink, "AC309", expression.span, "`lowest` takes a part", remedy="Write `lowest(valid)`.")
    label = f"`last` or `lowest(valid)` is expected, and this is {called(expression)}"
    return report(scope.sink, "AC301", expression.span, label, remedy="For example: `keep = lowest(valid)`.")


def _trainable(
    name: str, base: Model, objective: Taken, asked: Asked | None, made: TrainForm, filled: Filled, scope: Scope
) -> bool:
    """Whether there are weights to train, and people to learn from where the objective learns from people."""
    if base.weights is None and not base.trained:
        label = f"`{name}` has no weights: `{base.backend.kind}` answers for it"
        remedy = "Train a model whose weights are named: `weights = …`."
        report(scope.sink, "AC381", filled.place("from"), label, remedy=remedy)
        return False
    if objective.thing.learns == "shares" and not made.as_:
        label = f"`{objective.word}` learns how people answer: of which populations?"
        report(scope.sink, "AC382", filled.owner, label, remedy="Add `as = [my_population]`.")
        return False
    if asked is not None and not asked.checked.survey.people:
        label = f"`{asked.key}` has no reference to learn from"
        report(scope.sink, "AC404", objective.span, label, remedy='Add `reference = csv("shares.csv")` to the survey.')
        return False
    return True


def _valid(kept: _Kept, asked: Asked | None, filled: Filled, scope: Scope, seed: int) -> tuple[str, ...] | Poison:
    """The items that decide which epoch is kept; none of them is one that is learnt."""
    if not kept.part:
        return ()
    split = asked.checked.split if asked else None
    if asked is None:
        label = "the objective learns from no survey"
        return report(scope.sink, "AC385", filled.place("keep"), label, remedy="Write `keep = last`.")
    if split is None:
        label = f"`{asked.key}` is not split"
        remedy = "Give it a split: `split { train = 60%  valid = 20%  test = 20% }`; or write `keep = last`."
        return report(scope.sink, "AC385", filled.place("keep"), label, remedy=remedy)
    part = parts(asked.checked.survey.items, split, seed).get(kept.part, ())
    if not part:
        remedy = f"Give it a share: `split {{ … {kept.part} = 20% }}`."
        return report(scope.sink, "AC385", filled.place("keep"), f"`{kept.part}` has no items", remedy=remedy)
    shared = {item.id for item in part} & {item.id for item in asked.items}
    if shared:
        label = f"{len(shared)} of the items that decide are learnt as well"
        remedy = "Learn one part and decide by another: `survey = values.train`, `keep = lowest(valid)`."
        return report(scope.sink, "AC430", filled.place("keep"), label, remedy=remedy)
    return tuple(item.id for item in part)


def _peopled(asked: Asked | None, populations: tuple[str, ...], filled: Filled, scope: Scope, bound: Bound) -> bool:
    """Whether the reference knows the people whose answers are learnt."""
    good = True
    for index, name in enumerate(populations):
        population = bound.populations[name]
        if isinstance(population, Poison) or asked is None:
            continue
        known = asked.checked.survey.people
        entries = filled.entries("as")
        at = entries[index] if index < len(entries) else filled.place("as")
        if population.country not in known:
            remedy = close(population.country, known) or f"The countries are {listing(sorted(known))}."
            label = f"`{asked.key}` has no people of `{population.country}`"
            report(scope.sink, "AC405", at, label, remedy=remedy)
            good = False
            continue
        lacking = [item.id for item in asked.items if item.id not in known[population.country]]
        if lacking:
            label = f"for `{name}`, {len(lacking)} of {len(asked.items)} items have no overall shares"
            report(scope.sink, "AC406", at, label, remedy=f"Add rows for {listing(lacking)}, or learn other items.")
            good = False
    return good


def leaks(
    trained: dict[str, Train | Poison],
    models: dict[str, Model],
    asked: tuple[str, tuple[str, ...]],
    populations: tuple[str, ...],
    at: tuple[Span, ...],
    scope: Scope,
) -> bool:
    """Report models that are asked, as the very people that they learnt from, the very items that they learnt.

    The same items of other people, and other items of the same people, are what a training is tested by.
    """
    survey, items = asked
    stages = {stage.name: stage for stage in trained.values() if isinstance(stage, Train)}
    clean = True
    for index, model in enumerate(models.values()):
        stage = stages.get(model.trained)
        while stage is not None:
            seen = {*stage.items, *stage.valid} if stage.survey == survey else set()
            both = [item for item in items if item in seen]
            same = [name for name in populations if name in stage.populations]
            if both and same:
                learnt = scope.names.declared.get(stage.origin.file, {}).get(stage.model)
                related = (Label(learnt.name.span, "trained here"),) if learnt else ()
                label = f"{len(both)} of {len(items)} items were used to train it, as {listing(same)}"
                remedy = "Ask another part, `values.test`, or other populations."
                report(scope.sink, "AC430", at[min(index, len(at) - 1)], label, remedy=remedy, related=related)
                clean = False
                break
            base = stage.base
            stage = next((s for s in stages.values() if s.model == base), None)
    return clean

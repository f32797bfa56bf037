"""Trainings: what is made of which model, on which items and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from auditc.backends import backends
from auditc.diagnostics import Label
from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Model, Score, Thing, Train
from auditc.ir.training import ANEW
from auditc.ir.values import ItemSet
from auditc.methods import methods
from auditc.spec.syntax import Attribute, Call, Expression, Word

from .after_training import warn_of_alike
from .bodies import Filled, fill, form, keys
from .bound import Bound
from .declarations import FromShelf, Keep
from .declarations import Train as TrainForm
from .doubtful import doubtful
from .itemsets import Asked, item_set
from .learning import goes_together, has_modules, teaches
from .lineage import Lineage, Question, asks, trained_here
from .mistakes import POISON, Poison, close, listing, report
from .places import origin
from .prompts import suits
from .resolve import Declaration, Names
from .scope import Scope
from .sound import Asking, covered, spoken
from .splits import PARTS, parts
from .subjects import Taken, by_body
from .wants import Want, called


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """`last`, or the part of the survey on which the loss is lowest."""

    part: str


def trainings(names: Names, scope: Scope, bound: Bound) -> Lineage:
    """Every training of the spec; the models that they make are put among the bound ones."""
    open_ones = {declaration.key: declaration for declaration in names.every("train")}
    bases = {key: _base(declaration, scope) for key, declaration in open_ones.items()}
    lineage = Lineage(bound)
    while open_ones:
        ready = [key for key in open_ones if bases[key] not in open_ones]
        if not ready:
            break
        for key in ready:
            lineage.made[key] = training(open_ones.pop(key), scope, lineage)
    for key in open_ones:
        bound.models[key] = lineage.made[key] = POISON
    told: set[str] = set()
    for key, declaration in open_ones.items():
        circle = _line(key, bases)
        if key in circle and key not in told:
            told |= circle
            others = [other for other in open_ones if other in circle and other != key]
            related = tuple(Label(open_ones[other].name.span, "in the circle") for other in others)
            label = f"`{key}` is trained from what is trained from `{key}`"
            remedy = "Begin with a model that is there."
            report(scope.sink, "AC380", declaration.name.span, label, remedy=remedy, related=related)
    return lineage


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


def training(declaration: Declaration, outer: Scope, lineage: Lineage) -> Train | Poison:
    """A `train` block; the model that it makes is bound to its name."""
    bound = lineage.bound
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
    good = all(
        [
            goes_together(objective, made, filled, scope),
            teaches(objective, filled, scope),
            not isinstance(base, Poison) and has_modules(made.from_, made, filled, scope, lineage),
        ]
    )
    if isinstance(base, Poison) or not _trainable(made.from_, base, objective, asked, made, filled, scope) or not good:
        return POISON
    kept = made.keep if isinstance(made.keep, _Kept) else _Kept("")
    valid = _valid(kept, asked, made, filled, scope, lineage)
    if isinstance(valid, Poison) or not _peopled(asked, valid, made, filled, scope, bound):
        return POISON
    asks = _asks(asked, valid, made, declaration, base, objective, Asking(scope, filled, bound))
    if isinstance(asks, Poison):
        return POISON
    doubtful(objective, asked, made, filled, scope)
    name = f"train.{declaration.key}"
    bound.models[declaration.key] = base.model_copy(
        update={
            "title": made.title or f"{base.title}, trained as `{declaration.key}`",
            "stage": f"{base.stage}, {objective.word}",
            "quantisation": _stored(base, made, lineage),
            "weights": None,
            "pin": "",
            "adapter": None,
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
        populations=made.as_ or (),
        epochs=made.epochs,
        batch=made.batch,
        learning_rate=made.learning_rate,
        decay=made.decay,
        weight_decay=made.weight_decay,
        precision=made.precision,
        gradient_checkpointing=made.gradient_checkpointing,
        patience=made.patience,
        asks=asks,
        keep=keep,
        seed=bound.seed if made.seed is None else made.seed,
    )


def _stored(base: Model, made: TrainForm, lineage: Lineage) -> str:
    """What the numbers are that a training writes. An adapter stands beside weights that stay as they are; where all
    weights are trained, or an adapter that is there already is added to them, they are written anew."""
    if not base.quantisation or base.quantisation.startswith(ANEW):
        return base.quantisation
    anew = made.adapter == "full" or base.adapter is not None or any(True for _ in lineage.of(made.from_))
    return f"{ANEW}{base.quantisation}" if anew else base.quantisation


def _asks(
    asked: Asked | None,
    valid: tuple[str, ...],
    made: TrainForm,
    declaration: Declaration,
    base: Model,
    objective: Taken,
    asking: Asking,
) -> Score | Poison | None:
    """In which words the items are learnt: in those in which `first_token` asks them, whose figures a training is to
    move; with the persona of the training, where it has one."""
    if asked is None:
        return None
    bound, method = asking.bound, methods.take("first_token")
    people = {name: found for name in made.as_ or () if not isinstance(found := bound.populations[name], Poison)}
    persona = bound.personas[made.persona] if made.persona else None
    if isinstance(persona, Poison):
        return POISON
    learnt = {*(item.id for item in asked.items), *valid}
    use = SurveyUse(
        name=f"train.{declaration.key}",
        method="first_token",
        params=method.params.model_validate({"orders": getattr(objective.params, "orders", 1), "in_words": 0.0}),
        models={declaration.key: base},
        populations=people,
        persona=persona.persona if persona else None,
        metrics=(),
        seed=bound.seed,
        origin=origin(declaration.name.span),
        survey_name=asked.key,
        survey=asked.checked.survey,
        items=tuple(item.id for item in asked.checked.survey.items if item.id in learnt),
    )
    good = spoken(use, asked, method, asking)
    if persona:
        tongues = {population.language for population in people.values()}
        at = asking.filled.place("persona")
        good = suits(persona, "first_token", method.variables, tongues, set(), at, asking.scope) and good
    if not good:
        return POISON
    (stage,) = method.stages(use)
    assert isinstance(stage, Score)
    return stage


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
    able = [kind for kind in backends.names() if backends.take(kind).trainee is not None]
    if able and base.backend.kind not in able:
        label = f"`{base.backend.kind}`, which runs `{name}`, trains no weights"
        remedy = f"Name the same weights with a backend that does: {listing(able)}."
        report(scope.sink, "AC381", filled.place("from"), label, remedy=remedy)
        return False
    if objective.thing.learns(objective.params) == "shares" and not made.as_:
        label = f"`{objective.word}` learns how people answer: of which populations?"
        report(scope.sink, "AC382", filled.owner, label, remedy="Add `as = [my_population]`.")
        return False
    if asked is not None and not asked.checked.survey.people:
        label = f"`{asked.key}` has no reference to learn from"
        report(scope.sink, "AC404", objective.span, label, remedy='Add `reference = csv("shares.csv")` to the survey.')
        return False
    return True


def _valid(
    kept: _Kept, asked: Asked | None, made: TrainForm, filled: Filled, scope: Scope, lineage: Lineage
) -> tuple[str, ...] | Poison:
    """The items that decide which epoch is kept; none of them is one that is learnt, here or by what it begins with."""
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
    part = parts(asked.checked.survey.items, split, lineage.bound.seed, asked.checked.assigned).get(kept.part, ())
    if not part:
        remedy = f"Give it a share, `split {{ … {kept.part} = 20% }}`, or write the word into the split's column."
        return report(scope.sink, "AC385", filled.place("keep"), f"`{kept.part}` has no items", remedy=remedy)
    learnt = frozenset[Question]().union(*map(asks, asked.items))
    shared = [item for item in part if asks(item) & learnt]
    if shared:
        label = f"{len(shared)} of the items that decide are learnt as well"
        remedy = "Learn one part and decide by another: `survey = values.train`, `keep = lowest(valid)`."
        return report(scope.sink, "AC430", filled.place("keep"), label, remedy=remedy)
    for stage in lineage.of(made.from_):
        shared = lineage.among(part, stage, stage.items)
        if shared and lineage.same(made.as_ or (), stage, asked.checked.survey):
            label = f"{len(shared)} of the items that decide were learnt by `{stage.model}`, which it begins with"
            remedy = "Decide by items that nothing before it learnt; or write `keep = last`."
            related = trained_here(stage, scope)
            return report(scope.sink, "AC430", filled.place("keep"), label, remedy=remedy, related=related)
    warn_of_alike(part, asked.items, split, filled.place("keep"), scope)
    return tuple(item.id for item in part)


def _peopled(
    asked: Asked | None, valid: tuple[str, ...], made: TrainForm, filled: Filled, scope: Scope, bound: Bound
) -> bool:
    """Whether the reference knows the people whose answers are learnt, and decide."""
    if asked is None:
        return True
    entries = filled.entries("as")
    wanted = [
        (name, population.country, entries[index] if index < len(entries) else filled.place("as"))
        for index, name in enumerate(made.as_ or ())
        if not isinstance(population := bound.populations[name], Poison)
    ]
    ids = dict.fromkeys((*(item.id for item in asked.items), *valid))
    return covered(asked.key, asked.checked.survey.people, list(ids), wanted, scope)

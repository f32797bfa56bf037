"""A `test` block: which simulated models stand in for the audited ones, and how the claims must come out then.

    test people_pass {
      says = "Models that answer like people bear the claim out"
      given { gemma3 = simulated { tilt = 1 } }
      expect { fidelity = holds   sensitivity = [fails, undecided] }
      expect gemma3 { fidelity = holds }
    }

`given = simulated { … }` is for every model. A model of which nothing is said answers like people. `expect NAME` is
about those parts of a claim that concern one model or one population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from auditc.diagnostics import Label, Span
from auditc.ir.audit import Claim, MethodUse
from auditc.ir.finding import Verdict
from auditc.ir.plan import Model, Survey
from auditc.ir.trial import Expectation, Trial
from auditc.spec.syntax import Attribute, Block, Expression, Name, Word

from .bodies import fill, form, head, keys
from .bound import Bound
from .claims import figures
from .declarations import Test as TestForm
from .expressions import value
from .mistakes import POISON, Poison, close, listing, report
from .places import origin
from .questions import Question
from .resolve import Declaration
from .scope import Scope
from .standins import Asked, asked_models, stand_in
from .wants import wants

_VERDICTS = wants(Verdict | tuple[Verdict, ...])
_AXES: tuple[Literal["model", "population"], ...] = ("model", "population")


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What tests can be about: the spec's blocks once they have been checked. `whole` unless some are poison."""

    scope: Scope
    bound: Bound
    uses: tuple[MethodUse, ...]
    claims: Mapping[str, Claim | Poison]
    asked: dict[str, Asked]
    whole: bool


def trials(
    scope: Scope, bound: Bound, questions: Mapping[str, Question | Poison], claims: Mapping[str, Claim | Poison]
) -> tuple[Trial, ...]:
    """All tests of the spec that make sense, in the order written; the others' mistakes have been reported."""
    uses = tuple(question.use for question in questions.values() if not isinstance(question, Poison))
    whole = len(uses) == len(questions) and not scope.names.poisoned
    tried = Tried(scope, bound, uses, claims, asked_models(uses), whole)
    found = [_trial(declaration, tried) for declaration in scope.names.every("test")]
    return tuple(trial for trial in found if not isinstance(trial, Poison))


def _trial(declaration: Declaration, tried: Tried) -> Trial | Poison:
    block, scope = declaration.block, tried.scope
    mine = [part for part in block.body if isinstance(part, Block) and part.kind.text in ("given", "expect")]
    rest = replace(block, body=tuple(part for part in block.body if part not in mine))
    made: list[tuple[Expression | None, Span]] = []

    def special(expression: Expression, *_: object) -> Expression:
        made.append((expression, expression.span))
        return expression

    checked = form(TestForm, fill(rest, keys(TestForm), scope, special=special, inner=("expect",)), scope)
    models = _given([part for part in mine if part.kind.text == "given"], made, head(block), tried)
    expects = _expected([part for part in mine if part.kind.text == "expect"], block, tried)
    if isinstance(checked, Poison) or isinstance(models, Poison) or isinstance(expects, Poison):
        return POISON
    together = {
        asked.name: _together(asked)
        for name, asked in tried.asked.items()
        if models[name].like == asked.name and asked.name not in asked.surveys
    }
    return Trial(declaration.key, checked.says, models, together, expects, origin(declaration.name.span))


def _together(asked: Asked) -> Survey:
    """What people said to all surveys of a model, and no items: it is there to be answered from."""
    return Survey(items=(), people=asked.people() or {}, digests={})


def _given(
    blocks: list[Block], every: list[tuple[Expression | None, Span]], at: Span, tried: Tried
) -> dict[str, Model] | Poison:
    """The stand-in of each model that is asked."""
    scope = tried.scope
    written: dict[str, tuple[Expression | None, Span]] = {}
    good = True
    for place in (*(block.kind.span for block in blocks[1:]), *(span for _, span in every if blocks)):
        related = (Label(blocks[0].kind.span, "here first"),)
        report(scope.sink, "AC206", place, "`given` is there already", related=related)
        good = False
    for block in blocks[:1]:
        if block.label is not None:
            report(scope.sink, "AC211", block.label.span, remedy="Write `given { model = simulated { … } }`.")
            good = False
    for part in blocks[0].body if blocks else ():
        if isinstance(part, Block):
            remedy = f"Write `{part.kind.text} = simulated {{ }}`."
            report(scope.sink, "AC212", part.kind.span, "a stand-in is an attribute", remedy=remedy)
            good = False
            continue
        name = _model(part.name, tried)
        if isinstance(name, Poison):
            good = False
        elif name in written:
            label = f"`{part.name.text}` has a stand-in already"
            report(scope.sink, "AC206", part.name.span, label, related=(Label(written[name][1], "here first"),))
            good = False
        else:
            written[name] = (part.value, part.name.span)
    fallback = every[0] if every else (None, at)
    models = {}
    for name, asked in tried.asked.items():
        made = stand_in(*written.get(name, fallback), asked, scope, tried.bound)
        if isinstance(made, Poison):
            good = False
            if name not in written:
                break  # What is wrong with the one for all is wrong with each.
        else:
            models[name] = made
    return models if good else POISON


def _named(word: str, names: Iterable[str]) -> list[str]:
    """Names in the plan that a word may mean: its own, or those of imported blocks without their alias."""
    there = list(names)
    return [word] if word in there else [name for name in there if name.rpartition(".")[2] == word]


def _model(name: Name, tried: Tried) -> str | Poison:
    """The model that a key of `given` stands for, by its name in the plan."""
    found = _named(name.text, tried.asked)
    if len(found) == 1:
        return found[0]
    sink, span = tried.scope.sink, name.span
    if found:
        label = f"`{name.text}` may be {listing(found)}"
        return report(sink, "AC208", span, label, remedy="Give the models different names in their files.")
    hint = close(name.text, [known.rpartition(".")[2] for known in tried.asked])
    declared = tried.scope.names.declared[tried.scope.module.name]
    if name.text not in declared and hint:
        return report(sink, "AC208", span, f"no model is called `{name.text}`", remedy=hint)
    meant = tried.scope.names.refer(tried.scope.module, Word(name, span), "model")
    if isinstance(meant, Poison) or not tried.whole:
        return POISON
    return report(sink, "AC352", span, f"no block asks `{name.text}`", remedy="Leave it out, or ask it.")


def _expected(blocks: list[Block], owner: Block, tried: Tried) -> tuple[Expectation, ...] | Poison:
    """Everything that a test expects."""
    sink = tried.scope.sink
    found: list[Expectation] = []
    first: dict[str, Span] = {}
    good = True
    for block in blocks:
        of = _whom(block, tried)
        for part in block.body:
            expectation = POISON if isinstance(of, Poison) else _expectation(part, of, tried)
            if isinstance(expectation, Poison):
                good = False
            elif expectation.name in first:
                related = (Label(first[expectation.name], "here first"),)
                report(sink, "AC206", part.span, f"`{expectation.name}` is expected already", related=related)
                good = False
            else:
                first[expectation.name] = part.span
                found.append(expectation)
    if good and not found and not any(isinstance(p, Attribute) and p.name.text == "expect" for p in owner.body):
        claims = [d.name.text for d in tried.scope.names.every("claim")]
        example = f"expect {{ {claims[0] if claims else 'my_claim'} = holds }}"
        report(sink, "AC350", head(owner), "whatever comes out, it passes", remedy=f"Add `{example}`.")
        return POISON
    return tuple(found) if good else POISON


def _whom(block: Block, tried: Tried) -> tuple[Literal["", "model", "population"], str] | Poison:
    """The model or population that an `expect` block is about; neither for one without a name."""
    label = block.label
    if label is None:
        return "", ""
    populations = {name for use in tried.uses for name in use.populations}
    if isinstance(label, Name):
        for axis, names in zip(_AXES, (tried.asked, sorted(populations)), strict=True):
            found = _named(label.text, names)
            if len(found) == 1:
                return axis, found[0]
    if not tried.whole:
        return POISON
    known = [name.rpartition(".")[2] for name in (*tried.asked, *sorted(populations))]
    word = label.text if isinstance(label, Name) else label.span.text
    remedy = close(word, known) or f"What is asked, and as whom: {listing(known)}."
    return report(
        tried.scope.sink, "AC208", label.span, "a model or a population that is asked stands here", remedy=remedy
    )


def _expectation(
    part: Attribute | Block, of: tuple[Literal["", "model", "population"], str], tried: Tried
) -> Expectation | Poison:
    scope = tried.scope
    if isinstance(part, Block):
        remedy = f"Write `{part.kind.text} = holds`."
        return report(scope.sink, "AC212", part.kind.span, "a claim and its verdict stand here", remedy=remedy)
    declared = scope.names.refer(scope.module, Word(part.name, part.name.span), "claim")
    said = value(part.value, _VERDICTS, scope)
    if said == ():
        remedy = f"The verdicts are {listing(get_args(Verdict))}."
        report(scope.sink, "AC307", part.value.span, "there is at least one verdict in the list", remedy=remedy)
    if isinstance(declared, Poison) or said is POISON or said == ():
        return POISON
    verdicts: tuple[Verdict, ...] = said if isinstance(said, tuple) else (said,)
    if set(verdicts) == set(get_args(Verdict)):
        label = "a claim has no other verdict"
        report(scope.sink, "AC431", part.value.span, label, remedy="Leave one out, or the whole line.")
    claim = tried.claims[declared.key]
    axis, whom = of
    if isinstance(claim, Poison):
        return POISON
    if axis and not _is_about(claim, axis, whom, tried):
        word = whom.rpartition(".")[2]
        label = f"`{claim.name}` has no verdict of its own on `{word}`"
        remedy = f"Expect it of the claim as a whole, `expect {{ {claim.name} = … }}`, or state it for `each` {axis}."
        return report(scope.sink, "AC355", part.name.span, label, remedy=remedy)
    return Expectation(claim.name, verdicts, axis, whom, origin(part.name.span))


def _is_about(claim: Claim, axis: str, whom: str, tried: Tried) -> bool:
    """Whether a claim has parts that concern a model or a population."""
    if axis not in claim.holds.each:
        return False
    blocks = {figure.measure.rpartition(".")[0] for figure in figures(claim.holds)}
    uses = [use for use in tried.uses if use.name in blocks]
    return any(whom in (use.models if axis == "model" else use.populations) for use in uses)
